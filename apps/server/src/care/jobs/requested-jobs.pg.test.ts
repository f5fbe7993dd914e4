import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { startTestDatabases } from "../../base/db/testing.ts";
import { openLog } from "../../base/operation/log.ts";
import { makeTestClock } from "../../features/accounts/testing.ts";
import { readJob, requestedJob, requestJob } from "./requested-jobs.ts";

test("a requested job runs once for all requests, again after a stop or a kill, and stores its result or error", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const { cells } = databases;
  const clock = makeTestClock(Date.now());
  const lines: string[] = [];
  const log = openLog("info", { write: (line) => lines.push(line) });
  let work: (signal: AbortSignal) => Promise<unknown> = () => Promise.resolve({});
  const job = requestedJob({ cells, clock, log }, "gc", async (signal, options) => {
    assert.deepEqual(options, { unfinished: false });
    return work(signal);
  });
  const run = async (signal = new AbortController().signal) => {
    assert.ok(await job.isDue?.(), "the request is found");
    await job.run(signal);
  };
  const request = (unfinished = false) => {
    clock.forwardMs(1000);
    return requestJob(cells, "gc", { clock, options: { unfinished } });
  };
  const read = () => readJob(cells, "gc");
  assert.deepEqual([(await read()).state, await job.isDue?.()], ["never", false]);

  await Promise.all([request(), request()]);
  const { started_at, ...queued } = await read();
  assert.deepEqual(queued, { state: "queued", finished_at: null, result: null, error: null });
  const stop = new AbortController();
  work = async (signal) => {
    assert.equal((await read()).state, "running");
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

test("a process whose request another one has ended does not store its result for the next request", async (t) => {
  const databases = await startTestDatabases({ fsync: false });
  t.after(() => databases.stop());
  const { cells } = databases;
  const clock = makeTestClock(Date.now());
  const log = openLog("silent");
  const options = { unfinished: false };
  await requestJob(cells, "rebuild-index", { clock, options });
  const other = requestedJob({ cells, clock, log }, "rebuild-index", () => Promise.resolve("other"));
  const slow = requestedJob({ cells, clock, log }, "rebuild-index", async () => {
    await other.run(new AbortController().signal);
    clock.forwardMs(1000);
    await requestJob(cells, "rebuild-index", { clock, options });
    return "slow";
  });
  await slow.run(new AbortController().signal);
  const requestAt = async (laterMs: number, unfinished: boolean) => {
    clock.forwardMs(laterMs);
    await requestJob(cells, "gc", { clock, options: { unfinished } });
    return (await readJob(cells, "gc")).started_at;
  };
  assert.deepEqual([(await readJob(cells, "rebuild-index")).state, await slow.isDue?.()], ["queued", true]);
  assert.equal((await readJob(cells, "gc")).state, "never", "another job");
  const first = await requestAt(1000, true);
  assert.equal(await requestAt(1000, true), first, "the waiting job does the same");
  assert.equal(await requestAt(1000, false), first, "and more");
});
