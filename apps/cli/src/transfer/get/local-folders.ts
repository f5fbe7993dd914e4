import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { isNotFound, isTaken } from "@holdfast/disk/disk-error";
import type { Disk, DiskStat } from "@holdfast/disk/disk";
import { statOf } from "./stat-of.ts";
import { replaced } from "./write-files.ts";
import type { KnownFolder } from "./write-files.ts";

export interface LocalFolder extends KnownFolder {
  readonly parent: LocalFolder | undefined;
  /** Names in the folder when it was entered; empty for a new folder. */
  readonly entries: ReadonlySet<string>;
  /** Temporary files of interrupted runs: version id to names. */
  readonly parts: ReadonlyMap<string, string[]>;
  /** Keys under which the filesystem distinguishes the claimed names. */
  readonly taken: Set<string>;
}

const syncsAtOnce = 32;
const partPattern = /^\.holdfast-part-([0-9a-f-]{36})\.[0-9a-f]{8}$/;

/** Never follows a link. Names are synced at the end. */
export class LocalFolders {
  readonly #disk: Disk;
  readonly #foldsNames: boolean;
  readonly #entered = new Set<string>();

  constructor(disk: Disk, foldsNames: boolean) {
    this.#disk = disk;
    this.#foldsNames = foldsNames;
  }

  /**
   * @param isPrivate mode of a new folder
   * @throws HoldfastError conflict if something else is there, or replaces the folder
   */
  async enter(
    path: string,
    parent: LocalFolder | undefined,
    isPrivate = false,
  ): Promise<{ folder: LocalFolder; isNew: boolean }> {
    try {
      return await this.#enter(path, parent, isPrivate);
    } catch (thrown) {
      // The local folder has gone. `not_found` would suggest that the server lacks it.
      throw isNotFound(thrown) ? replaced(path) : thrown;
    }
  }

  /** @returns false if this filesystem cannot distinguish the name from a claimed one */
  claim(folder: LocalFolder, name: string): boolean {
    if (!this.#foldsNames) return true;
    const key = name.normalize("NFC").toLowerCase();
    if (folder.taken.has(key)) return false;
    folder.taken.add(key);
    return true;
  }

  /** Returns the entry at a name. A folder created in this run is known to be empty. */
  async look(folder: LocalFolder, name: string): Promise<DiskStat | undefined> {
    if (!this.#foldsNames && !folder.entries.has(name)) return undefined;
    return statOf(this.#disk, join(folder.path, name));
  }

  /**
   * Syncs all entered folders, so that their names are durable. This includes unchanged folders, because a killed run
   * may have created names in them.
   * @returns failures by path
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

export function chainOf(folder: LocalFolder): KnownFolder[] {
  const chain: KnownFolder[] = [];
  for (let each: LocalFolder | undefined = folder; each !== undefined; each = each.parent) {
    chain.push({ path: each.path, device: each.device, inode: each.inode });
  }
  return chain;
}

const emptyListing = { entries: new Set<string>(), parts: new Map<string, string[]>() };
