import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Log } from "../../base/operation/log.ts";
import type { Witness } from "./verify-audit.ts";

export interface HeadKeeperOptions {
  /** Stored ends, also of earlier runs. */
  readonly read: () => Promise<readonly Witness[]>;
  readonly write: (heads: readonly Witness[]) => Promise<void>;
  /** True if the entry exists or has expired. */
  readonly isThere: (witness: Witness) => Promise<boolean>;
  readonly log: Log;
}

/**
 * Stores and logs the ends of the chains, at most once in `auditHeadMs`. An end that is missing in its chain is never
 * replaced, so that deleted entries stay detectable.
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

  /** Resolves when the current ends are stored, or a failure was logged. */
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
