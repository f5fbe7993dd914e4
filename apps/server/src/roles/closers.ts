import { toHoldfastError } from "@holdfast/core/errors";
import type { Log } from "../operation/log.ts";

/** What was opened, to be closed in reverse: http, then jobs, then what they use, the database last. */
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

  /** Idempotent. A step that fails is logged and does not keep the others from running. */
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
