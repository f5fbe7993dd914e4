import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { RequestBody } from "./request-body.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

test("a request that ended before its body was read leaves no timer that delays the server's exit", async () => {
  const before = timers();
  const cut = new PassThrough();
  cut.on("error", () => {});
  cut.destroy();
  await once(cut, "close");
  const ofCut = new RequestBody(cut as unknown as IncomingMessage, 60_000);
  const closed = new Promise((resolve) => ofCut.once("close", resolve));
  ofCut.read();
  await closed;
  assert.equal(timers(), before);

  const ended = new PassThrough();
  ended.end();
  ended.resume();
  await once(ended, "end");
  const ofEnded = new RequestBody(ended as unknown as IncomingMessage, 60_000);
  assert.deepEqual(await Array.fromAsync(ofEnded), []);
  assert.equal(timers(), before);
});
