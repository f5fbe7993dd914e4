/**
 * Loaded before a program if strace cannot trace (`node --import`). Writes each of Node's calls that changes files or
 * makes changes durable as a JSON line to the file HOLDFAST_SPIED_CALLS: at its start and at its successful end.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve } from "node:path";
import type { FileDeed } from "./file-call.ts";

type Call = (...values: unknown[]) => unknown;
type Deed = readonly [what: FileDeed, path: string, to?: string];

const { openSync, readlinkSync, writeSync, realpathSync } = fs;
const output = openSync(process.env["HOLDFAST_SPIED_CALLS"] ?? "", "a");
let lastId = 0;

const ofDescriptor = (what: FileDeed) => (descriptor: unknown) =>
  [[what, readlinkSync(`/proc/self/fd/${Number(descriptor)}`)]] as Deed[];
const ofName = (what: FileDeed) => (path: unknown) => [[what, placeOf(path)]] as Deed[];
const ofNames = (what: FileDeed) => (from: unknown, to: unknown) => [[what, placeOf(from), placeOf(to)]] as Deed[];

/** By plain names; each has a callback form, a blocking form and usually a promise form. */
const spied: Readonly<Record<string, (...values: unknown[]) => readonly Deed[]>> = {
  open: (path, flags) => (makesFile(flags) ? [["open", placeOf(path)]] : []),
  write: (descriptor, content) => {
    const [[, path] = ["write", ""]] = ofDescriptor("write")(descriptor);
    return path.startsWith("/") ? [["write", path]] : [["say", String(content)]];
  },
  writev: ofDescriptor("write"),
  ftruncate: ofDescriptor("write"),
  fsync: ofDescriptor("sync"),
  fdatasync: ofDescriptor("datasync"),
  fchmod: ofDescriptor("attributes"),
  fchown: ofDescriptor("attributes"),
  futimes: ofDescriptor("attributes"),
  copyFile: (_from, path) => [...ofName("open")(path), ...ofName("write")(path)],
  rename: ofNames("rename"),
  link: ofNames("link"),
  symlink: (_target, path) => ofName("make")(path),
  mkdir: ofName("make"),
  unlink: ofName("remove"),
  rmdir: ofName("remove"),
};

/** Method of an open file -> plain name. */
const handleMethods = {
  write: "write",
  writev: "writev",
  truncate: "ftruncate",
  sync: "fsync",
  datasync: "fdatasync",
  chmod: "fchmod",
  chown: "fchown",
  utimes: "futimes",
};

const owner = fs as unknown as Record<string, Call>;
const promises = fs.promises as unknown as Record<string, Call>;
const probe = await fs.promises.open(process.execPath);
const handle = Object.getPrototypeOf(probe) as Record<string, Call>;
await probe.close();
for (const [name, deedsOf] of Object.entries(spied)) {
  wrap(owner, `${name}Sync`, deedsOf);
  wrap(owner, name, deedsOf);
  wrap(promises, name, deedsOf);
}
for (const [method, name] of Object.entries(handleMethods)) {
  wrap(handle, method, function (this: { readonly fd: number }, ...values) {
    return spied[name]?.(this.fd, ...values) ?? [];
  });
}
syncBuiltinESMExports();

function wrap(target: Record<string, Call>, name: string, deedsOf: (...values: unknown[]) => readonly Deed[]): void {
  const original = target[name];
  if (original === undefined) return;
  target[name] = function (this: unknown, ...values: unknown[]) {
    const end = begin(deedsOf.apply(this, values));
    const callback = values.at(-1);
    if (typeof callback === "function") {
      const heard = callback as Call;
      values[values.length - 1] = (error: unknown, ...results: unknown[]) => {
        if (error === null || error === undefined) end();
        return heard(error, ...results);
      };
    }
    const result = original.apply(this, values);
    if (result instanceof Promise) return result.then((value: unknown) => (end(), value));
    if (typeof callback !== "function") end();
    return result;
  };
}

function begin(deeds: readonly Deed[]): () => void {
  const id = `${process.pid}.${Math.random()}.${(lastId += 1)}`;
  const note = (state: "began" | "ended") => {
    if (deeds.length > 0) writeSync(output, `${JSON.stringify({ id, state, deeds })}\n`);
  };
  note("began");
  return () => note("ended");
}

function makesFile(flags: unknown): boolean {
  if (typeof flags === "number") return (flags & (fs.constants.O_CREAT | fs.constants.O_TRUNC)) !== 0;
  return typeof flags === "string" && /[wa]/.test(flags);
}

/** Resolves links except in the last name. */
function placeOf(path: unknown): string {
  const whole = resolve(String(path));
  const slash = whole.lastIndexOf("/");
  return join(realpathSync(whole.slice(0, slash) || "/"), whole.slice(slash + 1));
}
