import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { bounded, until } from "@holdfast/tools/bounded";
import { requireComponent } from "@holdfast/tools/components";
import { Redis } from "ioredis";
import { fc } from "@holdfast/tools/properties";
import { openLog } from "../../base/operation/log.ts";
import { openMemoryBuckets, openRateLimits } from "./rate-limits.ts";
import type { Rate, Rates } from "../../base/config/rate.ts";
import { openRedisBuckets } from "./redis-buckets.ts";
import { asUser, startTestServer } from "../testing.ts";

const none: Rates = {
  calls: undefined,
  address: undefined,
  sign_in: undefined,
  sign_up: undefined,
  operations: undefined,
  uploads: undefined,
  bytes: undefined,
};
const redisServer = "redis-server";
const rate: Rate = { perSecond: 2, burst: 3 };

test("a bucket allows its burst, then its rate, and debts are paid first", async () => {
  let nowMs = 0;
  const buckets = openMemoryBuckets(() => nowMs);
  const take = (amount: number, force = false) => buckets.take("k", rate, amount, force);
  assert.deepEqual([await take(1), await take(1), await take(1)], [0, 0, 0]);
  assert.equal(await take(1), 500);
  nowMs = 500;
  assert.equal(await take(1), 0);
  assert.equal(await take(10, true), 0);
  assert.equal(await take(0), 5500);
  nowMs = 6000;
  assert.equal(await take(0), 0);
  assert.equal(await buckets.take("other", rate, 1, false), 0);
});

test("no more than burst and rate pass over any time", () => {
  const steps = fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(steps, (calls) => {
      let nowMs = 0;
      let passed = 0;
      const buckets = openMemoryBuckets(() => nowMs);
      for (const [pauseMs, amount] of calls) {
        nowMs += pauseMs;
        if (buckets.take("k", rate, amount, false) === 0) passed += amount;
        // The last call may make the bucket negative by less than its own amount.
        assert.ok(passed <= rate.burst + (nowMs / 1000) * rate.perSecond + 2 + 1e-6);
      }
    }),
  );
});

test("a disabled limit rejects nothing, and polls count while they are held", async () => {
  const limits = openRateLimits(
    { ...none, calls: { perSecond: 1, burst: 1 } },
    2,
    openMemoryBuckets(() => 0),
  );
  for (let at = 0; at < 10; at++) await limits.take("operations", "u", 1);
  await limits.take("calls", "u", 1);
  await assert.rejects(
    limits.take("calls", "u", 1),
    (error) => error instanceof HoldfastError && error.code === "rate_limited" && error.retryAfterSeconds === 1,
  );
  const release = limits.holdPoll("device");
  limits.holdPoll("device");
  assert.throws(() => limits.holdPoll("device"), /2 concurrent polls/);
  release();
  release();
  limits.holdPoll("device");
  assert.throws(() => limits.holdPoll("device"), /2 concurrent polls/);
});

test("accounts, addresses and uploads each have their own limit with Retry-After", async (t) => {
  // The rate is so low that a third call is rejected, even if the first two are slow.
  const small = { perSecond: 0.001, burst: 2 };
  const server = await startTestServer(
    {
      getStartToken: () => ({ status: 200, json: { token: "t" } }),
      live: () => ({ status: 200, json: { status: "ok" } }),
      putBlocks: async ({ stream }) => {
        for await (const _bytes of stream);
        return { status: 200, json: { stored: 0 } };
      },
    },
    { rates: { calls: small, address: small, bytes: { perSecond: 10, burst: 100 } } },
  );
  t.after(() => server.close(0));
  const statuses = async (count: number, path: string, init: RequestInit) => {
    const answers: Response[] = [];
    for (let at = 0; at < count; at++) answers.push(await fetch(server.url + path, init));
    assert.ok(Number(answers.at(-1)?.headers.get("retry-after") ?? 1) >= 1);
    return answers.map((answer) => answer.status);
  };
  assert.deepEqual(await statuses(3, "/api/v1/changes/start_token", { headers: asUser }), [200, 200, 429]);
  assert.deepEqual(
    await statuses(1, "/api/v1/changes/start_token", { headers: { authorization: "Bearer admin-token" } }),
    [200],
  );
  assert.deepEqual(
    await statuses(3, "/api/v1/changes/start_token", { headers: { authorization: "Bearer wrong" } }),
    [401, 401, 429],
  );
  assert.deepEqual(await statuses(1, "/healthz", {}), [429]);
  const bytes = { method: "POST", headers: asUser, body: new Uint8Array(1000) };
  assert.deepEqual(await statuses(2, "/api/v1/blocks", bytes), [200, 429]);
});

async function startRedis(t: TestContext): Promise<{ redis: ChildProcess; socket: string }> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-redis-"));
  const socket = join(folder, "s");
  const redis = spawn(redisServer, ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => {
    redis.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: redis.stdout })) if (/ready to accept/i.test(line)) break;
  return { redis, socket };
}

const silent = openLog("silent");

test("with Redis several processes share a bucket, and without it each counts separately", async (t) => {
  if (!requireComponent(t, redisServer)) return;
  const { redis, socket } = await startRedis(t);
  const open = () =>
    openRedisBuckets(
      socket,
      openMemoryBuckets(() => 0),
      silent,
    );
  const [one, two] = [open(), open()];
  t.after(() => {
    one.close();
    two.close();
  });
  const probe = new Redis(socket);
  await probe.ping();
  await Promise.all([one.ready(), two.ready()]);
  const slow: Rate = { perSecond: 0.01, burst: 4 };
  assert.deepEqual(
    [await one.take("k", slow, 1, false), await two.take("k", slow, 2, false), await one.take("k", slow, 1, false)],
    [0, 0, 0],
  );
  const waitMs = await two.take("k", slow, 1, false);
  assert.ok(waitMs > 90_000 && waitMs <= 100_000, String(waitMs));
  assert.equal(await two.take("k", slow, 5, true), 0);
  const ttlMs = await probe.pttl("holdfast:limit:k");
  assert.ok(ttlMs > 850_000 && ttlMs <= 901_000, String(ttlMs));
  probe.disconnect();
  const exited = once(redis, "exit");
  redis.kill("SIGKILL");
  await exited;
  assert.equal(await two.take("k", slow, 1, false), 0);
});

test("a frozen Redis delays one request, then one after each rest, and is used again once it answers", async (t) => {
  if (!requireComponent(t, redisServer)) return;
  const { redis, socket } = await startRedis(t);
  let nowMs = 0;
  let counted = 0;
  const alone = { take: () => (counted += 1) };
  const buckets = openRedisBuckets(socket, alone, silent, () => nowMs);
  t.after(() => buckets.close());
  await buckets.ready();
  const take = () => buckets.take("k", { perSecond: 0.01, burst: 100 }, 1, false);
  /** undefined if it waits for Redis */
  const takeAtOnce = () => Promise.race([take(), new Promise<void>((resolve) => void setImmediate(resolve))]);
  assert.equal(await take(), 0);
  redis.kill("SIGSTOP");
  assert.deepEqual(await Promise.all([take(), take()]), [1, 2]);
  nowMs = 999;
  assert.equal(await takeAtOnce(), 3);
  nowMs = 1000;
  assert.equal(await takeAtOnce(), undefined, "an attempt");
  assert.equal(await takeAtOnce(), 4);
  await until("the attempt has failed", () => counted === 5);
  nowMs = 2999;
  assert.equal(await takeAtOnce(), 6, "the second rest is longer");
  redis.kill("SIGCONT");
  const check = bounded("Redis is used again");
  do {
    check();
    nowMs += 10_000;
  } while ((await take()) > 0);
  counted = 0;
  assert.equal(await take(), 0);
});
