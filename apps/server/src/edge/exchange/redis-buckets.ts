import { once } from "node:events";
import { type BackoffLimits, backoffMs } from "@holdfast/core/backoff";
import { Redis } from "ioredis";
import type { Log } from "../../base/operation/log.ts";
import type { BucketStore } from "./rate-limits.ts";

/**
 * Processes with different clocks share the clock of Redis. Each hash contains level and time, and expires when the
 * bucket would be full.
 */
const script = `
local perSecond, burst, amount, force = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == "1"
local clock = redis.call("TIME")
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call("HMGET", KEYS[1], "level", "at")
local level = burst
if kept[1] then level = math.min(burst, tonumber(kept[1]) + (now - tonumber(kept[2])) * perSecond) end
if not force and level < 1 then return math.ceil((1 - level) / perSecond * 1000) end
if amount > 0 then
  level = level - amount
  redis.call("HSET", KEYS[1], "level", string.format("%.6f", level), "at", string.format("%.6f", now))
  redis.call("PEXPIRE", KEYS[1], math.ceil((burst - level) / perSecond * 1000) + 1000)
end
return 0
`;

const callTimeoutMs = 500;
const restLimits: BackoffLimits = { firstMs: 1000, maxMs: 10_000 };

interface ScriptedRedis extends Redis {
  holdfastTake(key: string, perSecond: number, burst: number, amount: number, force: string): Promise<number>;
}

export interface RedisBuckets extends BucketStore {
  ready(): Promise<void>;
  close(): void;
}

/** While Redis does not respond, this process counts alone in `fallback`, so a failure only widens the limits. */
export function openRedisBuckets(
  url: string,
  fallback: BucketStore,
  log: Log,
  nowMs: () => number = () => performance.now(),
): RedisBuckets {
  const redis = new Redis(url, {
    commandTimeout: callTimeoutMs,
    connectTimeout: callTimeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times) => Math.min(times * 100, 2000),
    connectionName: "holdfast",
  }) as ScriptedRedis;
  redis.defineCommand("holdfastTake", { numberOfKeys: 1, lua: script });
  const rest = new Rest(nowMs);
  let reachable = true;
  const note = (now: boolean, reason: string) => {
    if (now !== reachable)
      log.warn({ reason }, now ? "Redis answers again" : "Redis does not answer; rate limits now apply per process");
    reachable = now;
  };
  redis.on("error", (error) => note(false, error.message));
  redis.on("ready", () => {
    rest.end();
    note(true, "connected");
  });
  return {
    take: async (key, rate, amount, force) => {
      if (redis.status !== "ready" || !rest.tryCall()) return fallback.take(key, rate, amount, force);
      try {
        const waitMs = await redis.holdfastTake(
          `holdfast:limit:${key}`,
          rate.perSecond,
          rate.burst,
          amount,
          force ? "1" : "0",
        );
        rest.end();
        note(true, "answered");
        return waitMs;
      } catch (error) {
        rest.begin();
        note(false, (error as Error).message);
        return fallback.take(key, rate, amount, force);
      }
    },
    ready: async () => {
      if (redis.status !== "ready") await once(redis, "ready");
    },
    close: () => redis.disconnect(),
  };
}

/** A frozen Redis would delay each request until its timeout. After a rest, one call is the attempt. */
class Rest {
  readonly #nowMs: () => number;
  #failures = 0;
  #untilMs = 0;
  #isTrying = false;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  get #rests(): boolean {
    return this.#nowMs() < this.#untilMs;
  }

  tryCall(): boolean {
    if (this.#rests || this.#isTrying) return false;
    this.#isTrying = this.#failures > 0;
    return true;
  }

  /** Calls that fail together count as one. */
  begin(): void {
    this.#isTrying = false;
    if (this.#rests) return;
    this.#failures += 1;
    this.#untilMs = this.#nowMs() + backoffMs(restLimits, this.#failures);
  }

  end(): void {
    this.#failures = 0;
    this.#untilMs = 0;
    this.#isTrying = false;
  }
}
