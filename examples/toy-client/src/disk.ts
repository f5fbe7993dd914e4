import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { folderOf, inFolder, isName } from "./names.ts";
import { ownFolder, saveState, type State, syncPath } from "./state.ts";

/** What stands on the disk is not what was seen there: nothing was done, and the next look decides. */
export class Stale extends Error {}

/** A file or folder as the last look saw it. */
export type Local = Readonly<
  Record<"path" | "print" | "who" | "sha256", string> & { kind: "file" | "folder"; mtime: Date }
>;

/** What was written less than so long ago may be written again with the same fingerprint. */
export const racyMs = 1000;
/** Of what was read before, by fingerprint. */
const hashes = new Map<string, string>();

/** The hashes of a file's blocks, of which these are the sizes; undefined: it has another size than all of them. */
export function hashBlocks(path: string, sizes: readonly number[]): string[] | undefined {
  const file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    if (fs.fstatSync(file).size !== sizes.reduce((sum, size) => sum + size, 0)) return undefined;
    return sizes.map((size) => {
      const block = Buffer.alloc(size);
      for (let got = 0, read = 1; got < size && read > 0; got += read)
        read = fs.readSync(file, block, got, size - got, null);
      return createHash("sha256").update(block).digest("hex");
    });
  } finally {
    fs.closeSync(file);
  }
}

/** The folder. Nothing in it is ever overwritten or unlinked, and nothing touched that was not just seen. */
export class Disk {
  readonly #folder: string;
  readonly #state: State;

  constructor(folder: string, state: State) {
    this.#folder = folder;
    this.#state = state;
  }

  readonly at = (path: string): string => join(this.#folder, path);
  readonly isFree = (path: string): boolean => fs.lstatSync(this.at(path), { throwIfNoEntry: false }) === undefined;

  /** All that is there, folders before what is in them. @throws if anything cannot be read: nothing may be taken for deleted */
  look(hidden: (path: string) => unknown): Local[] {
    const known = new Map(Object.values(this.#state.base).map(({ print, sha256 }) => [print, sha256]));
    const found: Local[] = [];
    const visit = (folder: string): void => {
      for (const name of fs.readdirSync(this.at(folder)).toSorted()) {
        const path = inFolder(folder, name);
        if (name === ownFolder) continue;
        const local = isName(name) ? this.see(path, known) : undefined;
        if (local === undefined) hidden(path);
        else found.push(local);
        if (local?.kind === "folder") visit(path);
      }
    };
    visit("");
    return found;
  }

  /** Undefined: neither a file nor a folder. A fingerprint that a further write may leave as it is is not believed later. */
  see(path: string, known: ReadonlyMap<string, string> = hashes): Local | undefined {
    const stat = fs.lstatSync(this.at(path), { bigint: true });
    if (!stat.isFile() && !stat.isDirectory()) return undefined;
    const kind = stat.isFile() ? "file" : "folder";
    const who = `${kind} ${stat.dev} ${stat.ino} ${stat.birthtimeNs}`;
    const print = kind === "folder" ? who : `${who} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    const local = { path, kind, who, print, sha256: "", mtime: stat.mtime } as const;
    if (kind === "folder") return local;
    const sha256 = known.get(print) ?? hashes.get(print);
    if (sha256 !== undefined) return { ...local, sha256 };
    const isSettled = Date.now() - Number(stat.mtimeMs > stat.ctimeMs ? stat.mtimeMs : stat.ctimeMs) > racyMs;
    const [read] = hashBlocks(this.at(path), [Number(stat.size)]) ?? [];
    this.recheck(local);
    if (read === undefined) throw new Stale(path);
    if (isSettled) hashes.set(print, read);
    return { ...local, sha256: read };
  }

  /** @throws Stale unless it is what was seen, in folders that are no links */
  recheck({ path, print }: Pick<Local, "path" | "print">): void {
    for (let above = folderOf(path); above !== ""; above = folderOf(above)) {
      if (!fs.lstatSync(this.at(above)).isDirectory()) throw new Stale(above);
    }
    const stat = fs.lstatSync(this.at(path), { bigint: true });
    const times = stat.isFile() ? ` ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}` : "";
    if (!print.endsWith(` ${stat.dev} ${stat.ino} ${stat.birthtimeNs}${times}`)) throw new Stale(path);
  }

  makeFolder(path: string): void {
    fs.mkdirSync(this.at(path));
    syncPath(dirname(this.at(path)));
  }

  /** A file of our own, with these bytes; they are on the disk afterwards. */
  keep(bytes: Uint8Array, mtime: Date): string {
    const file = this.#own("tmp", "new");
    fs.writeFileSync(file, bytes);
    fs.utimesSync(file, mtime, mtime);
    syncPath(file);
    return file;
  }

  /** Gives a file of ours a name, and never that of something else. */
  place(file: string, path: string): void {
    fs.linkSync(file, this.at(path));
    fs.unlinkSync(file);
    syncPath(dirname(this.at(path)));
  }

  /** To a free name. Of a file both names stand for a moment, so that nothing is replaced; a folder replaces an empty one at most. */
  move(from: Local, to: string): void {
    this.recheck(from);
    if (!this.isFree(to)) throw new Stale(to);
    if (from.kind === "folder") fs.renameSync(this.at(from.path), this.at(to));
    else this.place(this.at(from.path), to);
    for (const path of [from.path, to]) syncPath(dirname(this.at(path)));
  }

  /** To the local trash; a folder only if it is empty. A record says where it belongs until the successor stands there: a death in between is no deletion. */
  takeAway(local: Local, successor?: string): void {
    this.recheck(local);
    if (local.kind === "folder") return fs.rmdirSync(this.at(local.path));
    const name = local.path.replaceAll("/", "_").slice(-60);
    const at = this.#own(join("trash", new Date().toISOString().slice(0, 10)), name);
    this.#state.aside.push({ at, path: local.path });
    saveState(this.#folder, this.#state);
    fs.renameSync(this.at(local.path), at);
    // Whoever wrote between the look and now gets it back.
    if (hashBlocks(at, [fs.statSync(at).size])?.[0] !== local.sha256) return this.#giveBack(at, local.path);
    if (successor !== undefined) this.place(successor, local.path);
    syncPath(dirname(this.at(local.path)));
    this.#state.aside = [];
  }

  /** What an earlier run took aside goes back where nothing has come in its place; else it stays in the local trash. */
  recover(): void {
    for (const { at, path } of this.#state.aside) {
      if (fs.existsSync(at) && this.isFree(path) && fs.existsSync(dirname(this.at(path))))
        fs.renameSync(at, this.at(path));
    }
    this.#state.aside = [];
  }

  #giveBack(at: string, path: string): never {
    fs.renameSync(at, this.at(this.isFree(path) ? path : `${path} (recovered ${Date.now()})`));
    this.#state.aside = [];
    throw new Stale(path);
  }

  /** A path in our own folder that nothing has. */
  #own(folder: string, name: string): string {
    const place = join(this.#folder, ownFolder, folder);
    fs.mkdirSync(place, { recursive: true });
    return join(place, `${name}.${randomUUID()}`);
  }
}
