import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, type Port } from "./calls.ts";
import { loadFailure } from "./load-failure.ts";

type Theirs = { readonly start: () => string };

class TestWorker extends EventTarget {
  readonly sent: unknown[] = [];
  postMessage(message: unknown): void {
    this.sent.push(message);
  }
}

function opened() {
  const worker = new TestWorker();
  const failure = loadFailure(worker);
  return { worker, failure, calls: connect<Theirs>(worker as Port, {}, failure) };
}

test("calls of a worker whose script does not load fail, including later ones", async () => {
  const { worker, calls } = opened();
  const start = calls.start();
  worker.dispatchEvent(new Event("error"));
  await assert.rejects(start, { code: "unavailable" });
  await assert.rejects(calls.start(), { code: "unavailable" });
  assert.equal(worker.sent.length, 1);
});

test("calls of a worker that does not answer in time fail, but an error of a loaded worker does not fail them", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const silent = opened();
  const loaded = opened();
  const [late, answered] = [silent.calls.start(), loaded.calls.start()];
  loaded.worker.dispatchEvent(new MessageEvent("message", { data: { kind: "answer", id: 1, value: "job" } }));
  loaded.worker.dispatchEvent(new Event("error"));
  t.mock.timers.tick(30_000);
  await assert.rejects(late, { code: "unavailable" });
  assert.equal(await answered, "job");
  assert.equal(loaded.failure.aborted, false);
});
