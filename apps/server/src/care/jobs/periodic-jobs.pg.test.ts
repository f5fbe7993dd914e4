import assert from "node:assert/strict";
import { test } from "node:test";
import { toBucket } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { startTestDatabases } from "../../base/db/testing.ts";
import { openLog } from "../../base/operation/log.ts";
import { type Jobs, type JobsOptions, type PeriodicJob, startJobs } from "./periodic-jobs.ts";

test("a job runs periodically in one process at a time, also after a failure, and ends at a stop", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const lines: string[] = [];
  const options: JobsOptions = {
    db: databases.shards.of(toBucket(0)).db,
    log: openLog("info", { write: (line) => lines.push(line) }),
    random: () => 0,
  };
  let runs = 0;
  const second = Promise.withResolvers<void>();
  const failing = startJobs(
    [
      {
        name: "failing",
        everyMs: 10,
        run: async () => {
          runs += 1;
          if (runs === 2) second.resolve();
          throw new HoldfastError("unavailable", "not yet");
        },
      },
    ],
    options,
  );
  await second.promise;
  await failing.stop();
  assert.match(lines[0] ?? "", /"job":"failing","code":"unavailable","reason":"not yet"/);

  const inside = Promise.withResolvers<void>();
  let runsOfOther = 0;
  const long = {
    name: "long",
    everyMs: 3_600_000,
    run: async (signal: AbortSignal) => {
      inside.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  };
  const one = startJobs([long], options);
  await inside.promise;
  const ran = Promise.withResolvers<void>();
  const run = async () => {
    runsOfOther += 1;
    ran.resolve();
  };
  const lookOther = () => {
    const other = startJobs([{ ...long, run }], { ...options, random: () => 0.9 });
    other.look("long");
    return other;
  };
  const other = lookOther();
  // The run has begun, and the stop waits for its end.
  await new Promise(setImmediate);
  await other.stop();
  assert.equal(runsOfOther, 0);
  await one.stop();
  const later = lookOther();
  await ran.promise;
  await later.stop();
  assert.equal(runsOfOther, 1);

  const isRefused = Promise.withResolvers<void>();
  const refused = startJobs([{ ...long, run: () => Promise.resolve() }], {
    ...options,
    log: openLog("info", { write: (line) => (/the lock is lost/.test(line) ? isRefused.resolve() : undefined) }),
    random: () => 0.9,
    assertMayRun: () => {
      throw new HoldfastError("unavailable", "the lock is lost");
    },
  });
  refused.look("long");
  await isRefused.promise;
  await refused.stop();
});

test("a job with a due check runs only when it is due, periodically and on request", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  const opened: Jobs[] = [];
  t.after(async () => {
    for (const jobs of opened) await jobs.stop();
    await databases.stop();
  });
  const log = openLog("info", { write: () => {} });
  const open = (isDue: () => boolean, { everyMs, random }: { readonly everyMs: number; readonly random: number }) => {
    const counts = { checks: 0, runs: 0 };
    const third = Promise.withResolvers<void>();
    const ran = Promise.withResolvers<void>();
    const job: PeriodicJob = {
      name: "due",
      everyMs,
      isDue: async () => {
        counts.checks += 1;
        if (counts.checks === 3) third.resolve();
        return isDue();
      },
      run: async () => {
        counts.runs += 1;
        ran.resolve();
      },
    };
    const db = databases.shards.of(toBucket(0)).db;
    const jobs = startJobs([job], { db, log, random: () => random });
    opened.push(jobs);
    return { jobs, counts, third: third.promise, ran: ran.promise };
  };
  let isDue = false;
  const scheduled = open(() => isDue, { everyMs: 10, random: 0 });
  await scheduled.third;
  assert.equal(scheduled.counts.runs, 0);
  isDue = true;
  await scheduled.ran;
  await scheduled.jobs.stop();

  const never = { everyMs: 3_600_000, random: 0.9 };
  for (const due of [false, true]) {
    const asked = open(() => due, never);
    asked.jobs.look("due");
    await turns();
    await asked.jobs.stop();
    assert.deepEqual(asked.counts, { checks: 1, runs: due ? 1 : 0 });
  }
});

test("requests during a run cause one more run after it", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  const runs = Array.from({ length: 2 }, () => ({
    began: Promise.withResolvers<void>(),
    end: Promise.withResolvers<void>(),
    ended: Promise.withResolvers<void>(),
  }));
  const counts = { checks: 0, runs: 0, ended: 0 };
  const job: PeriodicJob = {
    name: "asked",
    everyMs: 3_600_000,
    isDue: async () => {
      counts.checks += 1;
      return true;
    },
    run: async () => {
      const own = runs[counts.runs];
      counts.runs += 1;
      own?.began.resolve();
      await own?.end.promise;
    },
  };
  const write = (line: string) => {
    if (/a job ran/.test(line)) runs[counts.ended++]?.ended.resolve();
  };
  const db = databases.shards.of(toBucket(0)).db;
  const jobs = startJobs([job], { db, log: openLog("debug", { write }), random: () => 0.9 });
  t.after(async () => {
    for (const { end } of runs) end.resolve();
    await jobs.stop();
    await databases.stop();
  });
  const look = async () => {
    jobs.look("asked");
    jobs.look("asked");
    await turns();
  };
  await look();
  assert.equal(counts.checks, 1, "both who asked share the first run");
  await runs[0]?.began.promise;
  await look();
  assert.deepEqual(counts, { checks: 1, runs: 1, ended: 0 }, "the second run waits for the end of the first");
  runs[0]?.end.resolve();
  await runs[1]?.began.promise;
  runs[1]?.end.resolve();
  await runs[1]?.ended.promise;
  await turns();
  assert.deepEqual(counts, { checks: 2, runs: 2, ended: 2 }, "both who asked share the second run");
  await jobs.stop();
  await look();
  assert.equal(counts.checks, 2, "nothing runs after the stop");
});

/** Lasts until everything that is due without the database has run. */
const turns = () => new Promise((resolve) => setImmediate(resolve));

test("jobs due at the same time leave each other enough connections", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const { db } = databases.shards.of(toBucket(0));
  const names = Array.from({ length: 24 }, (_, index) => `job ${index}`);
  const ran = new Set<string>();
  const allRan = Promise.withResolvers<void>();
  const run = async (name: string): Promise<void> => {
    await Promise.all([1, 2].map(() => sql`select pg_sleep(0.01)`.execute(db)));
    ran.add(name);
    if (ran.size === names.length) allRan.resolve();
  };
  const failed = (line: string): void => allRan.reject(new Error(line));
  const log = openLog("info", { write: failed });
  const periodic = names.map((name) => ({ name, everyMs: 3_600_000, run: () => run(name) }));
  const jobs = startJobs(periodic, { db, log, random: () => 0 });
  await allRan.promise;
  await jobs.stop();
});
