import { HoldfastError } from "@holdfast/core/errors";
import { DurableNames } from "./durable-names.ts";
import type { Tape } from "./chances.ts";
import { contentOf } from "./small-blocks.ts";

export type InodeKind = "file" | "folder" | "symlink";

interface Stored {
  readonly bytes: Uint8Array;
  readonly mtimeNs: bigint;
  readonly executable: boolean;
  readonly isPrivate: boolean;
}

export interface Inode {
  readonly number: number;
  readonly kind: InodeKind;
  readonly target: string;
  readonly birthNs: bigint;
  now: Stored;
  /** Data that survives a power failure. */
  durable: Stored;
  ctimeNs: bigint;
  /** Time of the last change of bytes, in true time, for the oracle. */
  changedAtMicros: number;
  /** Created by a person or visible at some time. Otherwise only a download of the engine. */
  wasSeen: boolean;
  /** A person added a second name. */
  wasLinked: boolean;
  readonly isPersons: boolean;
  /** A person made it, or the former owner of its name, public. */
  wasOpened: boolean;
}

export interface RootOptions {
  readonly nowMicros: () => number;
  /** Offset of this device's clock from true time. */
  readonly skewMicros: () => number;
  readonly key: (name: string) => string;
  /** A person's acts are durable immediately, so the oracle knows what must not be lost. Otherwise only after a sync. */
  readonly isDurable: boolean;
  /** false: no file is executable */
  readonly hasExecutableBits?: boolean;
  /** false: nothing is private */
  readonly hasPrivateModes?: boolean;
}

/** Filesystem times have steps of a kernel tick. */
const tickNs = 4_000_000n;
const rootNumber = 1;

/**
 * In-memory filesystem: inodes, names, and the durable part of both. Callers state if a person or an engine acts. An
 * engine's acts are durable only after a sync.
 */
export class SimulatedRoot {
  readonly #options: RootOptions;
  readonly #opened = new Set<string>();
  readonly #names: DurableNames;
  readonly #inodes = new Map<number, Inode>();
  /** True if every visible item is marked as seen. */
  #isSeen = false;
  /** Every inode at a name since the last `forgetPast`, by folder and name. */
  readonly #past = new Map<string, Set<number>>();
  /** Folders changed by a person, for watchers. */
  readonly touched = new Set<string>();
  /** Names given by a person. */
  readonly given = new Set<string>();
  /** Files open for writing in a program. */
  readonly writers = new Set<Inode>();
  /** Mount points: inode number and device. */
  readonly mounts = new Map<number, bigint>();
  boots = 0;
  #next = rootNumber;

  constructor(options: RootOptions) {
    this.#options = options;
    this.#names = new DurableNames(options.key);
    this.#make("folder", true);
  }

  timeNs(): bigint {
    const micros = BigInt(Math.floor(this.#options.nowMicros() + this.#options.skewMicros()));
    return ((micros * 1000n) / tickNs) * tickNs;
  }

  /** undefined: no such item */
  at(path: string): Inode | undefined {
    let inode = this.#inode(rootNumber);
    for (const name of partsOf(path)) {
      if (inode.kind !== "folder") return undefined;
      const named = this.#names.find(inode.number, name);
      if (named === undefined) return undefined;
      inode = this.#inode(named.inode);
    }
    return inode;
  }

  mustBeAt(path: string): Inode {
    const inode = this.at(path);
    if (inode === undefined) throw new HoldfastError("not_found", `There is no ${path}.`);
    return inode;
  }

  linksOf(inode: Inode): number {
    return this.#names.linksOf(inode.number);
  }

  list(path: string): { readonly name: string; readonly inode: Inode }[] {
    return this.#names
      .inFolder(this.#folder(path).number)
      .map(({ name, inode }) => ({ name, inode: this.#inode(inode) }));
  }

  create(path: string, kind: InodeKind, isPersons: boolean, target = ""): Inode {
    const slot = this.#slot(path);
    if (this.#names.find(slot.folder, slot.name) !== undefined) throw new HoldfastError("exists", `${path} is taken.`);
    const inode = this.#make(kind, isPersons, target);
    this.#do([{ ...slot, inode: inode.number }], isPersons, path);
    if (isPersons) {
      this.#touch(path);
      this.given.add(slot.name);
      this.#inherit(inode, path);
    }
    return inode;
  }

  write(inode: Inode, change: Partial<Stored>, isPersons: boolean): void {
    const time = this.timeNs();
    const bit = this.#options.hasExecutableBits === false ? { executable: false } : {};
    const mode = this.#options.hasPrivateModes === false ? { isPrivate: false } : {};
    const now = { ...inode.now, ...(change.bytes && { mtimeNs: time }), ...change, ...bit, ...mode };
    Object.assign(inode, { now, ctimeNs: time });
    if (change.bytes !== undefined) Object.assign(inode, { changedAtMicros: this.#options.nowMicros() });
    if (!isPersons) return;
    if (change.isPrivate === false) inode.wasOpened = true;
    if (this.#options.isDurable) this.sync(inode);
    for (const [path, other] of this.visible()) {
      if (other !== inode) continue;
      this.#touch(path);
      this.#inherit(inode, path);
    }
  }

  /** Keeps a person's opening for later files of the name. */
  #inherit(inode: Inode, path: string): void {
    if (inode.wasOpened) this.#opened.add(path);
    else inode.wasOpened = this.#opened.has(path);
  }

  /** @param over replaces an item at `to`, which must otherwise be free */
  rename(from: string, to: string, { over, isPersons }: { readonly over: boolean; readonly isPersons: boolean }): void {
    const inode = this.mustBeAt(from);
    const [source, target] = [this.#slot(from), this.#slot(to)];
    const taken = this.#names.find(target.folder, target.name);
    if (taken !== undefined && taken.inode !== inode.number && !over)
      throw new HoldfastError("exists", `${to} is taken.`);
    if (`${to}/`.startsWith(`${from}/`) && from !== to) throw new HoldfastError("failed", `${to} is inside ${from}.`);
    this.#do(
      [
        { ...source, inode: undefined },
        { ...target, inode: inode.number },
      ],
      isPersons,
      to,
    );
    if (isPersons) {
      for (const path of [from, to]) this.#touch(path);
      this.given.add(target.name);
    }
    Object.assign(inode, { ctimeNs: this.timeNs() });
    if (isPersons || inode.wasOpened) this.#inherit(inode, to);
  }

  link(from: string, to: string, isPersons = false): void {
    const inode = this.mustBeAt(from);
    const slot = this.#slot(to);
    if (this.#names.find(slot.folder, slot.name) !== undefined) throw new HoldfastError("exists", `${to} is taken.`);
    this.#do([{ ...slot, inode: inode.number }], isPersons, to);
    Object.assign(inode, { ctimeNs: this.timeNs() });
    if (!isPersons) return;
    inode.wasLinked = true;
    for (const path of [from, to]) this.#touch(path);
    this.given.add(slot.name);
  }

  exchange(one: string, other: string): void {
    const [first, second] = [this.mustBeAt(one), this.mustBeAt(other)];
    const changes = [
      { ...this.#slot(one), inode: second.number },
      { ...this.#slot(other), inode: first.number },
    ];
    this.#do(changes, false, one, other);
    for (const inode of [first, second]) Object.assign(inode, { ctimeNs: this.timeNs() });
  }

  remove(path: string, isPersons: boolean): void {
    const inode = this.mustBeAt(path);
    const isFull = inode.kind === "folder" && this.#names.inFolder(inode.number).length > 0;
    if (isFull) throw new HoldfastError("failed", `${path} is not empty.`);
    const emptied = inode.kind === "folder" ? inode.number : undefined;
    this.#do([{ ...this.#slot(path), inode: undefined, emptied }], isPersons);
    if (isPersons) this.#touch(path);
  }

  forgetPast(): void {
    this.#past.clear();
    for (const [path, inode] of this.visible()) this.#remember({ ...this.#slot(path), inode: inode.number });
  }

  /** Returns true if no other item was at any of its names since. */
  hadItsNamesAlone({ number }: Inode): boolean {
    return [...this.#past.values()].every((inodes) => !inodes.has(number) || inodes.size === 1);
  }

  sync(inode: Inode): void {
    Object.assign(inode, { durable: inode.now });
  }

  syncFolder(path: string): void {
    this.#names.syncFolder(this.#folder(path).number);
  }

  syncAll(): void {
    for (const inode of this.#inodes.values()) this.sync(inode);
    this.#names.syncAll();
  }

  namesInDoubt(): ReadonlySet<number> {
    return this.#names.inodesInDoubt();
  }

  /** Returns contents that a power failure may leave, seen or not. */
  lastingContents(): Set<string> {
    const lasting = this.#names.inodesLasting();
    const files = [...this.#inodes.values()].filter(({ kind, number }) => kind === "file" && lasting.has(number));
    return new Set(files.flatMap(({ now, durable }) => [now, durable].map(({ bytes }) => contentOf(bytes))));
  }

  /** Cuts the power: unsynced data is kept, lost or torn. */
  crash(tape: Tape): void {
    this.boots += 1;
    this.writers.clear();
    this.#names.crash(tape);
    this.#isSeen = false;
    for (const inode of this.#inodes.values()) {
      if (inode.now === inode.durable) continue;
      const chance = tape();
      const isOnlyAttributes = inode.now.bytes === inode.durable.bytes;
      const torn = {
        ...inode.now,
        // The ends distinguish contents, even torn ones.
        bytes: inode.now.bytes.map((byte, index) => (index * 2 < inode.now.bytes.length ? 0 : byte)),
      };
      const kept = chance < 0.34 ? inode.now : inode.durable;
      const left = chance >= 0.34 && chance < 0.67 && !isOnlyAttributes ? torn : kept;
      Object.assign(inode, { now: left, durable: left });
    }
  }

  /** Returns all inodes, including removed ones. */
  inodes(): Iterable<Inode> {
    return this.#inodes.values();
  }

  visible(withOwn = false): Map<string, Inode> {
    if (withOwn) return this.below("");
    return new Map([...this.below("")].filter(([path]) => !isOwn(path)));
  }

  below(start: string): Map<string, Inode> {
    const found = new Map<string, Inode>();
    const visit = (folder: Inode, prefix: string): void => {
      for (const { name, inode } of this.#names.inFolder(folder.number)) {
        const child = this.#inode(inode);
        found.set(prefix + name, child);
        if (child.kind === "folder") visit(child, `${prefix}${name}/`);
      }
    };
    visit(this.#folder(start), start === "" ? "" : `${start}/`);
    return found;
  }

  /** @param named paths that get an inode */
  #do(changes: Parameters<DurableNames["do"]>[0], isPersons: boolean, ...named: string[]): void {
    this.#names.do(changes, isPersons, isPersons && this.#options.isDurable);
    // A power failure may show more. Otherwise all visible items but these were seen before.
    if (this.#isSeen) for (const path of named) this.#see(path);
    else for (const inode of this.visible().values()) inode.wasSeen = true;
    this.#isSeen = true;
    for (const change of changes) this.#remember(change);
  }

  #see(path: string): void {
    const inode = isOwn(path) ? undefined : this.at(path);
    if (inode === undefined) return;
    inode.wasSeen = true;
    if (inode.kind === "folder") for (const child of this.below(path).values()) child.wasSeen = true;
  }

  #remember({ folder, name, inode }: { folder: number; name: string; inode: number | undefined }): void {
    if (inode === undefined) return;
    const key = `${folder}/${this.#options.key(name)}`;
    const inodes = this.#past.get(key) ?? new Set();
    this.#past.set(key, inodes.add(inode));
  }

  #touch(path: string): void {
    this.touched.add(partsOf(path).slice(0, -1).join("/"));
  }

  #inode(number: number): Inode {
    const inode = this.#inodes.get(number);
    if (inode === undefined) throw new HoldfastError("internal", "An inode is missing.");
    return inode;
  }

  #folder(path: string): Inode {
    const inode = this.mustBeAt(path);
    if (inode.kind !== "folder") throw new HoldfastError("not_found", `${path} is no folder.`);
    return inode;
  }

  #slot(path: string): { folder: number; name: string } {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw new HoldfastError("failed", "The root has no name.");
    return { folder: this.#folder(parts.join("/")).number, name };
  }

  #make(kind: InodeKind, isPersons: boolean, target = ""): Inode {
    const time = this.timeNs();
    const stored = { bytes: new Uint8Array(), mtimeNs: time, executable: false, isPrivate: false };
    const inode = {
      number: this.#next,
      kind,
      target,
      birthNs: time,
      now: stored,
      durable: stored,
      ctimeNs: time,
      changedAtMicros: this.#options.nowMicros(),
      wasSeen: false,
      wasLinked: false,
      isPersons,
      wasOpened: false,
    };
    this.#inodes.set(this.#next, inode);
    this.#next += 1;
    return inode;
  }
}

/** Returns the oracle's description: kind, content, executable bit and privacy. */
export function describeInode({ kind, target, now }: Inode): string {
  const privacy = now.isPrivate ? " p" : "";
  if (kind === "folder") return `folder${privacy}`;
  if (kind === "symlink") return `symlink ${target}`;
  return `file ${contentOf(now.bytes).slice(0, 12)}${now.executable ? " x" : ""}${privacy}`;
}

function isOwn(path: string): boolean {
  return path === ".holdfast" || path.startsWith(".holdfast/");
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
