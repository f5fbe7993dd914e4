import { createHash, randomUUID } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { folderOf, inFolder, isName } from "./names.ts";
import { ownFolder, saveState, type State, syncPath } from "./state.ts";

/** The disk differs from the last scan. Nothing was changed, and the next scan decides. */
export class Stale extends Error {}

/** State of a file or folder in the last scan. */
export type Local = Readonly<
  Record<"path" | "print" | "who" | "sha256", string> & { kind: "file" | "folder"; mtime: Date }
>;

/** A second write within this time may leave the fingerprint unchanged. */
export const racyMs = 1000;
/** SHA-256 of files read before, by fingerprint. */
const hashes = new Map<string, string>();

/** @returns the hashes of a file's blocks of these sizes; undefined if the file's size is not their sum */
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

/** Synced folder. User files are never overwritten or unlinked, and only touched if unchanged since the scan. */
export class Disk {
  readonly #folder: string;
  readonly #state: State;

  constructor(folder: string, state: State) {
    this.#folder = folder;
    this.#state = state;
  }

  readonly at = (path: string): string => join(this.#folder, path);
  readonly isFree = (path: string): boolean => fs.lstatSync(this.at(path), { throwIfNoEntry: false }) === undefined;

  /**
   * Scans the folder and lists each folder before its content.
   * @throws if anything cannot be read, because it would count as deleted
   */
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

  /** @returns undefined for neither a file nor a folder. Hashes of files written within `racyMs` are not cached. */
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

  /** @throws Stale if the node has changed since the scan or a parent is not a real folder */
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

  /** Writes and flushes a temporary file. */
  keep(bytes: Uint8Array, mtime: Date): string {
    const file = this.#own("tmp", "new");
    fs.writeFileSync(file, bytes);
    fs.utimesSync(file, mtime, mtime);
    syncPath(file);
    return file;
  }

  /** Moves a temporary file to a path. Fails if the path exists. */
  place(file: string, path: string): void {
    fs.linkSync(file, this.at(path));
    fs.unlinkSync(file);
    syncPath(dirname(this.at(path)));
  }

  /** Moves to a free name. A file briefly has both names, so it replaces nothing. A folder can at most replace an empty folder. */
  move(from: Local, to: string): void {
    this.recheck(from);
    if (!this.isFree(to)) throw new Stale(to);
    if (from.kind === "folder") fs.renameSync(this.at(from.path), this.at(to));
    else this.place(this.at(from.path), to);
    for (const path of [from.path, to]) syncPath(dirname(this.at(path)));
  }

  /**
   * Moves a file to the local trash, or removes an empty folder.
   * The state records the file's path until its successor is in place, so that a crash in between does not count as a deletion.
   */
  takeAway(local: Local, successor?: string): void {
    this.recheck(local);
    if (local.kind === "folder") return fs.rmdirSync(this.at(local.path));
    const name = local.path.replaceAll("/", "_").slice(-60);
    const at = this.#own(join("trash", new Date().toISOString().slice(0, 10)), name);
    this.#state.aside.push({ at, path: local.path });
    saveState(this.#folder, this.#state);
    fs.renameSync(this.at(local.path), at);
    // A write since the scan is put back.
    if (hashBlocks(at, [fs.statSync(at).size])?.[0] !== local.sha256) return this.#giveBack(at, local.path);
    if (successor !== undefined) this.place(successor, local.path);
    syncPath(dirname(this.at(local.path)));
    this.#state.aside = [];
  }

  /** Puts back files that an interrupted run had moved aside. If their path is occupied, they stay in the local trash. */
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

  /** Returns an unused path in the client's own folder. */
  #own(folder: string, name: string): string {
    const place = join(this.#folder, ownFolder, folder);
    fs.mkdirSync(place, { recursive: true });
    return join(place, `${name}.${randomUUID()}`);
  }
}
