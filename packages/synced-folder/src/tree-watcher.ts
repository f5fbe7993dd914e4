import { closeSync, readdirSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, ownFolder } from "@holdfast/sync-ports/paths";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import type { HintGathering } from "./hint-gathering.ts";
import { nameOfBytes, nativeBytes } from "@holdfast/disk/native-name";
import { folderFlags, type RootFolder } from "@holdfast/disk/root-folder";
import { isAbsent } from "./folder-error.ts";
import { Turns } from "./turn.ts";
import { watchBits, type WatchEvent } from "./watch-events.ts";
import { type WatchedFolder, WatchedTree } from "./watched-tree.ts";

/** System limits of watched folders and of programs, which end a watch. */
export type WatchLimit = "max_user_watches" | "max_user_instances";

/**
 * Watches each folder of the tree. Events describe the past, so changed folders are read again. The kernel returns the
 * same watch for the same folder, which identifies it.
 */
export class TreeWatcher {
  readonly #root: RootFolder;
  readonly #watcher: number;
  readonly #hints: HintGathering;
  readonly #onLimit: (limit: WatchLimit) => void;
  readonly #tree = new WatchedTree();
  readonly #turns = new Turns();
  readonly #visits: Visit[] = [];
  readonly #moving = new Map<number, WatchedFolder>();
  readonly #new = new Set<WatchedFolder>();
  /** Folders with events while they had no path. */
  readonly #changedAway = new Set<WatchedFolder>();
  #againTimer: NodeJS.Timeout | undefined;
  #visiting: Promise<void> | undefined;
  #walk = 0;
  #isFirstWalk = true;
  #isClosed = false;

  constructor(root: RootFolder, watcher: number, hints: HintGathering, onLimit: (limit: WatchLimit) => void) {
    this.#root = root;
    this.#watcher = watcher;
    this.#hints = hints;
    this.#onLimit = onLimit;
  }

  /** Visits every folder and stops watching removed ones. */
  async walk(): Promise<void> {
    this.#walk += 1;
    this.#visits.push({ parent: undefined, name: "", isDeep: true });
    await this.#visitAll();
    this.#isFirstWalk = false;
    const isUnseen = (folder: WatchedFolder): boolean => folder.walk !== this.#walk;
    for (const { parent, name } of [...this.#tree.all()].filter(isUnseen)) {
      if (parent !== undefined) this.#visits.push({ parent, name, isDeep: false });
    }
    await this.#visitAll();
    for (const folder of [...this.#tree.all()].filter(isUnseen)) this.#forget(folder);
  }

  take({ watch, mask, cookie, name }: WatchEvent): void {
    if ((mask & watchBits.overflow) !== 0) return this.#takeOverflow();
    const folder = this.#tree.at(watch);
    if (folder === undefined) return;
    if ((mask & watchBits.ignored) !== 0) return this.#forget(folder);
    const path = this.#tree.pathOf(folder);
    if (path === undefined) {
      // The event is between both halves of a move.
      if ((mask & watchBits.isFolder) !== 0) this.#seeAsNew(folder);
      this.#changedAway.add(folder);
      this.#lookAgain();
      return;
    }
    if ((mask & (watchBits.deletedItself | watchBits.movedItself | watchBits.unmounted)) !== 0) {
      // The parent reports other folders.
      if (folder === this.#tree.root || (mask & watchBits.unmounted) !== 0) this.#hints.addAll();
      return;
    }
    if (path === "" && name === ownFolder) return;
    // A folder's mode belongs to its parent's entries, and other events to its content.
    const isFoldersMode = (mask & watchBits.attributes) !== 0 && (mask & watchBits.isFolder) !== 0;
    const isOfFolder = (mask & entryBits) !== 0 || name === "" || isFoldersMode;
    this.#hints.add(isOfFolder ? path : joinPath(path, name));
    if ((mask & entryBits) !== 0 && (mask & watchBits.isFolder) !== 0) this.#takeFolder(folder, { mask, cookie, name });
  }

  /** @throws SystemCallError */
  addWatch(path: string): number {
    const descriptor = this.#root.open(path, folderFlags);
    try {
      return this.#addWatchOf(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#againTimer);
    this.#visits.length = 0;
  }

  /** Reported after a complete walk, because events use old names until then. */
  #takeOverflow(): void {
    // A failure repeats in the next walk. Until then scans find changes.
    const report = (): void => {
      if (this.#isClosed) return;
      this.#hints.addAll();
      this.#hints.flush();
    };
    this.walk().then(report, report);
  }

  #takeFolder(parent: WatchedFolder, { mask, cookie, name }: Omit<WatchEvent, "watch">): void {
    if ((mask & watchBits.movedFrom) !== 0) {
      const folder = parent.children.get(name);
      if (folder === undefined) return;
      this.#tree.detach(folder);
      this.#moving.set(cookie, folder);
      this.#lookAgain();
    } else if ((mask & watchBits.deleted) === 0) {
      const moved = this.#moving.get(cookie);
      if ((mask & watchBits.movedTo) !== 0 && moved !== undefined) {
        this.#moving.delete(cookie);
        this.#tree.attach(moved, parent, name);
      }
      this.#visits.push({ parent, name, isDeep: false });
      this.#visitSoon();
    }
  }

  #visitSoon(): void {
    this.#visitAll()
      .then(() => this.#hints.flush())
      .catch(() => this.#hints.addAll());
  }

  async #visitAll(): Promise<void> {
    while (this.#visits.length > 0) {
      this.#visiting ??= this.#visitEach().finally(() => (this.#visiting = undefined));
      await this.#visiting;
    }
  }

  async #visitEach(): Promise<void> {
    for (let visit = this.#visits.pop(); visit !== undefined; visit = this.#visits.pop()) {
      await this.#turns.take();
      if (!this.#isClosed) this.#visit(visit);
    }
  }

  /** Adds the watch before listing, so that later changes are events. */
  #visit({ parent, name, isDeep }: Visit): void {
    const above = parent === undefined ? "" : this.#tree.pathOf(parent);
    if (above === undefined) return;
    const path = parent === undefined ? "" : joinPath(above, name);
    if (path === ownFolder) return;
    let descriptor: number | undefined;
    try {
      descriptor = this.#root.open(path, folderFlags);
      const { folder, isNew } = this.#tree.place(this.#addWatchOf(descriptor), parent, name);
      folder.walk = this.#walk;
      if (isNew && !this.#isFirstWalk) {
        this.#hints.add(path);
        this.#seeAsNew(folder);
      }
      if (isNew || isDeep) this.#visitBelow(folder, descriptor, isDeep);
    } catch (thrown) {
      if (ownErrnoOf(thrown) === undefined && !(thrown instanceof HoldfastError)) throw thrown;
      if (ownErrnoOf(thrown) === "ENOSPC") this.#onLimit("max_user_watches");
      // It was removed or moved, and is visited again at its parent. An unreadable folder can be neither watched nor
      // scanned.
      else if (isAbsent(thrown) && parent !== undefined) this.#seeAsNew(parent);
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #visitBelow(folder: WatchedFolder, descriptor: number, isDeep: boolean): void {
    for (const entry of readdirSync(`/proc/self/fd/${descriptor}`, { encoding: "buffer", withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const name = nameOfBytes(entry.name);
      if (isDeep || !folder.children.has(name)) this.#visits.push({ parent: folder, name, isDeep });
    }
  }

  #seeAsNew(folder: WatchedFolder): void {
    this.#new.add(folder);
    this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#isClosed) return;
    this.#againTimer ??= setTimeout(() => {
      this.#againTimer = undefined;
      for (const folder of this.#moving.values()) if (folder.parent === undefined) this.#forget(folder);
      this.#moving.clear();
      this.#lookAtNew();
    }, againMs).unref();
  }

  #lookAtNew(): void {
    for (const folder of this.#changedAway) {
      const path = this.#tree.pathOf(folder);
      if (path !== undefined) this.#hints.add(path);
    }
    this.#changedAway.clear();
    const folders = [...this.#new];
    this.#new.clear();
    for (const folder of folders) {
      const path = this.#tree.pathOf(folder);
      if (path === undefined) continue;
      let descriptor: number | undefined;
      try {
        descriptor = this.#root.open(path, folderFlags);
        this.#visitBelow(folder, descriptor, false);
      } catch (thrown) {
        if (ownErrnoOf(thrown) === undefined && !(thrown instanceof HoldfastError)) throw thrown;
      } finally {
        if (descriptor !== undefined) closeSync(descriptor);
      }
    }
    this.#visitSoon();
  }

  #forget(folder: WatchedFolder): void {
    for (const watch of this.#tree.forget(folder)) {
      try {
        if (!this.#isClosed) this.#root.native.removeWatch(this.#watcher, watch);
      } catch (thrown) {
        // The kernel has already ended the watch.
        if (ownErrnoOf(thrown) !== "EINVAL") throw thrown;
      }
    }
  }

  #addWatchOf(descriptor: number): number {
    return this.#root.native.addWatch(this.#watcher, nativeBytes(`/proc/self/fd/${descriptor}`), watchMask);
  }
}

interface Visit {
  /** undefined for the root */
  readonly parent: WatchedFolder | undefined;
  readonly name: string;
  /** Also visits content of a known folder. */
  readonly isDeep: boolean;
}

const watchMask =
  watchBits.modified |
  watchBits.attributes |
  watchBits.closedAfterWrite |
  watchBits.movedFrom |
  watchBits.movedTo |
  watchBits.created |
  watchBits.deleted |
  watchBits.deletedItself |
  watchBits.movedItself |
  watchBits.onlyFolders |
  watchBits.notWhatIsUnlinked;
const entryBits = watchBits.created | watchBits.deleted | watchBits.movedFrom | watchBits.movedTo;
/** Until new folders are visited again and moved ones are unwatched. */
const againMs = 2000;
