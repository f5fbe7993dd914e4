/** Lowered limits make an upload release its blocks in many steps, each of which may be interrupted. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { cutBlocks } from "@holdfast/core/chunker";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { smallPieces, type TestSpace } from "../../tree/testing/testing.ts";
import {
  bytesOf,
  contentIdOfBytes,
  countRows,
  put,
  putPart,
  readFile,
  startOf,
  startUploadWorld,
  type UploadWorld,
} from "./testing.ts";
import type { Uploads } from "./uploads.ts";
import { retentionUsual } from "../../base/config/retention-settings.ts";

let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

/** Some ten blocks, of which two are released at a time. */
const bytes = bytesOf("small pieces", 11_000_000);
const pieces = smallPieces;

async function open(): Promise<{ space: TestSpace; uploads: Uploads }> {
  const space = await world.space(undefined, { pieces });
  return { space, uploads: world.instance(space, { pieces }) };
}

async function start({ space, uploads }: { space: TestSpace; uploads: Uploads }, name: string, sentBytes: number) {
  const { id } = await uploads.start(space.caller, startOf(name, {}, bytes.length));
  if (sentBytes > 0) await putPart(uploads, space, id, { bytes, start: 0, end: sentBytes, total: bytes.length });
  return id;
}

test("a long upload frees all its rows once it is a file", async () => {
  const { space, uploads } = await open();
  const id = await start({ space, uploads }, "long", 0);
  const done = await put(uploads, space, id, undefined, bytes);
  assert.ok("node" in done && done.node.content_id === contentIdOfBytes(bytes));
  assert.deepEqual(await countRows(space), { refs: blockCount(), sessions: 1, blocks: 0, tails: 0 });
  await checkInvariants(space.db, space.caller.spaceId);
  assert.ok((await readFile(world, space, done.node.id)).equals(bytes));
});

test("after a crash between commit and cleanup, the file is complete, and expiry deletes the rest", async () => {
  const { space } = await open();
  const doomed = world.instance(space, {
    pieces,
    crashPoint: (reached) => {
      if (reached === "committed") throw new Error("The process ends here.");
    },
  });
  const id = await start({ space, uploads: doomed }, "cut", 0);
  await assert.rejects(put(doomed, space, id, undefined, bytes));
  const held = await countRows(space);
  assert.equal(held.blocks, blockCount() - pieces.uploadBlocksMax);
  await checkInvariants(space.db, space.caller.spaceId);
  const survivor = world.instance(space, { pieces });
  const { node } = await survivor.state(space.caller, id);
  assert.ok(node !== undefined && (await readFile(world, space, node.id)).equals(bytes));
  world.clock.advanceMs(retentionUsual.sessionsMs + 1000);
  assert.ok((await survivor.expire()) >= 1);
  assert.deepEqual(await countRows(space), { refs: blockCount(), sessions: 0, blocks: 0, tails: 0 });
  await checkInvariants(space.db, space.caller.spaceId);
  assert.ok((await readFile(world, space, node.id)).equals(bytes));
});

test("expired and removed uploads free everything they held, in any number of steps", async () => {
  const { space, uploads } = await open();
  const nothing = { refs: 0, sessions: 0, blocks: 0, tails: 0 };
  await uploads.remove(space.caller, await start({ space, uploads }, "given up", 8_000_000));
  assert.deepEqual(await countRows(space), nothing);
  await checkInvariants(space.db, space.caller.spaceId);
  for (const name of ["a", "b", "c"]) await start({ space, uploads }, name, 8_000_000);
  assert.ok((await countRows(space)).blocks > 3 * pieces.uploadBlocksMax);
  world.clock.advanceMs(retentionUsual.sessionsMs + 1000);
  assert.ok((await uploads.expire()) >= 3);
  assert.deepEqual(await countRows(space), nothing);
  await checkInvariants(space.db, space.caller.spaceId);
});

function blockCount(): number {
  return cutBlocks(bytes, true).blocks.length;
}
