import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { Sleep } from "./call-signal.ts";
import { inTime } from "./in-time.ts";
import type { CallOptions, GetOptions, ObjectEntry, ObjectStat, ObjectStore } from "./object-store.ts";

export interface StoreCopyOptions {
  /** A folder or `s3://…`, as configured. */
  readonly name: string;
  /** Also called after the store went away and must be recreated. */
  readonly open: () => Promise<ObjectStore>;
  /** Proves the store's identity and availability; undefined: any response suffices. */
  readonly proofKey?: string;
  /** Rejects for another store's proof. Called before a returned store is used, because it may be another one. */
  readonly assertOwn?: (store: ObjectStore) => Promise<void>;
  /** The store was never used before, so no proof exists yet. */
  readonly isNew?: boolean;
  /** Longest time of a check. */
  readonly patienceMs: number;
  readonly sleep: Sleep;
  /** Monotonic clock. */
  readonly monotonicMs: () => number;
  /** Called when the store goes away, and without a reason when it is back. */
  readonly onChange?: (copy: StoreCopy, reason: HoldfastError | undefined) => void;
  /** This copy lacks the object or has it damaged, and another copy has it intact. */
  readonly onLack?: (copy: StoreCopy, key: string) => void;
}

/**
 * One of two stores with equal content. After a failed call, the store must show its proof, otherwise it is away until
 * it does. A store that answers without a proof (an unmounted disk) is away too, and `isGone`.
 */
export class StoreCopy implements ObjectStore {
  readonly name: string;
  readonly #options: StoreCopyOptions;
  #store: ObjectStore | undefined;
  #isNew: boolean;
  #isGone = false;
  #reason: HoldfastError | undefined;
  #cannotWrite = false;
  #looking: Promise<boolean> | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: StoreCopyOptions) {
    this.name = options.name;
    this.#options = options;
    this.#isNew = options.isNew ?? false;
  }

  get isAway(): boolean {
    return this.#reason !== undefined;
  }

  /** The store answers but lacks its proof. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  get reason(): HoldfastError | undefined {
    return this.#reason;
  }

  /** Concurrent callers share one check. @returns true if the store is available */
  look(): Promise<boolean> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** `look` at most once per `everyMs`. */
  async lookAgain(everyMs: number): Promise<boolean> {
    if (this.#options.monotonicMs() - this.#lookedAtMs < everyMs && this.#looking === undefined) return !this.isAway;
    return this.look();
  }

  /** Treats a store that lost everything as new; a put recreates it. */
  async beginAnew(): Promise<void> {
    await this.#looking;
    this.#store = undefined;
    this.#isNew = true;
    await this.look();
  }

  /** Another copy has this object intact, unlike this one. */
  lacks(key: string): void {
    if (!this.isAway) this.#options.onLack?.(this, key);
  }

  put(key: string, bytes: Uint8Array | readonly Uint8Array[], call?: CallOptions): Promise<void> {
    return this.#watch(true, (store) => store.put(key, bytes, call));
  }

  get(key: string, call?: GetOptions): Promise<Uint8Array> {
    return this.#watch(false, (store) => store.get(key, call));
  }

  stat(key: string, call?: CallOptions): Promise<ObjectStat | undefined> {
    return this.#watch(false, (store) => store.stat(key, call));
  }

  delete(key: string, call?: CallOptions): Promise<void> {
    return this.#watch(true, (store) => store.delete(key, call));
  }

  async *list(prefix: string, call?: CallOptions): AsyncIterable<ObjectEntry> {
    const store = await this.#watch(false, async (opened) => opened);
    try {
      yield* store.list(prefix, call);
    } catch (error) {
      await this.#suspect(error, false);
      throw error;
    }
  }

  async tookTooLong(isWrite: boolean): Promise<void> {
    this.#cannotWrite ||= isWrite;
    await this.look();
  }

  async #watch<Result>(isWrite: boolean, act: (store: ObjectStore) => Promise<Result>): Promise<Result> {
    try {
      return await act(await this.#opened());
    } catch (error) {
      await this.#suspect(error, isWrite);
      throw error;
    }
  }

  async #opened(): Promise<ObjectStore> {
    this.#store ??= await this.#options.open();
    return this.#store;
  }

  async #suspect(error: unknown, isWrite: boolean): Promise<void> {
    const { code } = toHoldfastError(error);
    if (code !== "unavailable" && code !== "failed") return;
    this.#cannotWrite ||= isWrite;
    await this.look();
  }

  async #lookOnce(): Promise<boolean> {
    const { patienceMs, sleep } = this.#options;
    let reason: HoldfastError | undefined;
    try {
      await inTime({ patienceMs, sleep }, undefined, (signal) => this.#showItself(signal));
      this.#cannotWrite = false;
    } catch (error) {
      reason = toHoldfastError(error);
    }
    this.#lookedAtMs = this.#options.monotonicMs();
    const hasChanged = (this.#reason === undefined) !== (reason === undefined);
    this.#reason = reason;
    if (hasChanged) this.#options.onChange?.(this, reason);
    return reason === undefined;
  }

  async #showItself(signal: AbortSignal): Promise<void> {
    const { proofKey, assertOwn } = this.#options;
    const store = await this.#opened();
    const proof = await store.stat(proofKey ?? probeKey, { signal });
    if (proofKey !== undefined) {
      this.#isGone = proof === undefined && !this.#isNew;
      if (proof !== undefined) this.#isNew = false;
      if (this.#isGone)
        throw new HoldfastError("unavailable", `The store ${this.name} does not contain its ${proofKey}.`);
      if (proof !== undefined && this.isAway) await assertOwn?.(store);
    }
    // A readable but unwritable store (no permission, mounted read-only) would fail at each put again.
    if (!this.#cannotWrite) return;
    await store.put(probeKey, new Uint8Array(1), { signal });
    await store.delete(probeKey, { signal });
  }
}

/** Neither pack nor keyring: a store that failed to write writes and deletes it as a test. */
export const probeKey = "probe";
