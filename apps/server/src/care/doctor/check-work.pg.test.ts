import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { Shard } from "../../base/db/shards.ts";
import { silentLog, startTwoTestShards } from "../../base/db/testing.ts";
import { openLog } from "../../base/operation/log.ts";
import { isJobLocked, jobLockKey } from "../../base/queue/job-lock.ts";
import { lockedNeighbours, lockedWorker } from "../../base/queue/neighbours.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { orderJob } from "../jobs/job-message.ts";
import { requestedJob, requestJob } from "../jobs/requested-jobs.ts";
import { checkJobs } from "./check-work.ts";

test("jobs of administrators that wait or whose process exited are reported while no worker is connected", async (t) => {
  const databases = await startTwoTestShards({ fsync: false });
  t.after(() => databases.stop());
  const { cells, shards } = databases;
  const [low, high] = shards.all() as [Shard, Shard];
  const clock = makeTestClock(Date.now());
  const ports = { cells, clock, log: openLog("silent") };
  const config = { databaseUrl: "postgres://db/holdfast", topology: undefined };
  const world = { shards: shards.all(), cells: cells.all(), clock, config };
  const details = async () => (await checkJobs(world)).map(({ detail }) => detail);
  const noWorker = (jobs: string, sinceMs: number) => {
    return [`no process runs the role worker: ${jobs}, the oldest since ${formatTime(sinceMs * 1000)}`];
  };
  const fine = ["no failed jobs"];
  assert.deepEqual(await details(), fine);

  const firstMs = clock.nowMs();
  await requestJob(ports, "gc", { unfinished: false });
  await orderJob({ shards, kick: () => {} }, "gc");
  await sql`update shard.messages set wanted_at = wanted_at - 60000000`.execute(low.db);
  assert.deepEqual(await details(), fine, "a worker may be restarting");
  clock.forwardMs(31_000);
  assert.deepEqual(await details(), noWorker("1 job waits", firstMs), "the message and the job are one");
  assert.deepEqual(
    await checkJobs({ ...world, config: { ...config, databaseUrl: undefined } }).then(([one]) => one?.detail),
    fine[0],
  );
  await sql`delete from shard.messages`.execute(low.db);

  // The process exits without storing a state.
  const begun = Promise.withResolvers<void>();
  const job = requestedJob(ports, "gc", () => {
    begun.resolve();
    return new Promise(() => {});
  });
  void job.run(new AbortController().signal);
  await begun.promise;
  await requestJob(ports, "rebuild-index", { unfinished: false });
  assert.deepEqual(await details(), noWorker("1 job waits", firstMs));
  clock.forwardMs(31_000);
  assert.deepEqual(await details(), noWorker("2 jobs wait", firstMs));

  for (const name of ["gc", "rebuild-index"]) {
    assert.equal(await isJobLocked(low.db, name), false, name);
    await low.db.connection().execute(async (connection) => {
      await sql`select pg_advisory_lock(${jobLockKey(name)})`.execute(connection);
      assert.deepEqual([await isJobLocked(low.db, name), await isJobLocked(high.db, name)], [true, false], name);
      await sql`select pg_advisory_unlock(${jobLockKey(name)})`.execute(connection);
    });
  }
  await low.db.connection().execute(async (connection) => {
    await sql`select pg_advisory_lock(${jobLockKey("gc")})`.execute(connection);
    assert.deepEqual(await details(), noWorker("1 job waits", clock.nowMs() - 31_000), "a hidden process runs gc");
    await sql`select pg_advisory_unlock(${jobLockKey("gc")})`.execute(connection);
  });

  const seen = Promise.withResolvers<void>();
  const worker = lockedNeighbours(high, lockedWorker("one"), { ...silentLog, debug: () => {} }, seen.resolve);
  await seen.promise;
  const attended = await details();
  await worker.close();
  assert.deepEqual(attended, fine, "a worker that lost one of its connections still runs jobs");
  assert.deepEqual(await details(), noWorker("2 jobs wait", firstMs));
  clock.forwardMs(limits.requestedJobWaitMs);
  assert.deepEqual(await details(), noWorker("1 job waits", firstMs), "the other one has expired");
  await orderJob({ shards, kick: () => {} }, "rebuild-index");
  await sql`update shard.messages set wanted_at = wanted_at - 60000000, due_at = due_at - 60000000`.execute(low.db);
  assert.match((await details())[0] ?? "", /: 2 jobs wait, /, "the message of an expired job waits");
});
