/**
 * The port to a filesystem through which everything that must survive a power cut is written, so that a simulated disk
 * that forgets what was not synced can stand in (`simulated-disk.ts`).
 *
 * The contract, which `disk-conformance.ts` checks on each implementation:
 * - A path is absolute. Nothing here follows a symbolic link in the last name of a path.
 * - File content is durable once `datasync` or `sync` of that file has returned; mode and times only after `sync`.
 * - A name in a folder (created, renamed, linked, unlinked, made, removed) is durable once `syncFolder` of that folder has
 *   returned. Syncing a file says nothing about its name, syncing a folder nothing about the folder's own name.
 * - A file whose sync failed must be discarded: a later sync of it may succeed without having written anything.
 * - Failures are HoldfastErrors: `not_found` (ENOENT), `exists` (EEXIST), `store_full` (ENOSPC, EDQUOT), `unavailable` (may
 *   pass: EIO, EMFILE, …) and `failed` (the rest); `errnoOf` gives the system's own code.
 */
export interface Disk {
  /** Makes a new, empty file; `exists` if the name is taken, by a symbolic link too. */
  createFile(path: string, options: { readonly mode: number }): Promise<DiskFile>;
  openForRead(path: string): Promise<DiskReader>;
  /** The whole file, whose size must be known to be small. */
  readFile(path: string): Promise<Uint8Array>;
  /** Atomic; replaces what stands at `to`. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for one file; `exists` if `to` is taken. */
  link(from: string, to: string): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  readLink(path: string): Promise<string>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options?: { readonly mode?: number }): Promise<void>;
  /** Only an empty folder. */
  rmdir(path: string): Promise<void>;
  /** In no particular order. */
  list(folder: string): AsyncIterable<DiskEntry>;
  /** Of the name itself: a symbolic link is not followed. */
  stat(path: string): Promise<DiskStat>;
  syncFolder(path: string): Promise<void>;
}

export interface DiskFile {
  /**
   * Writes all of it or throws. Several pieces go one after the other. Without a position (bytes from the start) it
   * continues where the last write without a position ended.
   */
  write(bytes: Uint8Array | readonly Uint8Array[], position?: number): Promise<void>;
  /** Makes content and size durable. */
  datasync(): Promise<void>;
  /** Makes content, size, mode and times durable. */
  sync(): Promise<void>;
  /** Microseconds since 1970, exact where the filesystem keeps them. Sets the access time too. */
  setTimes(mtimeMicros: bigint): Promise<void>;
  /** Permission bits, whatever the umask. */
  setMode(mode: number): Promise<void>;
  close(): Promise<void>;
}

export interface DiskReader {
  /** Fills `target` from `position`; fewer bytes than its length only at the end of the file. One pread where the system allows. */
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
