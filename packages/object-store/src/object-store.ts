/**
 * The port to where packs lie: a flat map from keys to immutable bytes. One folder, bucket or memory behind it; retries,
 * limits, metering and faults are decorators that are object stores themselves.
 *
 * The contract, which `store-conformance.ts` checks on each implementation and each decorator:
 * - A key is what `assertKey` of `object-key.ts` accepts, else `invalid_field`. No key is another one's folder (`a` beside `a/b`).
 * - `put` is atomic: a reader sees all of the object or none, the old one or the new one. Once it has returned, the object
 *   survives a power cut. After it failed the object may be there, whole, or not.
 * - What was put is what `get`, `stat` and `list` show at once to everybody.
 * - A delete may come undone by a power cut; whoever counts on it deletes again.
 * - Failures are HoldfastErrors: `not_found`, `range`, `store_full`, `unavailable` (worth trying again), `failed` (a person must
 *   look). A call whose signal is aborted rejects with `request_timeout`; a put may then have happened.
 */
export interface ObjectStore {
  /** Replaces what the key held. The pieces are stored one after the other; they must not change until it has returned. */
  put(key: string, bytes: Uint8Array | readonly Uint8Array[], options?: CallOptions): Promise<void>;
  /**
   * @param options.range bytes from `start` up to and without `end`; it must lie inside the object and not be empty, else `range`
   */
  get(key: string, options?: GetOptions): Promise<Uint8Array>;
  stat(key: string, options?: CallOptions): Promise<ObjectStat | undefined>;
  /** All objects whose key starts with the prefix (which need not end at a slash), in ascending order of the keys' bytes. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectEntry>;
  /** Succeeds also when there is no such object. */
  delete(key: string, options?: CallOptions): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface GetOptions extends CallOptions {
  readonly range?: ByteRange;
  /**
   * Gives memory of exactly so many bytes to read into, anew for each attempt: one that was given up may still write into its
   * own. A store may make its own instead.
   */
  readonly allocate?: (sizeBytes: number) => Uint8Array;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectStat {
  readonly sizeBytes: number;
  /** Unix milliseconds by the store's clock; `stat` and `list` may round it to seconds, each in its own way. */
  readonly modifiedAtMs: number;
}

export interface ObjectEntry extends ObjectStat {
  readonly key: string;
}
