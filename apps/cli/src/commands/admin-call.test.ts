import assert from "node:assert/strict";
import { test } from "node:test";
import type { StartedJobJson } from "@holdfast/protocol/job-routes";
import type { Run } from "../invocation/run.ts";
import { jobResult } from "./admin-call.ts";

test("a job that no worker starts in time is noted once, and ends with its result or its error", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const notes: string[] = [];
  const run = { output: { note: (text: string) => notes.push(text) } } as unknown as Run;
  const queued: StartedJobJson<number> = {
    state: "queued",
    started_at: "2026-01-31T12:00:00Z",
    finished_at: null,
    result: null,
    error: null,
  };
  const running = { ...queued, state: "running" } as const;
  const poll = (...reports: readonly StartedJobJson<number>[]) => {
    const left = [...reports];
    return jobResult(run, queued, async () => {
      const report = left.shift();
      assert.ok(report !== undefined, "a job that is over is polled");
      // Each poll takes longer than the patience with a worker.
      if (report.state === "queued") t.mock.timers.tick(20_000);
      return report;
    });
  };
  assert.equal(await poll(running, { ...running, state: "done", result: 3 }), 3);
  assert.deepEqual(notes, []);
  const error = { code: "unavailable", detail: "The store is not available." };
  await assert.rejects(poll(queued, queued, running, { ...running, state: "failed", error }), {
    code: error.code,
    message: error.detail,
  });
  assert.equal(notes.length, 1);
  assert.match(notes.join(), /role worker.*admin doctor/);
  assert.equal(await poll(running, queued, queued, running, { ...running, state: "done", result: 4 }), 4);
  assert.equal(notes.length, 2, "also if the worker of a running job stops");
});
