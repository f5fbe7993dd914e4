import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Shard } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { OutageLog } from "../../base/db/outage-log.ts";
import { appendBehind, appendLocked, type KeptText } from "./append-entries.ts";
import type { Link } from "./chain.ts";

export interface ChainWriterOptions {
  readonly shard: Shard;
  readonly key: Uint8Array;
  readonly log: Log;
  /** Called with the end of the chain after each append of this process. */
  readonly onAppended?: (shard: Shard, end: Link, count: number) => void;
}

interface Waiting extends KeptText {
  /** Set if a caller waits for the write. */
  readonly written: PromiseWithResolvers<void> | undefined;
}

/**
 * Many requests of a shard share a statement. Failures are retried, and accepted entries are never dropped. A request
 * that cannot be audited is rejected first.
 */
export class ChainWriter {
  readonly #options: ChainWriterOptions;
  readonly #outage: OutageLog;
  #waiting: Waiting[] = [];
  #known: Link | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #waitingBytes = 0;
  #failure: HoldfastError | undefined;
  /** Entries of an unfinished append. `tried`: preceding entry, if the append may have succeeded. */
  #taken: { readonly texts: readonly Waiting[]; tried: Link | undefined } | undefined;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
    const over = "the audit log can be written again";
    this.#outage = new OutageLog(options.log, { level: "error", message: "the audit log cannot be written", over });
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get #length(): number {
    return this.#waiting.length + (this.#taken?.texts.length ?? 0);
  }

  /** Writes within `auditDelayMs`. */
  add(kept: KeptText): void {
    this.#push({ ...kept, written: undefined });
    if (this.#waiting.length >= limits.auditEntriesAtOnceMax) void this.#flush();
    else this.#flushIn(limits.auditDelayMs);
  }

  /** Resolves when the entry is durable. @throws HoldfastError unavailable or store_full; the write is still retried */
  addDurably(kept: KeptText): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.#push({ ...kept, written });
    void this.#flush();
    return written.promise;
  }

  /** Writes all waiting entries. @throws HoldfastError if that fails */
  async drain(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    while (this.#length > 0) await this.#append();
  }

  #push(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.text.length;
  }

  #takeSome(): Waiting[] {
    let sizeBytes = 0;
    const end = this.#waiting.findIndex(({ text }) => (sizeBytes += text.length) > limits.auditAppendBytesMax);
    const count = end === -1 ? this.#waiting.length : Math.max(end, 1);
    return this.#waiting.splice(0, Math.min(count, limits.auditEntriesAtOnceMax));
  }

  #flushIn(delayMs: number): void {
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => void this.#flush(), delayMs);
  }

  #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#length === 0) return;
      const isUrgent =
        this.#taken === undefined &&
        (this.#waiting.length >= limits.auditEntriesAtOnceMax ||
          this.#waiting.some(({ written }) => written !== undefined));
      if (isUrgent) void this.#flush();
      else this.#flushIn(this.#taken === undefined ? limits.auditDelayMs : limits.auditRetryMs);
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#append();
    } catch (thrown) {
      const error = toHoldfastError(thrown);
      this.#outage.failed({ reason: error.message, waiting: this.#length });
      this.#failure = error;
      const refused = this.refusal();
      for (const { written } of [...(this.#taken?.texts ?? []), ...this.#waiting]) written?.reject(refused);
    }
  }

  async #append(): Promise<void> {
    const { shard, key } = this.#options;
    const isRetry = this.#taken !== undefined;
    this.#taken ??= { texts: this.#takeSome(), tried: this.#known };
    const taken = this.#taken;
    const { texts, tried } = taken;
    if (texts.length === 0) return void (this.#taken = undefined);
    const append = { db: shard.db, key, texts };
    const end = isRetry || tried === undefined ? undefined : await appendBehind(tried, append);
    if (end !== undefined) return this.#done(end, texts);
    if (!isRetry) taken.tried = undefined;
    const onKnown = (known: Link) => void (taken.tried = known);
    this.#done(await appendLocked(append, { onKnown, tried: taken.tried }), texts);
  }

  /** A full disk keeps its own message, because only space helps. */
  refusal(): HoldfastError {
    const cause = this.#failure;
    if (cause?.code === "store_full") {
      const { code, message, retryAfterSeconds = 1 } = cause;
      return new HoldfastError(code, message, { cause, retryAfterSeconds });
    }
    const message = "This request cannot be recorded in the audit log now. Try again.";
    return new HoldfastError("unavailable", message, { cause, retryAfterSeconds: 1 });
  }

  #done(end: Link, texts: readonly Waiting[]): void {
    this.#failure = undefined;
    this.#outage.worked();
    this.#known = end;
    this.#taken = undefined;
    for (const { text, written } of texts) {
      this.#waitingBytes -= text.length;
      written?.resolve();
    }
    this.#options.onAppended?.(this.#options.shard, end, texts.length);
  }
}
