import assert from "node:assert/strict";
import { test } from "node:test";
import { toBucket } from "@holdfast/core/ids";
import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { startTestDatabases } from "../../base/db/testing.ts";
import { openLog } from "../../base/operation/log.ts";
import { type JobsOptions, startJobs } from "./periodic-jobs.ts";

test("a job runs by itself, again after a failure, in one process at a time, and ends when told to", async (t) => {
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

test("a job that says when it is due runs only then, by itself and for who asks", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const looks = Array.from({ length: 3 }, () => Promise.withResolvers<void>());
  let [looked, runs] = [0, 0];
  let isDue = false;
  const ran = Promise.withResolvers<void>();
  const job = {
    name: "due",
    everyMs: 10,
    isDue: async () => {
      looks[looked]?.resolve();
      looked += 1;
      return isDue;
    },
    run: async () => {
      runs += 1;
      ran.resolve();
    },
  };
  const log = openLog("info", { write: () => {} });
  const jobs = startJobs([job], { db: databases.shards.of(toBucket(0)).db, log, random: () => 0 });
  t.after(() => jobs.stop());
  jobs.look("due");
  await looks[2]?.promise;
  assert.equal(runs, 0);
  isDue = true;
  await ran.promise;
});

test("what is asked for while a run is under way is another run after it, one for all who ask", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const runs = Array.from({ length: 2 }, () => ({
    began: Promise.withResolvers<void>(),
    end: Promise.withResolvers<void>(),
  }));
  let count = 0;
  const run = async () => {
    const own = runs[count];
    count += 1;
    own?.began.resolve();
    await own?.end.promise;
  };
  const jobs = startJobs([{ name: "asked", everyMs: 3_600_000, run }], {
    db: databases.shards.of(toBucket(0)).db,
    log: openLog("error"),
    random: () => 0.9,
  });
  jobs.look("asked");
  jobs.look("asked");
  await runs[0]?.began.promise;
  jobs.look("asked");
  jobs.look("asked");
  assert.equal(count, 1);
  runs[0]?.end.resolve();
  await runs[1]?.began.promise;
  runs[1]?.end.resolve();
  await jobs.stop();
  jobs.look("asked");
  assert.equal(count, 2);
});

test("jobs whose time comes in the same moment leave each other connections to work with", async (t) => {
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
