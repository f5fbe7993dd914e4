import { closeSync, constants, mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { HoldfastError } from "@holdfast/core/errors";
import { ownFolder } from "@holdfast/sync-ports/paths";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { toLookError } from "./folder-error.ts";
import { type Hint, HintGathering } from "./hint-gathering.ts";
import { linux, type Native } from "@holdfast/disk/native";
import { RootFolder } from "@holdfast/disk/root-folder";
import { TreeWatcher, type WatchLimit } from "./tree-watcher.ts";
import { readEvents, type WatchEvent } from "./watch-events.ts";

export interface FolderWatch {
  /** `limited`: some folders are unwatched, and only scans find their changes. The message is for people. */
  state(): { readonly kind: "watching" } | { readonly kind: "limited"; readonly message: string };
  /** Changes a file of the engine. @returns true if the watch reported it in time */
  proveWatch(timeoutMs: number): Promise<boolean>;
  close(): void;
}

export interface WatchOptions {
  /** Default: Linux. Tests make it fail. */
  readonly native?: Native;
}

/**
 * Watches a synced folder and everything below except `.holdfast`, by inotify. Hints make changes known sooner, but
 * only a scan finds all of them.
 *
 * No thread waits and no timer runs: the kernel sends SIGIO for the first event.
 * @param onHint called in this thread's event loop, immediately and then every 50 ms during activity
 * @returns once all folders are watched
 * @throws HoldfastError not_found, unavailable; failed on another system
 */
export async function watchFolder(
  rootPath: string,
  onHint: (hint: Hint) => void,
  { native = linux() }: WatchOptions = {},
): Promise<FolderWatch> {
  if (!isMainThread) throw new HoldfastError("internal", "A folder is watched in the main thread.");
  const watching = new Watching(openRoot(rootPath, native), onHint);
  try {
    await watching.begin();
  } catch (thrown) {
    watching.close();
    throw toLookError(thrown, "watch", rootPath);
  }
  return watching;
}

/** Longest time before other work runs. */
const drainMs = 10;
const proofFolder = `${ownFolder}/watched`;

let hasSignalHandler = false;

/** Permanent, because even a late signal would end the process without a handler. */
function keepSignalHandler(): void {
  if (!hasSignalHandler) process.on("SIGIO", () => {});
  hasSignalHandler = true;
}

function openRoot(path: string, native: Native): RootFolder {
  try {
    return new RootFolder(realpathSync(path), native);
  } catch (thrown) {
    throw toLookError(thrown, "watch", path);
  }
}

class Watching implements FolderWatch {
  readonly #root: RootFolder;
  readonly #hints: HintGathering;
  readonly #proofs = new Set<() => void>();
  readonly #onSignal = (): void => this.#drain();
  #watcher: number | undefined;
  #proofWatch: number | undefined;
  #tree: TreeWatcher | undefined;
  #limit: WatchLimit | undefined;

  constructor(root: RootFolder, onHint: (hint: Hint) => void) {
    this.#root = root;
    this.#hints = new HintGathering(onHint);
  }

  async begin(): Promise<void> {
    const { native, path } = this.#root;
    keepSignalHandler();
    process.on("SIGIO", this.#onSignal);
    try {
      this.#watcher = native.makeWatcher();
    } catch (thrown) {
      if (!["EMFILE", "ENFILE"].includes(ownErrnoOf(thrown) ?? "")) throw thrown;
      this.#limit = "max_user_instances";
      return;
    }
    mkdirSync(join(path, proofFolder), { recursive: true, mode: 0o700 });
    const onLimit = (limit: WatchLimit): void => void (this.#limit = limit);
    this.#tree = new TreeWatcher(this.#root, this.#watcher, this.#hints, onLimit);
    this.#proofWatch = this.#tree.addWatch(proofFolder);
    await this.#tree.walk();
    this.#drain();
  }

  state(): ReturnType<FolderWatch["state"]> {
    if (this.#limit === undefined) return { kind: "watching" };
    const message =
      `Not all of ${this.#root.path} can be watched: the system's limit fs.inotify.${this.#limit} is reached. Changes there ` +
      `are found later, by scans. To watch everything, raise it (sysctl fs.inotify.${this.#limit}=1000000) and start again.`;
    return { kind: "limited", message };
  }

  async proveWatch(timeoutMs: number): Promise<boolean> {
    if (this.#watcher === undefined || this.#proofWatch === undefined) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const proof = (): void => resolve(true);
    this.#proofs.add(proof);
    const timer = setTimeout(() => resolve(false), timeoutMs);
    try {
      const descriptor = this.#root.open(`${proofFolder}/proof`, constants.O_WRONLY | constants.O_CREAT, 0o600);
      this.#root.native.setModifiedTime(descriptor, undefined);
      closeSync(descriptor);
      return await promise;
    } catch (thrown) {
      throw toLookError(thrown, "verify the watch of", this.#root.path);
    } finally {
      clearTimeout(timer);
      this.#proofs.delete(proof);
    }
  }

  close(): void {
    process.off("SIGIO", this.#onSignal);
    this.#tree?.close();
    this.#hints.close();
    if (this.#watcher !== undefined) closeSync(this.#watcher);
    this.#watcher = undefined;
  }

  /** The signal comes only once, so everything is read, but for a limited time. */
  #drain(): void {
    const untilMs = performance.now() + drainMs;
    for (;;) {
      if (this.#watcher === undefined) return;
      const events = readEvents(this.#watcher);
      for (const event of events) this.#take(event);
      if (events.length === 0) break;
      if (performance.now() > untilMs) {
        setImmediate(this.#onSignal);
        break;
      }
    }
    this.#hints.flush();
  }

  #take(event: WatchEvent): void {
    if (event.watch === this.#proofWatch) for (const proof of this.#proofs) proof();
    else this.#tree?.take(event);
  }
}
