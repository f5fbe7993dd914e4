import { toHoldfastError } from "@holdfast/core/errors";
import type { Hint } from "@holdfast/synced-folder/hint-gathering";
import { watchFolder } from "@holdfast/synced-folder/watch-folder";
import type { FolderWatch } from "@holdfast/synced-folder/watch-folder";
import type { SyncReport } from "./report.ts";

type Problems = SyncReport["problems"];

/** A filesystem of another machine may take its time, and never tells of what the others do. */
const proofTimeoutMs = 2000;
const scans = "Changes there are found by a scan every hour, and whenever something else makes it look.";

/** Makes changes of the folder known soon. Without it, or beyond its limits, the hourly scan finds them. */
export class RootWatch {
  readonly #root: string;
  readonly #hint: (folders?: Iterable<string>) => void;
  readonly #remark: (problems: Problems) => void;
  #watch: FolderWatch | undefined;
  #isClosed = false;
  #isLimited = false;

  /**
   * @param hint is told in which folders something may have changed, or of none if it is not known
   * @param remark is told what a person should know of
   */
  constructor(root: string, hint: (folders?: Iterable<string>) => void, remark: (problems: Problems) => void) {
    this.#root = root;
    this.#hint = hint;
    this.#remark = remark;
  }

  /** Returns when all folders are watched; what happened before that is looked at then. */
  async begin(): Promise<void> {
    try {
      const watch = await watchFolder(this.#root, (hint) => this.#onHint(hint));
      this.#watch = watch;
      if (this.#isClosed) return watch.close();
      this.#checkLimit();
      if (!this.#isLimited && !(await watch.proveWatch(proofTimeoutMs)) && !this.#isStopped()) {
        this.#say(`The system does not tell of changes in ${this.#root}. ${scans}`);
      }
    } catch (thrown) {
      this.#say(`${toHoldfastError(thrown).message} ${scans}`);
    }
    if (!this.#isStopped()) this.#hint();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.close();
  }

  // A method, since the compiler takes a field that was looked at for settled.
  #isStopped(): boolean {
    return this.#isClosed;
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

  #say(message: string): void {
    if (!this.#isClosed) this.#remark([{ path: "", code: "not_watched", message }]);
  }
}
