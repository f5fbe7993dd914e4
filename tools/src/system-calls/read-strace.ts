import { join } from "node:path";
import type { FileCall, FileDeed } from "./file-call.ts";

/** Calls traced by strace: all that change files, make them durable, or send output. */
export const tracedCalls = (
  "open openat openat2 creat mkdir mkdirat symlink symlinkat link linkat unlink unlinkat rmdir rename renameat renameat2 " +
  "write writev pwrite64 pwritev pwritev2 ftruncate fallocate copy_file_range sendfile ioctl sendto sendmsg " +
  "chmod fchmod fchmodat chown fchown fchownat utimensat fsync fdatasync syncfs sync"
).split(" ");

/** Reads the output of `strace -f -y`, in the order in which calls ended, without failed ones. */
export function readStrace(text: string): FileCall[] {
  const calls: FileCall[] = [];
  const unfinished = new Map<string, { readonly head: string; readonly beganAt: number }>();
  const descriptors = new Map<string, string>();
  for (const [endedAt, line] of text.split("\n").entries()) {
    const [, process = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (rest.endsWith(" <unfinished ...>")) {
      unfinished.set(process, { head: rest.slice(0, -" <unfinished ...>".length), beganAt: endedAt });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const begun = resumed === null ? undefined : unfinished.get(process);
    const whole = begun === undefined ? rest : `${begun.head}${resumed?.[1] ?? ""}`;
    const deed = readCall(whole, descriptors);
    if (deed !== undefined) calls.push({ ...deed, beganAt: begun?.beganAt ?? endedAt, endedAt });
  }
  return calls;
}

type Deed = Pick<FileCall, "what" | "path" | "to">;

function readCall(line: string, descriptors: Map<string, string>): Deed | undefined {
  const [, name = "", args = "", result = ""] = /^(\w+)\((.*)\) += (-?\d+.*)$/.exec(line) ?? [];
  if (name === "" || result.startsWith("-")) return undefined;
  const opened = /^(\d+)<(.*?)>/.exec(result);
  if (opened !== null) descriptors.set(opened[1] ?? "", unescape(opened[2] ?? ""));
  const places = (): string[] => placesIn(args, descriptors);
  const [first = ""] = /^\d+<(?:[^>\\]|\\.)*>/.exec(args) ?? [];
  const file = unescape(first.slice(first.indexOf("<") + 1, -1));
  const of = (what: FileDeed, path: string | undefined, to?: string): Deed | undefined =>
    path?.startsWith("/") === true && !args.includes(">(deleted)") ? { what, path, to } : undefined;
  switch (name) {
    case "open":
    case "openat":
    case "openat2":
    case "creat":
      if (!/O_CREAT|O_TRUNC/.test(args) && name !== "creat") return undefined;
      // strace shows the descriptor's path without links.
      return of(args.includes("O_EXCL") ? "make" : "open", unescape(opened?.[2] ?? ""));
    case "mkdir":
    case "mkdirat":
      return of("make", places()[0]);
    case "symlink":
    case "symlinkat":
      return of("make", places().at(-1));
    case "link":
    case "linkat":
      return of("link", places()[0], places()[1]);
    case "unlink":
    case "unlinkat":
    case "rmdir":
      return of("remove", places()[0]);
    case "rename":
    case "renameat":
    case "renameat2":
      return of(args.includes("RENAME_EXCHANGE") ? "exchange" : "rename", places()[0], places()[1]);
    case "write":
    case "writev":
    case "sendto":
    case "sendmsg":
    case "pwrite64":
    case "pwritev":
    case "pwritev2":
      return isFile(file) ? of("write", file) : said(args);
    case "ftruncate":
    case "fallocate":
    case "sendfile":
      return of("write", file);
    case "copy_file_range":
      return of("write", unescape([...args.matchAll(/\d+<(.*?)>/g)][1]?.[1] ?? ""));
    case "ioctl":
      return args.includes("FICLONE") ? of("write", file) : undefined;
    case "fchmod":
    case "fchown":
      return of("attributes", file);
    case "utimensat":
    case "chmod":
    case "chown":
    case "fchmodat":
    case "fchownat":
      return of("attributes", places()[0] ?? file);
    case "fsync":
      return of("sync", file);
    case "fdatasync":
      return of("datasync", file);
    case "syncfs":
    case "sync":
      return { what: "syncAll", path: "" };
    default:
      return undefined;
  }
}

/** Excludes pipes and sockets, named like `pipe:[7]`, and devices in /dev, but not in-memory test files there. */
function isFile(path: string): boolean {
  return path.startsWith("/") && (!path.startsWith("/dev/") || path.startsWith("/dev/shm/"));
}

function said(args: string): Deed | undefined {
  const [, text] = /"((?:[^"\\]|\\.)*)"/.exec(args) ?? [];
  return text === undefined ? undefined : { what: "say", path: unescape(text) };
}

/** Returns the names in a call: each a text after the folder (`AT_FDCWD</home>`, `7</home>`) to which it is relative. */
function placesIn(args: string, descriptors: ReadonlyMap<string, string>): string[] {
  const places: string[] = [];
  let folder = "";
  for (const [, open, text] of args.matchAll(/(?:AT_FDCWD|\d+)<((?:[^>\\]|\\.)*)>|"((?:[^"\\]|\\.)*)"/g)) {
    if (open !== undefined) folder = unescape(open);
    else if (text !== undefined) places.push(placeOf(folder, unescape(text), descriptors));
  }
  return places;
}

function placeOf(folder: string, name: string, descriptors: ReadonlyMap<string, string>): string {
  const own = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(name);
  if (own !== null) return `${descriptors.get(own[1] ?? "") ?? ""}${own[2] ?? ""}`;
  return name.startsWith("/") ? name : join(folder, name);
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", v: "\v", f: "\f" };

/** Decodes C escapes, which strace uses for non-printable bytes. */
function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = text.replaceAll(/\\([0-7]{1,3}|.)/g, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCodePoint(Number.parseInt(code, 8)) : (escapes[code] ?? code),
  );
  return Buffer.from(bytes, "latin1").toString();
}
