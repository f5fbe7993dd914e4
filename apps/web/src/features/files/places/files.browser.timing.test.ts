import assert from "node:assert/strict";
import { test } from "node:test";
import { filesApp } from "../../../testing/files-app.ts";

const drive = filesApp();

test("a change by another device shows within 1.5 seconds", async () => {
  await drive.fill("b.txt");
  const { files } = await drive.openFolder();
  // A busy machine is slow now and then, a slow app every time.
  const tookMs: number[] = [];
  for (let run = 1; run <= 5 && Math.min(...tookMs) >= 1_500; run += 1) {
    const name = `a ${run}.txt`;
    await drive.app.api.put(`${drive.folder}/${name}`, "from elsewhere");
    const startMs = performance.now();
    await files.seen(name);
    tookMs.push(performance.now() - startMs);
  }
  assert.ok(Math.min(...tookMs) < 1_500, `it took ${tookMs.join(", ")} ms`);
});
