/**
 * Port to the storage of packs: a flat map from keys to immutable bytes in one folder, bucket or memory. Retries,
 * limits, metering and faults are decorators.
 *
 * Contract, checked by `store-conformance.ts`:
 * - `assertKey` of `object-key.ts` accepts the key, else `invalid_field`. No key is a folder of another one (`a` beside
 *   `a/b`).
 * - `put` is atomic: readers see a whole object, the old or the new one, or none. A completed put survives a power
 *   failure. After a failed one, the object may exist completely or not at all.
 * - `get`, `stat` and `list` show a completed put immediately to everybody.
 * - A power failure may undo a delete; callers that rely on it delete again.
 * - Failures are HoldfastErrors: `not_found`, `range`, `store_full`, `unavailable` (retryable), `failed` (needs a
 *   person). An aborted call rejects with `request_timeout`, and its put may have happened.
 */
export interface ObjectStore {
  /** Replaces the key's object. The pieces are stored in sequence and must not change until this has returned. */
  put(key: string, bytes: Uint8Array | readonly Uint8Array[], options?: CallOptions): Promise<void>;
  /** @param options.range bytes from `start` to before `end`, inside the object and not empty, else `range` */
  get(key: string, options?: GetOptions): Promise<Uint8Array>;
  stat(key: string, options?: CallOptions): Promise<ObjectStat | undefined>;
  /** Keys that start with the prefix (at any position), in ascending byte order. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectEntry>;
  /** Succeeds without such an object too. */
  delete(key: string, options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  readonly range?: ByteRange;
  /**
   * Returns memory of exactly this size for each attempt, because an abandoned one may still write. A store may use its
   * own.
   */
  readonly allocate?: (sizeBytes: number) => Uint8Array;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectStat {
  readonly sizeBytes: number;
  /** Unix milliseconds of the store's clock; `stat` and `list` may round it to seconds differently. */
  readonly modifiedAtMs: number;
}

export interface ObjectEntry extends ObjectStat {
  readonly key: string;
}
