import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { seed } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { checkInvariants } from "../testing/invariants.ts";
import { pieceSizes } from "../commit/piece-sizes.ts";
import { sweepPurged } from "../commit/removal.ts";
import { expireSegments } from "./expire-segments.ts";
import { countOldVersions, expireJournal, expireOperations, expireTrash, pruneVersions } from "./retention.ts";
import type { Retention } from "./retention-job.ts";
import { stageSegments } from "../commit/stage-segments.ts";
import { contentOfText, type TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { sha256 } from "@holdfast/core/hash";

const { open } = useTestSpaces();
const dayMs = 24 * 3600_000;
const lifetimeMs = 30 * dayMs;
function job(space: TestSpace): Retention {
  return { db: space.db, nowMicros: space.clock.nowMicros() };
}

test("results of operations are kept for 14 days", async () => {
  const space = await open();
  const operation = {
    op: "mkdir",
    place: { path: "a" },
    operationId: Buffer.alloc(16, 3),
    requestHash: Buffer.alloc(32),
  } as const;
  const first = await space.commit([operation]);
  space.clock.advanceMs(14 * dayMs - 1000);
  await expireOperations(job(space));
  assert.deepEqual(await space.commit([operation]), first);
  space.clock.advanceMs(2000);
  await expireOperations(job(space));
  assert.equal((await space.refused(operation)).code, "exists");
});

test("trash older than 30 days is purged, younger trash stays", async () => {
  const space = await open();
  const a = await space.mkdir("root", "a");
  await space.put(a.id, "f", "12345");
  const young = await space.put("root", "young", "123");
  await space.do({ op: "delete", fileId: a.id });
  space.clock.advanceMs(30 * dayMs);
  await space.do({ op: "delete", fileId: young.id });
  assert.equal(await expireTrash(job(space), 30 * dayMs), 1);
  assert.equal((await space.refused({ op: "restore", fileId: a.id })).code, "not_found");
  assert.equal(await sweepPurged(space.db, job(space)), 2);
  assert.equal((await space.row()).used_bytes, 3);
  await space.do({ op: "restore", fileId: young.id });
});

test("the journal loses its oldest entries, but never its last one", async () => {
  const space = await open();
  for (const name of ["a", "b", "c"]) await space.mkdir("root", name);
  space.clock.advanceMs(91 * dayMs);
  const kept = async () => {
    await expireJournal(job(space));
    const { rows } = await sql<{ seq: number }>`
      select seq from shard.journal where space_id = ${space.caller.spaceId} order by seq`.execute(space.db);
    return rows.map((row) => row.seq);
  };
  assert.deepEqual(await kept(), [3]);
  await space.mkdir("root", "d");
  assert.deepEqual(await kept(), [4]);
});

test("a version is pruned only if it is old and not among the newest", async () => {
  const space = await open();
  const file = await space.put("root", "f", "0");
  const putAll = async (texts: string[]) => {
    for (const text of texts) await space.do({ op: "put", fileId: file.id, content: await space.content(text) });
  };
  await putAll(["1", "2", "3", "4"]);
  space.clock.advanceMs(31 * dayMs);
  assert.equal(await pruneVersions(job(space), { keptMin: 30, lifetimeMs }), 0);
  await putAll(["5", "6"]);
  assert.equal(await countOldVersions(job(space), { keptMin: 3, lifetimeMs }), 4);
  assert.equal(await pruneVersions(job(space), { keptMin: 3, lifetimeMs }), 4);
  assert.equal(await pruneVersions(job(space), { keptMin: 1, lifetimeMs }), 0);
  space.clock.advanceMs(31 * dayMs);
  assert.equal(await pruneVersions(job(space), { keptMin: 1, lifetimeMs }), 2);
  assert.equal(await countOldVersions(job(space), { keptMin: 1, lifetimeMs }), 0);
  const { rows } = await sql<{ number: number }>`
    select number from shard.versions where space_id = ${space.caller.spaceId} order by number`.execute(space.db);
  assert.deepEqual(
    rows.map((row) => row.number),
    [7],
  );
  assert.equal((await space.refused({ op: "revert", fileId: file.id, version: 1 })).code, "not_found");
});

test("segments without a commit are removed after a day and release their blocks", async () => {
  const space = await open();
  const entries = ["1", "22"].flatMap((text) => contentOfText(text).blocks);
  await space.store(entries);
  const staging = {
    db: space.db,
    spaceId: space.caller.spaceId,
    nowMicros: space.clock.nowMicros(),
    pieces: pieceSizes,
  };
  const hash = sha256(Buffer.from("any name will do"));
  assert.deepEqual(await stageSegments(staging, [{ hash, entries }]), []);
  assert.equal(await expireSegments(job(space)), 0);
  await checkInvariants(space.db, space.caller.spaceId);
  space.clock.advanceMs(25 * 3600_000);
  assert.equal(await expireSegments(job(space)), 1);
});

test("a labeled version is never pruned, whatever else is kept (random)", async () => {
  const replay = `replay with HOLDFAST_SEED=${seed}`;
  const next = seededRandom(seed);
  const random = (below: number) => Math.floor(next() * below);
  for (let round = 0; round < (isLongTier ? 12 : 6); round += 1) {
    const space = await open();
    const file = await space.put("root", "f", "0");
    /** Computed from the rules alone. */
    const model = new Map([[1, { madeAtMicros: space.clock.nowMicros(), label: null as string | null }]]);
    let head = 1;
    for (let step = 0; step < 30; step += 1) {
      const choice = random(10);
      if (choice < 5) {
        await space.do({ op: "put", fileId: file.id, content: await space.content(`${round} ${step}`) });
        model.set((head += 1), { madeAtMicros: space.clock.nowMicros(), label: null });
      } else if (choice < 8) {
        const number = 1 + random(head);
        const label = random(3) === 0 ? null : `label ${step}`;
        const known = model.get(number);
        const operation = { op: "label", fileId: file.id, version: number, label } as const;
        if (known === undefined) assert.equal((await space.refused(operation)).code, "not_found", replay);
        else {
          await space.do(operation);
          known.label = label;
        }
      } else if (choice === 8) space.clock.advanceMs(random(20) * dayMs);
      else {
        const keptMin = 1 + random(4);
        const before = space.clock.nowMicros() - lifetimeMs * 1000;
        const due = [...model].filter(
          ([number, { label }]) =>
            number <= head - keptMin &&
            label === null &&
            [...model].some(([later, { madeAtMicros }]) => later > number && madeAtMicros < before),
        );
        await pruneVersions(job(space), { keptMin, lifetimeMs });
        for (const [number] of due) model.delete(number);
      }
      const { rows } = await sql<{ number: number; label: string | null }>`
        select number, label from shard.versions where space_id = ${space.caller.spaceId} order by number`.execute(
        space.db,
      );
      assert.deepEqual(
        rows.map((row) => [row.number, row.label]),
        [...model]
          .map(([number, { label }]) => [number, label])
          .toSorted(([left], [right]) => Number(left) - Number(right)),
        replay,
      );
    }
  }
});
