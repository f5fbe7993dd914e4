import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { toBucket } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { openLog } from "../../base/operation/log.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { type JobOptions, readJob } from "../../packs/facts/stored-jobs.ts";
import { startJobs } from "./periodic-jobs.ts";
import { requestedJob, requestJob } from "./requested-jobs.ts";

type Work = (signal: AbortSignal, options: JobOptions) => Promise<unknown>;

const { signal: unstopped } = new AbortController();
let databases: TestDatabases;
let lines: string[] = [];
let work: Work;

before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
beforeEach(async () => {
  lines = [];
  work = () => assert.fail("the job runs");
  await sql`truncate cell.facts`.execute(cellDb());
});
after(() => databases.stop());

function cellDb() {
  return databases.cells.of(toBucket(0)).db;
}

function open() {
  const clock = makeTestClock(Date.now());
  const log = openLog("info", { write: (line) => lines.push(line) });
  const ports = { cells: databases.cells, clock, log };
  const job = requestedJob(ports, "gc", (signal, options) => work(signal, options));
  return {
    clock,
    ports,
    job,
    read: () => readJob(ports, "gc"),
    request: (unfinished = false) => {
      clock.forwardMs(1000);
      return requestJob(ports, "gc", { unfinished });
    },
    run: async (signal = unstopped) => {
      assert.ok(await job.isDue?.(), "the request is found");
      await job.run(signal);
    },
    /** Resolves when the work has begun. It never ends, as if its process was killed. */
    runUntilKilled: async () => {
      const begun = Promise.withResolvers<void>();
      work = () => {
        begun.resolve();
        return new Promise(() => {});
      };
      void job.run(unstopped);
      await begun.promise;
    },
  };
}

test("a requested job runs once for all requests, again after a stop or a kill, and stores its result or error", async () => {
  const { job, read, request, run } = open();
  assert.deepEqual([(await read()).state, await job.isDue?.()], ["never", false]);

  await Promise.all([request(), request()]);
  const { started_at, ...queued } = await read();
  assert.deepEqual(queued, { state: "queued", finished_at: null, result: null, error: null });
  const stop = new AbortController();
  work = async (signal, options) => {
    assert.deepEqual([(await read()).state, options], ["running", { unfinished: false }]);
    stop.abort();
    return signal.throwIfAborted();
  };
  await run(stop.signal);
  assert.deepEqual(await read(), { ...queued, started_at });

  work = async () => {
    await request();
    await assert.rejects(request(true), { code: "conflict", message: /run without unfinished uploads is in progress/ });
    assert.ok(await job.isDue?.(), "also the next process finds it if this one is killed");
    return { bytes: 3 };
  };
  await run();
  const { finished_at, ...done } = await read();
  assert.deepEqual(done, { state: "done", started_at, result: { bytes: 3 }, error: null });
  assert.ok(finished_at !== null && started_at !== null && finished_at > started_at);
  assert.deepEqual([await job.isDue?.(), lines], [false, []]);
  work = () => assert.fail("a job that has ended runs");
  await job.run(unstopped);

  const shown = async (thrown: Error) => {
    await request();
    work = () => Promise.reject(thrown);
    await run();
    const { state, result, error } = await read();
    assert.deepEqual([state, result], ["failed", null]);
    return error;
  };
  const away = { code: "unavailable", detail: "the store is not available" } as const;
  assert.deepEqual(await shown(new HoldfastError(away.code, away.detail)), away);
  const hidden = await shown(new Error("EACCES: /srv/secret"));
  assert.deepEqual(hidden, { code: "internal", detail: "The job failed. The server's log has the reason." });
  assert.match(lines.join(), /"job":"gc".*"reason":"EACCES: \/srv\/secret"/);
});

test("a job stored by an earlier version runs once", async () => {
  const { job, read, request, run } = open();
  await request();
  await sql`update cell.facts set value = (value::jsonb - 'starts' - 'queued_at')::json`.execute(cellDb());
  work = () => Promise.resolve({ packs: 1 });
  await run();
  assert.deepEqual([(await read()).state, await job.isDue?.()], ["done", false]);
});

test("a process whose request another one has ended does not store its result for the next request", async () => {
  const { clock, ports, read, request } = open();
  const options = { unfinished: false };
  const jobOf = (run: () => Promise<unknown>) => requestedJob(ports, "rebuild-index", run);
  await requestJob(ports, "rebuild-index", options);
  const slow = jobOf(async () => {
    await jobOf(() => Promise.resolve("other")).run(unstopped);
    clock.forwardMs(1000);
    await requestJob(ports, "rebuild-index", options);
    const begun = Promise.withResolvers<void>();
    const next = jobOf(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    void next.run(unstopped);
    await begun.promise;
    return "slow";
  });
  await slow.run(unstopped);
  assert.deepEqual([(await readJob(ports, "rebuild-index")).state, await slow.isDue?.()], ["running", true]);
  assert.equal((await read()).state, "never", "another job");
  await request();
  assert.equal((await read()).state, "queued");
});

test("a waiting job does all that is requested in the meantime", async () => {
  const { read, request, run } = open();
  await request(false);
  const { started_at } = await read();
  await request(true);
  await request(false);
  assert.deepEqual([(await read()).state, (await read()).started_at], ["queued", started_at]);
  work = async (_, options) => {
    await request(true);
    return options;
  };
  await run();
  assert.deepEqual((await read()).result, { unfinished: true });
});

test("a request waits for a simultaneous one, and does not replace it", async () => {
  const { clock, ports, read, request, run } = open();
  await request();
  work = () => Promise.resolve({});
  await run();
  const { started_at } = await read();
  clock.forwardMs(1000);
  let requesting: Promise<void> | undefined;
  await cellDb()
    .transaction()
    .execute(async (other) => {
      await sql`select from cell.facts where name = 'job gc' for update`.execute(other);
      requesting = requestJob(ports, "gc", { unfinished: false });
      const stillInTime = bounded("the request waits for the row");
      for (let waiting = 0; waiting === 0; stillInTime())
        waiting = (await sql`select from pg_locks where not granted`.execute(other)).rows.length;
      await sql`update cell.facts set value = jsonb_set(value::jsonb, '{state}', '"queued"')::json where name = 'job gc'`.execute(
        other,
      );
    });
  await requesting;
  const job = await read();
  assert.deepEqual([job.state, job.started_at], ["queued", started_at]);
});

test("a job that kills its process three times has failed, and stops in order do not count", async () => {
  const { read, request, run, runUntilKilled } = open();
  const stopped = new AbortController();
  stopped.abort();
  await request();
  for (let kills = 0; kills < limits.requestedJobStartsMax; kills += 1) {
    work = (signal) => Promise.reject(signal.reason as Error);
    for (let stops = 0; stops < 2; stops += 1) await run(stopped.signal);
    assert.equal((await read()).state, "queued");
    await runUntilKilled();
    assert.equal((await read()).state, "running");
  }
  work = () => assert.fail("the job runs once more");
  await run();
  const { state, finished_at, error } = await read();
  assert.deepEqual([state, error?.code, finished_at !== null], ["failed", "internal", true]);
  assert.match(
    error?.detail ?? "",
    /interrupted 3 times, because its process exited unexpectedly or lost the database/,
  );
  assert.match(lines.join(), /"job":"gc".*interrupted 3 times/);
  await request();
  work = () => Promise.resolve("again");
  await run();
  assert.equal((await read()).result, "again");
});

test("a process that lost a job to another one does not end it, also if that one has stopped since", async () => {
  for (const isStopped of [false, true]) {
    const { job, read, request, run, runUntilKilled } = open();
    await request();
    const late = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    work = () => {
      begun.resolve();
      return late.promise;
    };
    const lost = job.run(unstopped);
    await begun.promise;
    work = (signal) => Promise.reject(signal.reason as Error);
    await (isStopped ? run(AbortSignal.abort()) : runUntilKilled());
    late.reject(new HoldfastError("conflict", "another one does it"));
    await lost;
    assert.equal((await read()).state, isStopped ? "queued" : "running");
    await sql`truncate cell.facts`.execute(cellDb());
  }
});

test("a job that ends after all its processes were believed dead is done without an error", async () => {
  const { job, read, request, run, runUntilKilled } = open();
  await request();
  for (let kills = 1; kills < limits.requestedJobStartsMax; kills += 1) await runUntilKilled();
  const late = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  work = () => {
    begun.resolve();
    return late.promise;
  };
  const lost = job.run(unstopped);
  await begun.promise;
  await run();
  assert.equal((await read()).state, "failed");
  late.resolve("result");
  await lost;
  const { state, result, error } = await read();
  assert.deepEqual([state, result, error], ["done", "result", null]);
});

test("a request that no worker starts within a day has failed, and can be made again", async () => {
  const { clock, job, read, request, run } = open();
  const stop = new AbortController();
  work = (signal) => {
    stop.abort();
    return Promise.reject(signal.reason as Error);
  };
  await request();
  clock.forwardMs(limits.requestedJobWaitMs - 1);
  await run(stop.signal);
  clock.forwardMs(limits.requestedJobWaitMs - 1);
  assert.equal((await read()).state, "queued", "a stopped job waits as long again");
  clock.forwardMs(1);
  const { state, started_at, finished_at, error } = await read();
  assert.deepEqual([state, finished_at, error?.code], ["failed", new Date(clock.nowMs()).toISOString(), "unavailable"]);
  assert.match(error?.detail ?? "", /No process with the role worker ran the job within 24 hours/);
  assert.equal(await job.isDue?.(), false);
  work = () => assert.fail("an expired job runs");
  await job.run(unstopped);
  await request();
  const again = await read();
  assert.deepEqual([again.state, again.error, again.started_at !== started_at], ["queued", null, true]);
});

test("a stored request without its message starts within ten seconds, with a worker and beside it", async (t) => {
  const { ports, read, request, job } = open();
  work = () => Promise.resolve({});
  await request();
  // An older worker may have put its message aside. The longest intervals are drawn.
  const { setTimeout } = globalThis;
  const isShort = (ms: number) => ms >= 8000 && ms < 10_000;
  t.mock.method(globalThis, "setTimeout", (act: () => void, ms = 0) => setTimeout(act, isShort(ms) ? 0 : ms));
  const { db } = databases.shards.of(toBucket(0));
  const jobs = startJobs([job], { db, log: ports.log, random: () => 1 });
  t.after(() => jobs.stop());
  for (const when of ["at its start", "beside it"]) {
    const stillInTime = bounded(`the worker runs the job ${when}`, 5000);
    while ((await read()).state !== "done") stillInTime();
    if (when === "at its start") await request();
  }
});
