import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { Home } from "./home.ts";

const awayMs = 40_000;
/** One pause between attempts, one attempt, and the change itself. */
const backMsMax = 7_000;
/** Attempts during the whole absence; one call includes several. */
const triesMax = 80;

test("a device reconnects within seconds of the server's restart, without hammering it before", async () => {
  const home = await Home.open("server-back");
  try {
    const [anna] = await home.startDevices("anna");
    writeFileSync(join(anna!.folder, "before"), "before");
    await home.rest();
    const { port } = home.server;
    await home.server.stop();
    const goneMs = performance.now();
    let tries = 0;
    const gate = createServer((socket) => {
      tries += 1;
      socket.on("error", () => {});
      socket.resetAndDestroy();
    });
    await new Promise<void>((resolve) => gate.listen(port, "127.0.0.1", resolve));
    writeFileSync(join(anna!.folder, "meanwhile"), "meanwhile");
    await eventually("it has been away for long", awayMs * 2, () => performance.now() - goneMs > awayMs || undefined);
    await new Promise((resolve) => gate.close(resolve));
    await home.restart();
    const backMs = performance.now();
    await eventually("what was written meanwhile is sent", 120_000, async () => {
      const { status } = await home.api.call("GET", "/metadata?path=/meanwhile");
      return status === 200 ? true : undefined;
    });
    const tookMs = Math.round(performance.now() - backMs);
    console.log(`found again after ${tookMs} ms, with ${tries} tries while it was away`);
    assert.ok(tookMs <= backMsMax, `it took ${tookMs} ms`);
    assert.ok(tries <= triesMax, `it tried ${tries} times`);
  } finally {
    await home.close();
  }
});
