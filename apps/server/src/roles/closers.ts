import { toHoldfastError } from "@holdfast/core/errors";
import type { Log } from "../base/operation/log.ts";

/** Closed in reverse order: http, jobs, their resources, and the database last. */
export class Closers {
  readonly #steps: { readonly name: string; readonly close: () => unknown }[] = [];
  readonly #log: Log;
  #closing: Promise<void> | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(name: string, close: () => unknown): void {
    this.#steps.push({ name, close });
  }

  /** Idempotent. A failed step is logged, and the others still run. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (const { name, close } of this.#steps.toReversed()) {
      try {
        await close();
      } catch (error) {
        this.#log.error({ step: name, reason: toHoldfastError(error).message }, "could not be closed cleanly");
      }
    }
  }
}
