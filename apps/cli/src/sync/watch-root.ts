import { toHoldfastError } from "@holdfast/core/errors";
import type { Engine } from "@holdfast/sync/loop/engine/engine";
import type { Hint } from "@holdfast/synced-folder/hint-gathering";
import { sharedFilesystem } from "@holdfast/synced-folder/shared-filesystem";
import { watchFolder } from "@holdfast/synced-folder/watch-folder";
import type { FolderWatch } from "@holdfast/synced-folder/watch-folder";
import type { SyncReport } from "./report.ts";

type Problems = SyncReport["problems"];

/** Long enough for a slow network filesystem. Some never report changes of other machines. */
const proofTimeoutMs = 2000;
const scans = "Changes there are found by a scan every 5 minutes.";
/** Scan interval if the watch does not report all changes. Comparing 100,000 files takes a second or two. */
const rescanAfterMs = 5 * 60_000;

/**
 * The watch starts before the first scan, so that no later change is missed.
 * @param filesystemOf names a filesystem that does not report all changes
 * @param own ignored paths, because Holdfast's own writes would trigger the sync again
 */
export async function runWatched(
  root: string,
  engine: Pick<Engine, "run" | "hint">,
  remark: (problems: Problems) => void,
  own: readonly string[] = [],
  filesystemOf: (path: string) => string | undefined = sharedFilesystem,
): Promise<void> {
  const isOwn = (path: string): boolean => own.some((each) => path === each || path.startsWith(`${each}/`));
  const hint = (paths?: readonly string[]): void => {
    const others = paths?.filter((path) => !isOwn(path));
    if (others?.length !== 0) engine.hint(others);
  };
  const watch = new RootWatch(root, hint, remark, filesystemOf(root));
  let proof: Promise<void> | undefined;
  try {
    await watch.begin();
    proof = watch.prove();
    await engine.run();
  } finally {
    watch.close();
    await proof;
  }
}

/** Without a watch, a scan runs every few minutes; beyond the watch's limits, hourly. */
class RootWatch {
  readonly #root: string;
  readonly #hint: (paths?: readonly string[]) => void;
  readonly #remark: (problems: Problems) => void;
  #watch: FolderWatch | undefined;
  #isClosed = false;
  #isLimited = false;
  #rescans: NodeJS.Timeout | undefined;
  readonly #filesystem: string | undefined;

  /** @param hint receives paths that may have changed, or nothing if unknown */
  constructor(
    root: string,
    hint: (paths?: readonly string[]) => void,
    remark: (problems: Problems) => void,
    filesystem: string | undefined,
  ) {
    this.#root = root;
    this.#hint = hint;
    this.#remark = remark;
    this.#filesystem = filesystem;
  }

  /** Returns after all folders are watched or the watch has failed. */
  async begin(): Promise<void> {
    try {
      this.#watch = await watchFolder(this.#root, (hint) => this.#onHint(hint));
      this.#checkLimit();
      const filesystem = this.#filesystem;
      if (filesystem !== undefined) {
        const unseen =
          "This system is not notified of changes that other machines or the underlying filesystem make in it.";
        this.#rescan(`${this.#root} is on ${filesystem}. ${unseen} ${scans}`);
      }
    } catch (thrown) {
      this.#sayOf(thrown);
    }
  }

  /** Tests that the system reports changes. */
  async prove(): Promise<void> {
    if (this.#watch === undefined || this.#isLimited || this.#rescans !== undefined) return;
    try {
      const isProven = await this.#watch.proveWatch(proofTimeoutMs);
      if (!isProven) this.#rescan(`The system does not report changes in ${this.#root}. ${scans}`);
    } catch (thrown) {
      this.#sayOf(thrown);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#rescans);
    this.#watch?.close();
  }

  #onHint(hint: Hint): void {
    this.#checkLimit();
    this.#hint("paths" in hint ? hint.paths : undefined);
  }

  #checkLimit(): void {
    const state = this.#watch?.state();
    if (this.#isLimited || state?.kind !== "limited") return;
    this.#isLimited = true;
    // A folder that is scanned regularly has already been reported.
    if (this.#rescans === undefined) this.#say(`${state.message} Until then a scan every hour finds them.`);
  }

  #sayOf(thrown: unknown): void {
    this.#rescan(`${toHoldfastError(thrown).message} ${scans}`);
  }

  #rescan(message: string): void {
    if (this.#isClosed) return;
    this.#rescans ??= setInterval(() => this.#hint(), rescanAfterMs);
    this.#say(message);
  }

  #say(message: string): void {
    if (!this.#isClosed) this.#remark([{ path: "", code: "not_watched", message }]);
  }
}
