import { HoldfastError } from "@holdfast/core/errors";
import type { LimitName, Rate, Rates } from "../../base/config/rate.ts";

/** This process, or Redis shared by several processes. */
export interface BucketStore {
  /**
   * Takes `amount` from the bucket if it contains at least one. `force` takes it in any case.
   * @returns 0 if it was taken, otherwise milliseconds until the bucket contains one
   */
  take(key: string, rate: Rate, amount: number, force: boolean): Promise<number> | number;
}

export interface RateLimits {
  /** @throws HoldfastError `rate_limited` with the seconds to wait */
  take(limit: LimitName, key: string, amount: number): Promise<void>;
  /** Takes nothing. @throws HoldfastError `rate_limited` */
  check(limit: LimitName, key: string): Promise<void>;
  /** Takes an amount that was already used, so it only delays later calls. */
  debit(limit: LimitName, key: string, amount: number): Promise<void>;
  /** Counts a poll under this key until the returned function is called. @throws HoldfastError `rate_limited` */
  holdPoll(key: string): () => void;
}

const sentences: Readonly<Record<LimitName, string>> = {
  calls: "Too many requests by this user",
  address: "Too many requests without a valid token from this address",
  sign_in: "Too many failed attempts",
  sign_up: "Too many new accounts from this network",
  operations: "Too many operations by this user",
  uploads: "Too many uploads by this user",
  bytes: "Too many bytes sent by this user",
};

/** @param pollsMax polls under one key at the same time; 0: no limit */
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
      if (pollsMax > 0 && held >= pollsMax) throw exceeded(`More than ${pollsMax} concurrent polls`, 1000);
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

/** A missing bucket counts as full, so full ones are removed above this number. */
const bucketsMax = 100_000;

/** @param nowMs monotonic clock */
export function openMemoryBuckets(nowMs: () => number): BucketStore {
  const buckets = new Map<string, Bucket & { rate: Rate }>();
  let sweepAt = bucketsMax;
  const sweep = () => {
    for (const [key, bucket] of buckets)
      if (levelOf(bucket, bucket.rate, nowMs()) >= bucket.rate.burst) buckets.delete(key);
    // If all buckets are in use, a sweep for each new key would cost more than the keys.
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
