import { toHoldfastError } from "@holdfast/core/errors";
import type { Engine } from "@holdfast/sync/loop/engine";
import type { Hint } from "@holdfast/synced-folder/hint-gathering";
import { watchFolder } from "@holdfast/synced-folder/watch-folder";
import type { FolderWatch } from "@holdfast/synced-folder/watch-folder";
import type { SyncReport } from "./report.ts";

type Problems = SyncReport["problems"];

/** A filesystem of another machine may take its time, and never tells of what the others do. */
const proofTimeoutMs = 2000;
const scans = "Changes there are found by a scan every hour, and whenever something else makes it look.";

/**
 * Runs while the folder is watched. The watch stands before the first look: whatever comes later is told, and nothing that was
 * looked at has to be looked at again for what came between.
 * @param remark is told what a person should know of
 * @param own paths whose changes count for nothing: what Holdfast itself writes would wake it again and again
 */
export async function runWatched(
  root: string,
  engine: Pick<Engine, "run" | "hint">,
  remark: (problems: Problems) => void,
  own: readonly string[] = [],
): Promise<void> {
  const isOwn = (path: string): boolean => own.some((each) => path === each || path.startsWith(`${each}/`));
  const hint = (paths?: readonly string[]): void => {
    const others = paths?.filter((path) => !isOwn(path));
    if (others?.length !== 0) engine.hint(others);
  };
  const watch = new RootWatch(root, hint, remark);
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

/** Makes changes of the folder known soon. Without it, or beyond its limits, the hourly scan finds them. */
class RootWatch {
  readonly #root: string;
  readonly #hint: (paths?: readonly string[]) => void;
  readonly #remark: (problems: Problems) => void;
  #watch: FolderWatch | undefined;
  #isClosed = false;
  #isLimited = false;

  /** @param hint is told where something may have changed, or nothing if it is not known */
  constructor(root: string, hint: (paths?: readonly string[]) => void, remark: (problems: Problems) => void) {
    this.#root = root;
    this.#hint = hint;
    this.#remark = remark;
  }

  /** Returns when all folders are watched, or it is known that they cannot be. */
  async begin(): Promise<void> {
    try {
      this.#watch = await watchFolder(this.#root, (hint) => this.#onHint(hint));
      this.#checkLimit();
    } catch (thrown) {
      this.#sayOf(thrown);
    }
  }

  /** Returns when it is known whether the system tells of changes. */
  async prove(): Promise<void> {
    if (this.#watch === undefined || this.#isLimited) return;
    try {
      const isProven = await this.#watch.proveWatch(proofTimeoutMs);
      if (!isProven) this.#say(`The system does not tell of changes in ${this.#root}. ${scans}`);
    } catch (thrown) {
      this.#sayOf(thrown);
    }
  }

  close(): void {
    this.#isClosed = true;
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
    this.#say(`${state.message} Until then a scan every hour finds them.`);
  }

  #sayOf(thrown: unknown): void {
    this.#say(`${toHoldfastError(thrown).message} ${scans}`);
  }

  #say(message: string): void {
    if (!this.#isClosed) this.#remark([{ path: "", code: "not_watched", message }]);
  }
}
