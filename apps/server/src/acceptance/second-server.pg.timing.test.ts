import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { startDownload, startUpload } from "./slow-transfers.ts";
import { Api, makeFolder, removeFolder, spawnServer } from "./testing.ts";

/** Maximum time from the signal to the server's exit, by the contract. */
const stopMsMax = 10_000;

test("a server stops within 10 s with exit code 0 while slow transfers run", async () => {
  const folder = makeFolder("second-server-timing");
  const server = await spawnServer({ dataFolder: `${folder}/data` });
  try {
    const api = await Api.signIn(server.url);
    const large = randomBytes(40_000_000);
    assert.equal((await api.put("/large", large)).status, 201);
    const slow = [
      await startDownload(server, api.token!, await api.idOf("/large")),
      await startUpload(server, api.token!, "POST /api/v1/files/upload?uploadType=media&path=/slow", large),
    ];
    const stoppedMs = performance.now();
    assert.equal(await server.stop(), 0);
    const ms = performance.now() - stoppedMs;
    assert.ok(ms < stopMsMax, `it took ${Math.round(ms)} ms`);
    for (const socket of slow) socket.destroy();
  } finally {
    await server.stop();
    removeFolder(folder);
  }
});
