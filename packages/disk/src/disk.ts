/**
 * Port to a filesystem for all data that must survive a power failure. `simulated-disk.ts` replaces it by one that
 * forgets unsynced data.
 *
 * Contract, checked by `disk-conformance.ts`:
 * - Paths are absolute. No call follows a symbolic link in the last name.
 * - File content is durable after `datasync` or `sync` of that file; mode and times only after `sync`.
 * - A name in a folder (created, renamed, linked, unlinked, made, removed) is durable after `syncFolder` of that
 *   folder. Syncing a file does not sync its name, and syncing a folder does not sync the folder's own name.
 * - A file with a failed sync must be discarded: a later sync may succeed without writing anything.
 * - Failures are HoldfastErrors: `not_found` (ENOENT), `exists` (EEXIST), `store_full` (ENOSPC, EDQUOT), `unavailable`
 *   (may be temporary: EIO, EMFILE, …) and `failed` (the rest); `errnoOf` returns the system's code.
 */
export interface Disk {
  /** Fails with `exists` if the name is taken, even by a symbolic link. */
  createFile(path: string, options: { readonly mode: number }): Promise<DiskFile>;
  openForRead(path: string): Promise<DiskReader>;
  /** Reads a file known to be small. */
  readFile(path: string): Promise<Uint8Array>;
  /** Atomic; replaces an item at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** Adds a name. Fails with `exists` if `to` is taken. */
  link(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Empty folders only. */
  rmdir(path: string): Promise<void>;
  /** Unordered. */
  list(folder: string): AsyncIterable<DiskEntry>;
  stat(path: string): Promise<DiskStat>;
  syncFolder(path: string): Promise<void>;
}

export interface DiskFile {
  /**
   * Everything or throws. Several pieces are written in sequence. Without a position (bytes from the start), continues
   * after the last write without one.
   */
  write(bytes: Uint8Array | readonly Uint8Array[], position?: number): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  /** Microseconds since 1970, exact if the filesystem supports them. Also sets the access time. */
  setTimes(mtimeMicros: bigint): Promise<void>;
  /** Permission bits, regardless of the umask. */
  setMode(mode: number): Promise<void>;
  close(): Promise<void>;
}

export interface DiskReader {
  /** Fills `target` from `position`, with fewer bytes only at the end of the file. */
  readAt(target: Uint8Array, position: number): Promise<number>;
  stat(): Promise<DiskStat>;
  close(): Promise<void>;
}

export type DiskEntryKind = "file" | "folder" | "symlink" | "other";

export interface DiskEntry {
  readonly name: string;
  readonly kind: DiskEntryKind;
}

export interface DiskStat {
  readonly kind: DiskEntryKind;
  readonly sizeBytes: number;
  /** Microseconds since 1970, truncated. */
  readonly mtimeMicros: bigint;
  /** Permission bits only. */
  readonly mode: number;
  readonly inode: bigint;
  readonly device: bigint;
}
