import assert from "node:assert/strict";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { until } from "@holdfast/tools/bounded";
import { makeTestFolder } from "./base/db/testing.ts";
import { sameSignalMs } from "./main.ts";
import { signalUntilExit, start } from "./testing-main.ts";

test("a second signal ends the process before the shutdown timeout", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const { child, url, log } = await start(t, data);
  const held = connect(Number(new URL(url).port), "127.0.0.1");
  held.on("error", () => {});
  await once(held, "connect");
  held.write("POST /api/v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{");
  await fetch(`${url}/healthz`);
  const toldMs = performance.now();
  child.kill("SIGTERM");
  await until("it says that it stops", () => log().includes('"stopping"'));
  const [[code]] = await Promise.all([once(child, "exit"), signalUntilExit(child)]);
  const tookMs = performance.now() - toldMs;
  assert.equal(code, 1);
  assert.ok(tookMs < limits.shutdownTimeoutMs - 500, `it took ${tookMs} ms`);
});

test("a signal repeated until the end counts once, and the last line reports the stop", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const { child, log } = await start(t, data);
  // npm and process groups repeat signals. The server counts all signals within this time as one.
  const toldMs = performance.now();
  const again = setInterval(() => {
    if (performance.now() - toldMs < sameSignalMs / 2) child.kill("SIGTERM");
  }, 1);
  t.after(() => clearInterval(again));
  child.kill("SIGTERM");
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal], [0, null], log());
  assert.match(log().trim().split("\n").at(-1) ?? "", /"message":"stopped"/);
});
