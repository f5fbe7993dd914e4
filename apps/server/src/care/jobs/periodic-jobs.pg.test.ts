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
  let runsUnscheduled = 0;
  const unscheduled = startJobs([{ name: "unscheduled", everyMs: 1, run: async () => void (runsUnscheduled += 1) }], {
    ...options,
    isScheduled: false,
  });
  const one = startJobs([long], options);
  await inside.promise;
  assert.equal(runsUnscheduled, 0);
  await (
    await unscheduled.start("unscheduled")
  ).ended;
  assert.equal(runsUnscheduled, 1);
  await unscheduled.stop();
  const other = startJobs([{ ...long, run: async () => void (runsOfOther += 1) }], { ...options, random: () => 0.9 });
  await (
    await other.start("long")
  ).ended;
  assert.equal(runsOfOther, 0);
  await one.stop();
  await (
    await other.start("long")
  ).ended;
  assert.equal(runsOfOther, 1);
  await other.stop();

  const refused = startJobs([{ ...long, run: () => Promise.resolve() }], {
    ...options,
    random: () => 0.9,
    assertMayRun: () => {
      throw new HoldfastError("unavailable", "the lock is lost");
    },
  });
  await assert.rejects(refused.start("long"), /the lock is lost/);
  await refused.stop();
});

test("a job that says when it is due runs by itself only then, and for who asks at any time", async (t) => {
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
      if (isDue) ran.resolve();
    },
  };
  const log = openLog("info", { write: () => {} });
  const jobs = startJobs([job], { db: databases.shards.of(toBucket(0)).db, log, random: () => 0 });
  t.after(() => jobs.stop());
  await looks[2]?.promise;
  assert.equal(runs, 0);
  await (
    await jobs.start("due")
  ).ended;
  assert.equal(runs, 1);
  isDue = true;
  await ran.promise;
});

test("what is asked for while a run is under way is another run after it, one for all who ask", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const steps: string[] = [];
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const jobs = startJobs(
    [
      {
        name: "reporting",
        begin: async () => void steps.push("begun"),
        run: async () => {
          await ends[steps.length === 1 ? 0 : 1]?.promise;
          steps.push("ended");
        },
      },
    ],
    { db: databases.shards.of(toBucket(0)).db, log: openLog("error"), random: () => 0 },
  );
  assert.equal(jobs.isRunning("reporting"), false);
  const [first, joined] = await Promise.all([jobs.start("reporting"), jobs.start("reporting")]);
  assert.equal(first.ended, joined.ended, "of a run that has not begun all of it is still to come");
  assert.deepEqual([steps, jobs.isRunning("reporting")], [["begun"], true]);
  const again = [jobs.start("reporting"), jobs.start("reporting")];
  ends[0]?.resolve();
  const [second, third] = await Promise.all(again);
  assert.equal(second?.ended, third?.ended);
  assert.deepEqual(steps, ["begun", "ended", "begun"]);
  ends[1]?.resolve();
  await second?.ended;
  assert.deepEqual(steps, ["begun", "ended", "begun", "ended"]);
  assert.equal(jobs.isRunning("reporting"), false);
  await jobs.stop();
  await assert.rejects(jobs.start("reporting"), { code: "unavailable" });
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
