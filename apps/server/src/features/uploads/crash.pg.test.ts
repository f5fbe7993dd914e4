import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { sql } from "kysely";
import { bounded } from "@holdfast/tools/bounded";
import { isLongTier } from "@holdfast/tools/tiers";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { TestSpace } from "../../tree/testing/testing.ts";
import {
  bodyOf,
  bytesOf,
  contentIdOfBytes,
  countRows,
  put,
  putPart,
  readFile,
  refusalOf,
  startOf,
  startUploadWorld,
  type UploadWorld,
} from "./testing.ts";
import type { Uploads } from "./uploads.ts";
import { type CrashPoint, crashPoints } from "./uploads-ports.ts";

/** Simulates a process that ends in the middle: durable bytes stay, and a promise never settles. */

let world: UploadWorld;
before(async () => {
  world = await startUploadWorld();
});
after(() => world.stop());

const bytes = bytesOf("crash", 5_500_000);
const total = bytes.length;
const ends = [1000, 200_000, 3_000_000, 3_000_010, total];

async function sendAll(
  space: TestSpace,
  uploads: Uploads,
  id: string,
  acknowledged: (durable: number) => void,
): Promise<void> {
  const stillInTime = bounded("the file is whole");
  for (;;) {
    stillInTime();
    const { durable, complete, node } = await uploads.state(space.caller, id);
    if (node !== undefined) return;
    const end = ends.find((each) => each > durable) ?? total;
    const answer = complete
      ? await put(uploads, space, id, "bytes */*")
      : await putPart(uploads, space, id, { bytes, start: durable, end, total: end < total ? "*" : total });
    acknowledged("durable" in answer ? answer.durable : total);
  }
}

async function pointsOfAll(): Promise<readonly CrashPoint[]> {
  const points: CrashPoint[] = [];
  const space = await world.space();
  const uploads = world.instance(space, { crashPoint: (reached) => void points.push(reached) });
  const { id } = await uploads.start(space.caller, startOf("crash", { sha256: sha256(bytes) }));
  await sendAll(space, uploads, id, () => {});
  return points;
}

test("after a crash at any point, acknowledged bytes are durable and another process completes the file", async () => {
  const points = await pointsOfAll();
  assert.deepEqual([...new Set(points)].toSorted(), [...crashPoints].toSorted());
  for (const [place, point] of points.entries()) {
    // The gate ends the process where it first or last reaches each point.
    const isFirst = crashPoints.indexOf(point) % 2 === 0;
    if (!isLongTier && place !== (isFirst ? points.indexOf(point) : points.lastIndexOf(point))) continue;
    const fatal = points.slice(0, place + 1).filter((each) => each === point).length;
    const space = await world.space();
    let acknowledged = 0;
    let times = 0;
    let end = () => {};
    const ended = new Promise<"ended">((resolve) => {
      end = () => resolve("ended");
    });
    const doomed = world.instance(space, {
      crashPoint: async (reached) => {
        if (reached === point) times += 1;
        if (times < fatal) return;
        end();
        await new Promise<void>(() => {});
      },
    });
    const { id } = await doomed.start(space.caller, startOf("crash", { sha256: sha256(bytes) }));
    const sending = sendAll(space, doomed, id, (durable) => (acknowledged = durable)).then(() => "sent" as const);
    assert.equal(await Promise.race([sending, ended]), "ended", point);
    const survivor = world.instance(space);
    const state = await survivor.state(space.caller, id);
    assert.ok(
      state.durable >= acknowledged,
      `after "${point}" ${acknowledged} was acknowledged, ${state.durable} is there`,
    );
    await sendAll(space, survivor, id, () => {});
    const { node } = await survivor.state(space.caller, id);
    assert.equal(node?.content_id, contentIdOfBytes(bytes));
    assert.equal(node.version, 1);
    assert.ok((await readFile(world, space, node.id)).equals(bytes));
    const { blocks, tails, refs } = await countRows(space);
    assert.deepEqual({ blocks, tails }, { blocks: 0, tails: 0 });
    // Only the version's references: the upload released its own exactly once.
    assert.equal(refs, new Set((await manifestOf(space, node.id)).map(({ hash }) => hash)).size);
  }
});

test("after a store failure, earlier bytes are durable and the same piece can be sent again", async () => {
  const space = await world.space();
  let healthy = false;
  const broken: BlockService = {
    ...world.blocks,
    store: async (...args) => {
      if (!healthy) throw new HoldfastError("store_full", "The disk is full.");
      return world.blocks.store(...args);
    },
  };
  const uploads = world.instance(space, { blocks: broken });
  const { id } = await uploads.start(space.caller, startOf("failing"));
  await putPart(uploads, space, id, { bytes, start: 0, end: 100_000, total: "*" });
  const body = new PassThrough();
  body.write(bytes.subarray(100_000, 5_000_000));
  // The client waits for a response, so the failure must be reported without further bytes.
  assert.equal(
    (await refusalOf(put(uploads, space, id, `bytes 100000-${total - 1}/${total}`, body)))["code"],
    "store_full",
  );
  assert.equal((await uploads.state(space.caller, id)).durable, 100_000);
  healthy = true;
  const done = await put(uploads, space, id, `bytes 100000-${total - 1}/${total}`, bodyOf(bytes.subarray(100_000)));
  assert.ok("node" in done && done.node.content_id === contentIdOfBytes(bytes));
});

async function manifestOf(space: TestSpace, nodeId: string): Promise<{ hash: string }[]> {
  const { rows } = await sql<{ manifest: Buffer }>`select manifest from shard.versions
    where space_id = ${space.caller.spaceId} and node_id = ${nodeId}`.execute(space.db);
  const manifest = rows[0]!.manifest;
  return Array.from({ length: manifest.length / 36 }, (_, index) => ({
    hash: manifest.toString("hex", index * 36, index * 36 + 32),
  }));
}
