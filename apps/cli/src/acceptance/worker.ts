import { execFile } from "node:child_process";
import { constants, mkdirSync } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readdir, readFile, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Ledger } from "./ledger.ts";
import { hashOf, isRace } from "./tree.ts";

export interface WorkerOptions {
  readonly device: string;
  readonly root: string;
  /**
   * Folder outside of the synced folder, on the same filesystem. Deleted files are moved here, so that their content is
   * known.
   */
  readonly graveyard: string;
  readonly ledger: Ledger;
  readonly draw: () => number;
  readonly log: (what: string) => void;
}

const names = ["a", "b", "c.txt", "d.tar.gz", "Ärger", "e e", "f", "g.md", "h", "i.bin", "🎉", "k"];
const folderDepthMax = 5;

const verbs = [
  "create",
  "create",
  "create",
  "create",
  "create",
  "make a folder",
  "make a folder",
  "truncate and write",
  "truncate and write",
  "save by rename",
  "save by rename",
  "append slowly",
  "move",
  "move",
  "move",
  "delete",
  "delete a tree",
  "delete name by name",
  "swap",
  "file to folder",
  "folder to file",
  "flip the executable bit",
] as const;
type Verb = (typeof verbs)[number];
const makers = ["create", "create", "make a folder"] as const satisfies readonly Verb[];
const bareNodesMax = 25;

const runProgram = promisify(execFile);

export class Worker {
  readonly #options: WorkerOptions;
  #count = 0;
  #graves = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
    mkdirSync(options.graveyard, { recursive: true });
  }

  /** Concurrent changes of the engine make some actions fail. */
  async act(): Promise<void> {
    let verb: Verb | undefined;
    try {
      // With few files, most actions are not possible.
      const isBare = (await this.#all()).length < bareNodesMax;
      verb = this.#pick(isBare && this.#chance(0.5) ? makers : verbs) ?? "create";
      await this.#do(verb);
    } catch (error) {
      if (!isRace(error)) throw error;
      this.#options.log(`could not ${verb ?? "look"}: ${(error as Error).message}`);
    }
  }

  async #do(verb: Verb): Promise<void> {
    switch (verb) {
      case "create":
        return this.#create(await this.#place(), this.#bytes());
      case "make a folder":
        return mkdir(this.#at(await this.#place()));
      case "truncate and write":
        return this.#truncateAndWrite(await this.#some("file"));
      case "save by rename":
        return this.#saveByRename(await this.#some("file"));
      case "append slowly":
        return this.#appendSlowly(await this.#some("file"));
      case "move":
        return this.#move(await this.#some(), await this.#place());
      case "delete":
        return this.#bury(await this.#some("file"));
      case "delete a tree":
        return this.#bury(await this.#some("folder"));
      case "delete name by name":
        return this.#buryNameByName(await this.#some("folder"));
      case "swap":
        return this.#swap(await this.#some(), await this.#some());
      case "file to folder":
        return this.#fileToFolder(await this.#some("file"));
      case "folder to file":
        return this.#folderToFile(await this.#some("folder"));
      case "flip the executable bit":
        return this.#flip(await this.#some("file"));
    }
  }

  async #create(path: string, bytes: Buffer): Promise<void> {
    const file = await open(this.#at(path), "wx");
    try {
      const half = Math.floor(bytes.length / 2);
      await file.write(bytes.subarray(0, half));
      if (this.#chance(0.2)) await this.#pause();
      await file.write(bytes.subarray(half));
      this.#wrote(bytes, path);
    } finally {
      await file.close();
    }
  }

  async #truncateAndWrite(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    const bytes = this.#bytes();
    await this.#change(path, async (file) => {
      await file.truncate(0);
      if (this.#chance(0.5)) await this.#pause();
      await file.write(bytes, 0, bytes.length, 0);
      return bytes;
    });
  }

  async #appendSlowly(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    await this.#change(path, async (file, before) => {
      let bytes = before;
      for (let piece = 0; piece < 4; piece += 1) {
        const more = this.#bytes();
        await file.write(more, 0, more.length, bytes.length);
        bytes = Buffer.concat([bytes, more]);
        await this.#pause();
      }
      return bytes;
    });
  }

  /** Writes into the open file, even if it was renamed or replaced. */
  async #change(path: string, write: (file: FileHandle, before: Buffer) => Promise<Buffer>): Promise<void> {
    const { ledger, device } = this.#options;
    const file = await open(this.#at(path), constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const before = await file.readFile();
      ledger.discard(hashOf(before), device);
      const written = await write(file, before);
      this.#wrote(written, path);
    } finally {
      await file.close();
    }
  }

  async #saveByRename(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    const { ledger, device } = this.#options;
    const temporary = `${path}.new-${this.#count}`;
    await this.#create(temporary, this.#bytes());
    if (this.#chance(0.5)) await this.#pause();
    const old = await open(this.#at(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const before = hashOf(await old.readFile());
      await rename(this.#at(temporary), this.#at(path));
      if ((await old.stat()).nlink === 0) ledger.discard(before, device);
      // The engine has just put another file there.
      else ledger.discardSomething();
    } finally {
      await old.close();
    }
  }

  async #move(from: string | undefined, to: string): Promise<void> {
    if (from === undefined || `${to}/`.startsWith(`${from}/`)) return;
    this.#options.log(`moves ${from} to ${to}`);
    await moveTo(this.#at(from), this.#at(to));
  }

  async #swap(one: string | undefined, other: string | undefined): Promise<void> {
    if (one === undefined || other === undefined) return;
    if (`${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`)) return;
    this.#options.log(`swaps ${one} and ${other}`);
    const aside = `${one}.aside-${this.#count}`;
    await moveTo(this.#at(one), this.#at(aside));
    if (this.#chance(0.3)) await this.#pause();
    await moveTo(this.#at(other), this.#at(one));
    if (this.#chance(0.3)) await this.#pause();
    await moveTo(this.#at(aside), this.#at(other));
  }

  async #fileToFolder(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    await this.#bury(path);
    await mkdir(this.#at(path));
    await this.#create(`${path}/inside`, this.#bytes());
  }

  async #folderToFile(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    await this.#bury(path);
    await this.#create(path, this.#bytes());
  }

  async #flip(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    const file = await open(this.#at(path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      await file.chmod((await file.stat()).mode ^ 0o100);
    } finally {
      await file.close();
    }
  }

  /** Deletes by one move, like a file manager. Records the moved file, even if another one was there before. */
  async #bury(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    const grave = join(this.#options.graveyard, `${this.#options.device}-${(this.#graves += 1)}`);
    this.#options.log(`deletes ${path}`);
    await moveTo(this.#at(path), grave);
    await this.#discardAll(grave);
  }

  async #buryNameByName(path: string | undefined): Promise<void> {
    if (path === undefined) return;
    for (const entry of await readdir(this.#at(path), { withFileTypes: true })) {
      if (entry.isDirectory()) await this.#buryNameByName(`${path}/${entry.name}`);
      else await this.#bury(`${path}/${entry.name}`);
      if (this.#chance(0.2)) await this.#pause();
    }
    await rmdir(this.#at(path));
  }

  async #discardAll(path: string): Promise<void> {
    const { ledger, device, log } = this.#options;
    if ((await lstat(path)).isFile()) {
      const hash = hashOf(await readFile(path));
      log(`has deleted ${hash.slice(0, 12)}`);
      return ledger.discard(hash, device);
    }
    for (const name of await readdir(path)) await this.#discardAll(join(path, name));
  }

  async #some(kind?: "file" | "folder"): Promise<string | undefined> {
    const all = await this.#all();
    return this.#pick(all.filter((each) => kind === undefined || (kind === "folder") === each.isFolder))?.path;
  }

  async #place(): Promise<string> {
    const folders = (await this.#all()).filter((each) => each.isFolder && each.path.split("/").length < folderDepthMax);
    const folder = this.#pick(["", "", ...folders.map(({ path }) => `${path}/`)]) ?? "";
    return `${folder}${this.#pick(names) ?? "a"}`;
  }

  /** Sorted by path, so that equal random numbers choose the same file. */
  async #all(): Promise<{ path: string; isFolder: boolean }[]> {
    const entries = await readdir(this.#options.root, { recursive: true, withFileTypes: true });
    return entries
      .map((entry) => ({
        path: join(entry.parentPath, entry.name).slice(this.#options.root.length + 1),
        isFolder: entry.isDirectory(),
      }))
      .filter(({ path }) => path !== ".holdfast" && !path.startsWith(".holdfast/"))
      .toSorted((one, other) => (one.path < other.path ? -1 : 1));
  }

  #bytes(): Buffer {
    this.#count += 1;
    const head = `${this.#options.device} wrote this, number ${this.#count}.\n`;
    const sizeBytes = Math.floor(
      this.#chance(0.05) ? this.#options.draw() * 2_000_000 : this.#options.draw() ** 2 * 5000,
    );
    const body = Buffer.alloc(sizeBytes);
    for (let at = 0; at + 4 <= sizeBytes; at += 4) body.writeUInt32LE(Math.floor(this.#options.draw() * 2 ** 32), at);
    return Buffer.concat([Buffer.from(head), body]);
  }

  #wrote(bytes: Buffer, path: string): void {
    const hash = hashOf(bytes);
    this.#options.ledger.write(hash, this.#options.device, path);
    this.#options.log(`wrote ${hash.slice(0, 12)} to ${path}`);
  }

  #at(path: string): string {
    return join(this.#options.root, path);
  }

  #chance(part: number): boolean {
    return this.#options.draw() < part;
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#options.draw() * items.length)];
  }

  #pause(): Promise<void> {
    return delay(this.#options.draw() * 300);
  }
}

/**
 * Moves atomically by renameat2 with RENAME_NOREPLACE, never over or into anything. A taken name is left unchanged
 * without an error.
 */
async function moveTo(from: string, to: string): Promise<void> {
  await runProgram("mv", ["--no-clobber", "--no-target-directory", "--", from, to]).catch((error: unknown) => {
    throw Object.assign(new Error("It moved in that moment.", { cause: error }), { code: "ENOENT" });
  });
}
