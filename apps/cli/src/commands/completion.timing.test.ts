import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { promisify } from "node:util";
import { launcher, makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";

test("the completion of a path stops waiting for a silent server", async (t) => {
  const folder = makeFolder("completion-timing");
  t.after(() => removeFolder(folder));
  const silent = createServer().listen(0, "127.0.0.1");
  t.after(() => silent.close());
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  const server = { HOLDFAST_SERVER: `http://127.0.0.1:${port}`, HOLDFAST_TOKEN: "none" };
  const env = { ...process.env, HOLDFAST_CONFIG_DIR: folder, ...server };
  const begunMs = performance.now();
  assert.equal((await promisify(execFile)(launcher, ["__complete", "/lis"], { env })).stdout, "");
  // The client itself would continue for a minute.
  assert.ok(performance.now() - begunMs < 30_000);
});
