import type { Config } from "../base/config/read-config.ts";
import { openMemoryBuckets, openRateLimits, type RateLimits } from "../edge/exchange/rate-limits.ts";
import type { Log } from "../base/operation/log.ts";
import type { Closers } from "./closers.ts";

/** Counted in this process, or in Redis for several processes. */
export async function openLimits(config: Config, log: Log, closers: Closers): Promise<RateLimits> {
  const memory = openMemoryBuckets(() => performance.now());
  if (config.redisUrl === undefined) return openRateLimits(config.rates, config.pollsMax, memory);
  const { openRedisBuckets } = await import("../edge/exchange/redis-buckets.ts");
  const redis = openRedisBuckets(config.redisUrl, memory, log);
  closers.add("redis", () => redis.close());
  return openRateLimits(config.rates, config.pollsMax, redis);
}
