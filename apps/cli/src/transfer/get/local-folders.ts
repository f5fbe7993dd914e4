import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { isNotFound, isTaken } from "@holdfast/disk/disk-error";
import type { Disk, DiskStat } from "@holdfast/disk/disk";
import { statOf } from "./stat-of.ts";
import { replaced } from "./write-files.ts";
import type { KnownFolder } from "./write-files.ts";

/** A folder of this side that things are got into. */
export interface LocalFolder extends KnownFolder {
  readonly parent: LocalFolder | undefined;
  /** What stood in it when it was entered; empty for a new one. */
  readonly entries: ReadonlySet<string>;
  /** Files that an interrupted get was writing: version id to names. */
  readonly parts: ReadonlyMap<string, string[]>;
  /** Names that were given out, as the filesystem tells them apart. */
  readonly taken: Set<string>;
}

const syncsAtOnce = 32;
const partPattern = /^\.holdfast-part-([0-9a-f-]{36})\.[0-9a-f]{8}$/;

/** Enters and makes folders, never through a link, and makes the names in them last. */
export class LocalFolders {
  readonly #disk: Disk;
  readonly #foldsNames: boolean;
  readonly #entered = new Set<string>();

  constructor(disk: Disk, foldsNames: boolean) {
    this.#disk = disk;
    this.#foldsNames = foldsNames;
  }

  /** @param isPrivate of one that is made @throws HoldfastError conflict where something else stands there, or takes its place meanwhile */
  async enter(
    path: string,
    parent: LocalFolder | undefined,
    isPrivate = false,
  ): Promise<{ folder: LocalFolder; isNew: boolean }> {
    try {
      return await this.#enter(path, parent, isPrivate);
    } catch (thrown) {
      // Whatever was here went away: `not_found` would read as if the server lacked it.
      throw isNotFound(thrown) ? replaced(path) : thrown;
    }
  }

  /** @returns false for a name that this filesystem cannot tell from one that was given out before */
  claim(folder: LocalFolder, name: string): boolean {
    if (!this.#foldsNames) return true;
    const key = name.normalize("NFC").toLowerCase();
    if (folder.taken.has(key)) return false;
    folder.taken.add(key);
    return true;
  }

  /** What stands at a name now; a folder that was made by this run is known to be empty. */
  async look(folder: LocalFolder, name: string): Promise<DiskStat | undefined> {
    if (!this.#foldsNames && !folder.entries.has(name)) return undefined;
    return statOf(this.#disk, join(folder.path, name));
  }

  /**
   * Makes durable what was named in any of the folders. All of them, changed or not: names that are there already may have
   * been given by a run that was killed before it came here.
   * @returns what failed, by path: one folder that went away says nothing of the others
   */
  async sync(): Promise<Map<string, HoldfastError>> {
    const paths = [...this.#entered];
    const failures = new Map<string, HoldfastError>();
    const syncOne = async (path: string): Promise<void> => {
      try {
        await this.#disk.syncFolder(path);
      } catch (thrown) {
        if (!(thrown instanceof HoldfastError)) throw thrown;
        failures.set(path, thrown);
      }
    };
    for (let start = 0; start < paths.length; start += syncsAtOnce) {
      await Promise.all(paths.slice(start, start + syncsAtOnce).map(syncOne));
    }
    return failures;
  }

  async #enter(
    path: string,
    parent: LocalFolder | undefined,
    isPrivate: boolean,
  ): Promise<{ folder: LocalFolder; isNew: boolean }> {
    let there = await statOf(this.#disk, path);
    const isNew = there === undefined;
    if (there === undefined) there = await this.#make(path, isPrivate);
    if (there.kind !== "folder") {
      throw new HoldfastError("conflict", `is a ${there.kind} here and a folder on the server. Move it away.`);
    }
    const { device, inode } = there;
    this.#entered.add(path);
    const { entries, parts } = isNew ? emptyListing : await this.#list(path);
    return { folder: { path, parent, device, inode, entries, parts, taken: new Set() }, isNew };
  }

  async #make(path: string, isPrivate: boolean): Promise<DiskStat> {
    try {
      await this.#disk.mkdir(path, { mode: isPrivate ? 0o700 : 0o777 });
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
    }
    return this.#disk.stat(path);
  }

  async #list(path: string) {
    const entries = new Set<string>();
    const parts = new Map<string, string[]>();
    for await (const { name } of this.#disk.list(path)) {
      entries.add(name);
      const versionId = partPattern.exec(name)?.[1];
      if (versionId !== undefined) parts.set(versionId, [...(parts.get(versionId) ?? []), name]);
    }
    return { entries, parts };
  }
}

/** The folder and all its parents up to the root of the get. */
export function chainOf(folder: LocalFolder): KnownFolder[] {
  const chain: KnownFolder[] = [];
  for (let each: LocalFolder | undefined = folder; each !== undefined; each = each.parent) {
    chain.push({ path: each.path, device: each.device, inode: each.inode });
  }
  return chain;
}

const emptyListing = { entries: new Set<string>(), parts: new Map<string, string[]>() };
