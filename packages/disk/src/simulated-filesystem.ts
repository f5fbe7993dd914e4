import { posix } from "node:path";
import type { DiskEntry, DiskEntryKind, DiskStat } from "./disk.ts";
import { pageBytes, SimulatedContent } from "./simulated-content.ts";
import { SimulatedNames } from "./simulated-names.ts";
import type { Slot } from "./simulated-names.ts";

interface Attributes {
  mode: number;
  mtimeMicros: bigint;
}

export interface SimulatedInode {
  readonly number: number;
  readonly kind: DiskEntryKind;
  readonly content: SimulatedContent;
  readonly target: string;
  attributes: Attributes;
  durableAttributes: Attributes;
  openCount: number;
}

export interface FilesystemOptions {
  readonly capacityBytes: number;
  readonly nowMicros: () => bigint;
}

const rootNumber = 1;

/** The methods are the system calls and throw their errors. Symbolic links in the middle of a path are not followed. */
export class SimulatedFilesystem {
  readonly #options: FilesystemOptions;
  readonly #names = new SimulatedNames();
  readonly #inodes = new Map<number, SimulatedInode>();
  #nextNumber = rootNumber;

  constructor(options: FilesystemOptions) {
    this.#options = options;
    this.#add("folder", 0o755, "");
  }

  at(path: string): SimulatedInode {
    let inode = this.#inode(rootNumber);
    for (const name of partsOf(path)) {
      if (inode.kind !== "folder") throw errnoError("ENOTDIR");
      const number = this.#names.find({ folder: inode.number, name });
      if (number === undefined) throw errnoError("ENOENT");
      inode = this.#inode(number);
    }
    return inode;
  }

  create(path: string, kind: DiskEntryKind, mode: number, target = ""): SimulatedInode {
    const slot = this.#freeSlot(path);
    const inode = this.#add(kind, mode, target);
    this.#names.set(slot, inode.number);
    return inode;
  }

  open(path: string): SimulatedInode {
    const inode = this.at(path);
    if (inode.kind === "symlink") throw errnoError("ELOOP");
    return inode;
  }

  close(inode: SimulatedInode): void {
    inode.openCount -= 1;
    this.#dropIfUnused(inode);
  }

  read(inode: SimulatedInode, start: number, end: number): Uint8Array {
    if (inode.kind === "folder") throw errnoError("EISDIR");
    return inode.content.read(start, end);
  }

  /** Writes the part that fits. Returns the end position. */
  write(inode: SimulatedInode, pieces: readonly Uint8Array[], start: number): number {
    let position = start;
    for (const piece of pieces) {
      const room = this.#endOfRoom(inode) - position;
      inode.content.write(piece.subarray(0, Math.max(0, room)), position);
      if (room < piece.length) throw errnoError("ENOSPC");
      position += piece.length;
    }
    inode.attributes = { ...inode.attributes, mtimeMicros: this.#options.nowMicros() };
    return position;
  }

  sync(inode: SimulatedInode): void {
    inode.content.sync();
    inode.durableAttributes = inode.attributes;
  }

  rename(from: string, to: string): void {
    const inode = this.at(from);
    const slot = this.#slot(to);
    const replaced = this.#find(slot);
    if (replaced === inode) return;
    if (inode.kind === "folder" && `${posix.normalize(to)}/`.startsWith(`${posix.normalize(from)}/`))
      throw errnoError("EINVAL");
    if (replaced !== undefined) this.#assertReplaceable(inode, replaced);
    this.#names.rename(this.#slot(from), slot, inode.number);
    if (replaced !== undefined) this.#dropIfUnused(replaced);
  }

  link(from: string, to: string): void {
    const inode = this.at(from);
    if (inode.kind === "folder") throw errnoError("EPERM");
    this.#names.set(this.#freeSlot(to), inode.number);
  }

  readLink(path: string): string {
    const inode = this.at(path);
    if (inode.kind !== "symlink") throw errnoError("EINVAL");
    return inode.target;
  }

  unlink(path: string): void {
    if (this.at(path).kind === "folder") throw errnoError("EISDIR");
    this.#remove(path);
  }

  rmdir(path: string): void {
    const inode = this.#folderAt(path);
    if (this.#names.inFolder(inode.number).size > 0) throw errnoError("ENOTEMPTY");
    this.#remove(path);
  }

  list(path: string): DiskEntry[] {
    const names = this.#names.inFolder(this.#folderAt(path).number);
    return [...names].map(([name, number]) => ({ name, kind: this.#inode(number).kind }));
  }

  syncFolder(path: string): void {
    this.#names.syncFolder(this.#folderAt(path).number);
  }

  syncAll(): void {
    this.#names.syncAll();
    for (const inode of this.#inodes.values()) this.sync(inode);
  }

  /** @param random below 0.5 keeps an unsynced item */
  crash(random: () => number): void {
    this.#names.crash(random);
    for (const inode of this.#inodes.values()) {
      inode.content.crash(random);
      if (inode.attributes !== inode.durableAttributes && random() >= 0.5) inode.attributes = inode.durableAttributes;
      inode.durableAttributes = inode.attributes;
    }
  }

  closeAll(): void {
    for (const inode of this.#inodes.values()) {
      inode.openCount = 0;
      this.#dropIfUnused(inode);
    }
  }

  #inode(number: number): SimulatedInode {
    const inode = this.#inodes.get(number);
    if (inode === undefined) throw errnoError("EIO");
    return inode;
  }

  #find(slot: Slot): SimulatedInode | undefined {
    const number = this.#names.find(slot);
    return number === undefined ? undefined : this.#inode(number);
  }

  #slot(path: string): Slot {
    const name = partsOf(path).at(-1);
    if (name === undefined) throw errnoError("EBUSY");
    return { folder: this.#folderAt(posix.dirname(path)).number, name };
  }

  #freeSlot(path: string): Slot {
    if (partsOf(path).length === 0) throw errnoError("EEXIST");
    const slot = this.#slot(path);
    if (this.#find(slot) !== undefined) throw errnoError("EEXIST");
    return slot;
  }

  #folderAt(path: string): SimulatedInode {
    const inode = this.at(path);
    if (inode.kind !== "folder") throw errnoError("ENOTDIR");
    return inode;
  }

  #add(kind: DiskEntryKind, mode: number, target: string): SimulatedInode {
    const attributes = { mode, mtimeMicros: this.#options.nowMicros() };
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const content = new SimulatedContent();
    const inode = { number, kind, content, target, attributes, durableAttributes: attributes, openCount: 0 };
    this.#inodes.set(number, inode);
    return inode;
  }

  #remove(path: string): void {
    const inode = this.at(path);
    this.#names.remove(this.#slot(path));
    this.#dropIfUnused(inode);
  }

  #assertReplaceable(inode: SimulatedInode, replaced: SimulatedInode): void {
    if (inode.kind !== "folder" && replaced.kind === "folder") throw errnoError("EISDIR");
    if (inode.kind === "folder" && replaced.kind !== "folder") throw errnoError("ENOTDIR");
    if (this.#names.inFolder(replaced.number).size > 0) throw errnoError("ENOTEMPTY");
  }

  /** A crash could restore the name of a nameless file. */
  #dropIfUnused(inode: SimulatedInode): void {
    if (inode.number === rootNumber || inode.openCount > 0 || this.#names.isNamed(inode.number)) return;
    this.#inodes.delete(inode.number);
  }

  #endOfRoom(inode: SimulatedInode): number {
    if (this.#options.capacityBytes === Infinity) return Infinity;
    const named = this.#names.named();
    let pages = 0;
    for (const other of this.#inodes.values()) {
      if (other !== inode && (other.openCount > 0 || named.has(other.number))) pages += other.content.pages;
    }
    return this.#options.capacityBytes - pages * pageBytes;
  }
}

export function toDiskStat(inode: SimulatedInode): DiskStat {
  return {
    kind: inode.kind,
    sizeBytes: inode.kind === "symlink" ? Buffer.byteLength(inode.target) : inode.content.sizeBytes,
    mtimeMicros: inode.attributes.mtimeMicros,
    mode: inode.attributes.mode,
    inode: BigInt(inode.number),
    device: 1n,
  };
}

export function errnoError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function partsOf(path: string): string[] {
  return posix
    .normalize(path)
    .split("/")
    .filter((part) => part !== "" && part !== ".");
}
