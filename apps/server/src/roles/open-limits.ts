import type { Config } from "../config/read-config.ts";
import { openMemoryBuckets, openRateLimits, type RateLimits } from "../http/exchange/rate-limits.ts";
import { openRedisBuckets } from "../http/exchange/redis-buckets.ts";
import type { Log } from "../operation/log.ts";
import type { Closers } from "./closers.ts";

/** Limits counted in this process, or in Redis where several share them. */
export function openLimits(config: Config, log: Log, closers: Closers): RateLimits {
  const memory = openMemoryBuckets(() => performance.now());
  if (config.redisUrl === undefined) return openRateLimits(config.rates, config.pollsMax, memory);
  const redis = openRedisBuckets(config.redisUrl, memory, log);
  closers.add("redis", () => redis.close());
  return openRateLimits(config.rates, config.pollsMax, redis);
}
