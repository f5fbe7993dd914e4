import { HoldfastError } from "@holdfast/core/errors";

/**
 * Token buckets: each key has one that fills at an even rate up to its burst. A call passes while there is something in
 * it, and what a call turns out to cost may take it below zero, so that a large batch is never refused for its size alone.
 */
export interface Rate {
  readonly perSecond: number;
  /** How much may come at once after a rest. */
  readonly burst: number;
}

export const limitNames = ["calls", "address", "sign_in", "operations", "uploads", "bytes"] as const;
/** Those with a setting each, and accounts that anybody made, by network. */
export type LimitName = (typeof limitNames)[number] | "sign_up";

/** A limit that is undefined is switched off. */
export type Rates = Readonly<Record<LimitName, Rate | undefined>>;

/** Where the buckets are kept: in this process, or in Redis where several processes share them. */
export interface BucketStore {
  /**
   * Takes `amount` from the bucket if it holds at least one (`force`: whatever it holds).
   * @returns 0 if it was taken, otherwise milliseconds until the bucket holds one again
   */
  take(key: string, rate: Rate, amount: number, force: boolean): Promise<number> | number;
}

export interface RateLimits {
  /** @throws HoldfastError `rate_limited` with the seconds to wait */
  take(limit: LimitName, key: string, amount: number): Promise<void>;
  /** Only asks. @throws HoldfastError `rate_limited` */
  check(limit: LimitName, key: string): Promise<void>;
  /** Takes what was already used; shows only in what comes next. */
  debit(limit: LimitName, key: string, amount: number): Promise<void>;
  /** Counts a poll held under this key until the returned function is called. @throws HoldfastError `rate_limited` */
  holdPoll(key: string): () => void;
}

const sentences: Readonly<Record<LimitName, string>> = {
  calls: "Too many calls by this user",
  address: "Too many calls without a valid token from this address",
  sign_in: "Too many failed attempts",
  sign_up: "Too many new accounts from this network",
  operations: "Too many operations by this user",
  uploads: "Too many uploads by this user",
  bytes: "Too many bytes sent by this user",
};

/** @param pollsMax held at once under one key; 0: no limit */
export function openRateLimits(rates: Rates, pollsMax: number, store: BucketStore): RateLimits {
  const polls = new Map<string, number>();
  const use = async (limit: LimitName, key: string, amount: number, force: boolean) => {
    const rate = rates[limit];
    if (rate === undefined) return;
    const waitMs = await store.take(`${limit}:${key}`, rate, amount, force);
    if (waitMs > 0) throw exceeded(sentences[limit], waitMs);
  };
  return {
    take: (limit, key, amount) => use(limit, key, amount, false),
    check: (limit, key) => use(limit, key, 0, false),
    debit: (limit, key, amount) => use(limit, key, amount, true),
    holdPoll: (key) => {
      const held = polls.get(key) ?? 0;
      if (pollsMax > 0 && held >= pollsMax) throw exceeded(`More than ${pollsMax} polls at once`, 1000);
      polls.set(key, held + 1);
      return releaser(polls, key);
    },
  };
}

function exceeded(what: string, waitMs: number): HoldfastError {
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new HoldfastError("rate_limited", `${what}. Try again in ${retryAfterSeconds} s.`, { retryAfterSeconds });
}

function releaser(polls: Map<string, number>, key: string): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    const left = (polls.get(key) ?? 1) - 1;
    if (left === 0) polls.delete(key);
    else polls.set(key, left);
  };
}

interface Bucket {
  level: number;
  atMs: number;
}

/** Above this many buckets the full ones, which are as good as none, are dropped. */
const bucketsMax = 100_000;

/** @param nowMs never goes back */
export function openMemoryBuckets(nowMs: () => number): BucketStore {
  const buckets = new Map<string, Bucket & { rate: Rate }>();
  let sweepAt = bucketsMax;
  const sweep = () => {
    for (const [key, bucket] of buckets)
      if (levelOf(bucket, bucket.rate, nowMs()) >= bucket.rate.burst) buckets.delete(key);
    // Were all of them in use, a sweep for each new key would cost more than the keys.
    sweepAt = Math.max(bucketsMax, buckets.size * 2);
  };
  return {
    take: (key, rate, amount, force) => {
      const now = nowMs();
      const bucket = buckets.get(key);
      const level = bucket === undefined ? rate.burst : levelOf(bucket, rate, now);
      if (!force && level < 1) return Math.ceil(((1 - level) / rate.perSecond) * 1000);
      if (amount === 0) return 0;
      if (bucket === undefined && buckets.size >= sweepAt) sweep();
      buckets.set(key, { level: level - amount, atMs: now, rate });
      return 0;
    },
  };
}

function levelOf(bucket: Bucket, rate: Rate, nowMs: number): number {
  return Math.min(rate.burst, bucket.level + ((nowMs - bucket.atMs) / 1000) * rate.perSecond);
}
