import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Log } from "../operation/log.ts";
import type { Witness } from "./verify-audit.ts";

export interface HeadKeeperOptions {
  /** What was kept last, by an earlier run too. */
  readonly read: () => Promise<readonly Witness[]>;
  readonly write: (heads: readonly Witness[]) => Promise<void>;
  /** Whether the entry is still there, or has gone because of its age. */
  readonly isThere: (witness: Witness) => Promise<boolean>;
  readonly log: Log;
}

/**
 * Keeps the ends of the chains outside of the database, and tells the log, at most once in `auditHeadMs`. An end that is not in its chain any more is never
 * replaced, so that whoever takes the newest entries away cannot wait until that is forgotten.
 */
export class HeadKeeper {
  readonly #options: HeadKeeperOptions;
  readonly #heads = new Map<string, Witness>();
  #timer: NodeJS.Timeout | undefined;
  #keeping = Promise.resolve();

  constructor(options: HeadKeeperOptions) {
    this.#options = options;
  }

  moved(head: Witness): void {
    this.#heads.set(head.chain, head);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.keep(), limits.auditHeadMs);
    this.#timer.unref();
  }

  /** @returns once the ends that are known now are kept, or that failed, which the log tells */
  keep(): Promise<void> {
    if (this.#timer === undefined) return this.#keeping;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { log } = this.#options;
    this.#keeping = this.#keeping
      .then(() => this.#keep())
      .catch((error: unknown) =>
        log.error({ reason: toHoldfastError(error).message }, "the end of the audit log cannot be saved"),
      );
    return this.#keeping;
  }

  async #keep(): Promise<void> {
    const { read, write, isThere, log } = this.#options;
    const heads = new Map(this.#heads);
    for (const kept of await read()) {
      if (await isThere(kept)) continue;
      heads.set(kept.chain, kept);
      log.error(kept, "the newest entries of the audit log are missing; 'holdfast admin audit verify' shows details");
    }
    await write([...heads.values()]);
    log.info({ heads: [...heads.values()] }, "end of the audit log");
  }
}
