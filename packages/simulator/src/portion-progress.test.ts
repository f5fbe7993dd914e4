import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { Alone } from "./alone.ts";

test("the progress of a download in several interrupted plans never decreases", async () => {
  const alone = new Alone();
  const { model, scheduler } = alone.world;
  const bytes = Buffer.from("text");
  const block = { hash: sha256(bytes), bytes };
  model.putBlocks([block]);
  const counts = { folders: 15, files: 100 };
  for (let folder = 0; folder < counts.folders; folder += 1) {
    const id = model.fresh("folder ");
    const place = { parent_id: model.rootId, name: `folder ${folder}` };
    alone.onServer({ op: "mkdir", operation_id: model.fresh("another's "), id, ...place });
    for (let file = 0; file < counts.files; file += 1) {
      const content = { size: bytes.length, blocks: [{ hash: block.hash, size: bytes.length }] };
      const at = { parent_id: id, name: `file ${file}` };
      alone.onServer({ op: "put", operation_id: model.fresh("another's "), ...content, ...at });
    }
  }
  const disk = alone.disk();
  const create: LocalDisk["create"] = async (...given) => {
    await disk.create(...given);
    // Ends the turn of a plan after its first thousand files.
    scheduler.nowMicros += 11_000;
  };
  const engine = alone.make({ memoryLimits: { entriesMax: 4096, freshMax: 1100 }, disk: { ...disk, create } });
  const seen: { readonly changes: number; readonly done: number; readonly stretch: number }[] = [];
  const end = engine.onChange(() => {
    const { now, pendingFiles } = engine.status();
    const { changes, stretch } = now;
    if (now.stage !== "look") seen.push({ changes, done: changes - pendingFiles, stretch });
  });
  assert.ok((await alone.pass(engine.runOnce())).inSync);
  end();
  const total = counts.folders * (counts.files + 1);
  // Later stretches read recently written files again.
  const begin = seen.find(({ changes }) => changes > 0);
  const first = seen.filter(({ stretch }) => stretch === begin?.stretch);
  assert.deepEqual([...new Set(first.map(({ changes }) => changes))], [total], "all plans are parts of one whole");
  for (const [index, { done }] of first.entries())
    assert.ok(done >= (first[index - 1]?.done ?? 0), `${done} at ${index}`);
  assert.equal(first.at(-1)?.done, total);
  alone.close();
});
