import { toDiskError } from "./disk-error.ts";
import type { Disk, DiskEntry, DiskFile, DiskReader, DiskStat } from "./disk.ts";
import { errnoError, SimulatedFilesystem, toDiskStat } from "./simulated-filesystem.ts";
import type { SimulatedInode } from "./simulated-filesystem.ts";

/** End of the process. Not a HoldfastError, so that no error handling catches it. */
export class SimulatedCrash extends Error {
  override readonly name = "SimulatedCrash";
}

export interface DiskCall {
  readonly name: keyof Disk | keyof DiskFile | "readAt";
  /** On an open file: the path under which it was opened. */
  readonly path: string;
}

export interface SimulatedDiskOptions {
  /** For file contents in pages of 4 KiB; more fails with ENOSPC. */
  readonly capacityBytes?: number;
  /** Called before each call; a returned errno code makes the call fail. A failed sync poisons its file. */
  readonly onCall?: (call: DiskCall) => string | undefined;
  /** Clock for the times of written files. */
  readonly nowMicros?: () => bigint;
}

/** Disk in memory. Only synced data certainly survives `crash`. */
export class SimulatedDisk implements Disk {
  /** Cuts the power after this call and before its result: `callCount` plus n for the n-th from now. */
  crashAfterCall = Infinity;
  /** Cuts the power before this call happens. */
  crashBeforeCall = Infinity;
  callCount = 0;
  crashed = false;
  readonly #onCall: (call: DiskCall) => string | undefined;
  readonly #filesystem: SimulatedFilesystem;
  #boots = 0;

  constructor(options: SimulatedDiskOptions = {}) {
    let ticks = 0n;
    this.#onCall = options.onCall ?? (() => undefined);
    this.#filesystem = new SimulatedFilesystem({
      capacityBytes: options.capacityBytes ?? Infinity,
      nowMicros: options.nowMicros ?? (() => (ticks += 1000n)),
    });
  }

  /**
   * Cuts the power and mounts the rest; open files are gone.
   * @param random below 0.5 keeps an unsynced item: `() => 0` keeps everything, and `() => 0.99` loses everything that
   * may be lost
   */
  crash(random: () => number): void {
    this.#filesystem.crash(random);
    this.restart();
  }

  /** Ends the process without a power failure: open files are gone, but no data. */
  restart(): void {
    this.#filesystem.closeAll();
    this.#boots += 1;
    this.crashed = false;
    this.crashAfterCall = Infinity;
    this.crashBeforeCall = Infinity;
  }

  /** Makes everything durable, like an orderly unmount. */
  syncAll(): void {
    this.#filesystem.syncAll();
  }

  createFile(path: string, { mode }: { readonly mode: number }): Promise<DiskFile> {
    return this.#call({ name: "createFile", path }, (filesystem) =>
      this.#openFile(filesystem.create(path, "file", mode), path),
    );
  }

  openForRead(path: string): Promise<DiskReader> {
    return this.#call({ name: "openForRead", path }, (filesystem) => this.#openReader(filesystem.open(path), path));
  }

  readFile(path: string): Promise<Uint8Array> {
    return this.#call({ name: "readFile", path }, (filesystem) => filesystem.read(filesystem.open(path), 0, Infinity));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call({ name: "rename", path: from }, (filesystem) => filesystem.rename(from, to));
  }

  link(from: string, to: string): Promise<void> {
    return this.#call({ name: "link", path: to }, (filesystem) => filesystem.link(from, to));
  }

  symlink(target: string, path: string): Promise<void> {
    return this.#call(
      { name: "symlink", path },
      (filesystem) => void filesystem.create(path, "symlink", 0o777, target),
    );
  }

  readLink(path: string): Promise<string> {
    return this.#call({ name: "readLink", path }, (filesystem) => filesystem.readLink(path));
  }

  unlink(path: string): Promise<void> {
    return this.#call({ name: "unlink", path }, (filesystem) => filesystem.unlink(path));
  }

  mkdir(path: string, options: { readonly mode?: number } = {}): Promise<void> {
    return this.#call(
      { name: "mkdir", path },
      (filesystem) => void filesystem.create(path, "folder", options.mode ?? 0o755),
    );
  }

  rmdir(path: string): Promise<void> {
    return this.#call({ name: "rmdir", path }, (filesystem) => filesystem.rmdir(path));
  }

  async *list(folder: string): AsyncIterable<DiskEntry> {
    yield* await this.#call({ name: "list", path: folder }, (filesystem) => filesystem.list(folder));
  }

  stat(path: string): Promise<DiskStat> {
    return this.#call({ name: "stat", path }, (filesystem) => toDiskStat(filesystem.at(path)));
  }

  syncFolder(path: string): Promise<void> {
    return this.#call({ name: "syncFolder", path }, (filesystem) => filesystem.syncFolder(path));
  }

  #openFile(inode: SimulatedInode, path: string): DiskFile {
    let end = 0;
    const call = this.#callsOn(inode, path);
    const setAttributes = (changed: Partial<SimulatedInode["attributes"]>): void => {
      inode.attributes = { ...inode.attributes, ...changed };
    };
    const failSync = (): void => inode.content.failSync();
    return {
      write: (bytes, position) =>
        call("write", (filesystem) => {
          const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
          const reached = filesystem.write(inode, pieces, position ?? end);
          if (position === undefined) end = reached;
        }),
      datasync: () => call("datasync", () => inode.content.sync(), failSync),
      sync: () => call("sync", (filesystem) => filesystem.sync(inode), failSync),
      setTimes: (mtimeMicros) => call("setTimes", () => setAttributes({ mtimeMicros })),
      setMode: (mode) => call("setMode", () => setAttributes({ mode })),
      close: () => call("close", (filesystem) => filesystem.close(inode)),
    };
  }

  #openReader(inode: SimulatedInode, path: string): DiskReader {
    const call = this.#callsOn(inode, path);
    return {
      readAt: (target, position) =>
        call("readAt", (filesystem) => {
          const bytes = filesystem.read(inode, position, position + target.length);
          target.set(bytes);
          return bytes.length;
        }),
      stat: () => call("stat", () => toDiskStat(inode)),
      close: () => call("close", (filesystem) => filesystem.close(inode)),
    };
  }

  #callsOn(inode: SimulatedInode, path: string) {
    const boot = this.#boots;
    inode.openCount += 1;
    return <Result>(
      name: DiskCall["name"],
      act: (filesystem: SimulatedFilesystem) => Result,
      onFailure?: () => void,
    ) => {
      if (boot !== this.#boots)
        return Promise.reject(new SimulatedCrash(`The power was off since ${path} was opened.`));
      return this.#call({ name, path }, act, onFailure);
    };
  }

  /** The caller crashes before receiving the result of the n-th call. */
  async #call<Result>(
    call: DiskCall,
    act: (filesystem: SimulatedFilesystem) => Result,
    onFailure?: () => void,
  ): Promise<Result> {
    if (this.callCount + 1 >= this.crashBeforeCall) this.crashed = true;
    this.#assertPower(call);
    this.callCount += 1;
    const outcome = this.#attempt(call, act, onFailure);
    if (this.callCount >= this.crashAfterCall) this.crashed = true;
    this.#assertPower(call);
    if ("error" in outcome) throw toDiskError(outcome.error, call.name, call.path);
    return outcome.result;
  }

  #attempt<Result>(
    call: DiskCall,
    act: (filesystem: SimulatedFilesystem) => Result,
    onFailure?: () => void,
  ): { result: Result } | { error: unknown } {
    const injected = this.#onCall(call);
    if (injected !== undefined) onFailure?.();
    try {
      return injected === undefined ? { result: act(this.#filesystem) } : { error: errnoError(injected) };
    } catch (error) {
      return { error };
    }
  }

  #assertPower(call: DiskCall): void {
    if (this.crashed)
      throw new SimulatedCrash(`The power is off, at call ${this.callCount}: ${call.name} ${call.path}`);
  }
}
