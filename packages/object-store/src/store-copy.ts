import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { Sleep } from "./call-signal.ts";
import { inTime } from "./in-time.ts";
import type { CallOptions, GetOptions, ObjectEntry, ObjectStat, ObjectStore } from "./object-store.ts";

export interface StoreCopyOptions {
  /** A folder or `s3://…`, as it was configured. */
  readonly name: string;
  /** Opens it, and opens it anew where it went away and is to be made again. */
  readonly open: () => Promise<ObjectStore>;
  /** The object by which a store shows that it is the one, and there; undefined: that it answers is enough. */
  readonly proofKey?: string;
  /** Rejects where the proof is another's: asked before a store that was away is used again, since another one may lie in its place. */
  readonly assertOwn?: (store: ObjectStore) => Promise<void>;
  /** It was never used before, so that it need not show anything yet. */
  readonly isNew?: boolean;
  /** How long a look may take. */
  readonly patienceMs: number;
  readonly sleep: Sleep;
  /** Milliseconds of a clock that never goes back. */
  readonly monotonicMs: () => number;
  /** Told when it goes away, and without a reason when it is back. */
  readonly onChange?: (copy: StoreCopy, reason: HoldfastError | undefined) => void;
  /** Told of an object that this copy lacks, or has damaged, and another one has whole. */
  readonly onLack?: (copy: StoreCopy, key: string) => void;
}

/**
 * One of two stores that hold the same, and whether it is there: a call that fails lets it show its proof, and without that it is
 * away until it shows it again. A store that answers and has no proof (a disk that is not mounted) is away too, and `isGone`.
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

  /** It answers, and holds nothing by which it would be known. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  /** Why it is away. */
  get reason(): HoldfastError | undefined {
    return this.#reason;
  }

  /** Whether it is there now. Who asks while it is being asked gets the same answer. */
  look(): Promise<boolean> {
    this.#looking ??= this.#lookOnce().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** As `look`, and no more often than once in `everyMs`. */
  async lookAgain(everyMs: number): Promise<boolean> {
    if (this.#options.monotonicMs() - this.#lookedAtMs < everyMs && this.#looking === undefined) return !this.isAway;
    return this.look();
  }

  /** A store that lost everything is a new one from now on: what is put makes it anew. */
  async beginAnew(): Promise<void> {
    await this.#looking;
    this.#store = undefined;
    this.#isNew = true;
    await this.look();
  }

  /** Another copy has this object whole, and this one does not. */
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

  /** It took longer than anybody waits. */
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
    // One that can be read and not be written (full permissions gone, mounted read-only) would be found away again by each put.
    if (!this.#cannotWrite) return;
    await store.put(probeKey, new Uint8Array(1), { signal });
    await store.delete(probeKey, { signal });
  }
}

/** No pack and no keyring: written, and taken away at once, by a store that failed to write. */
const probeKey = "probe";
