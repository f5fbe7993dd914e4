import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import type { RewindAnswer } from "@holdfast/protocol/rewind-routes";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { checkInvariants } from "../../tree/testing/invariants.ts";
import { contentOfText, makeTestSpace, newTestId, type TestSpace } from "../../tree/testing/testing.ts";
import { openRewinds, type RewindOutcome } from "./open-rewinds.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(async () => databases.stop());

const texts = ["", "a", "bb", "ccc"];
const choice = fc.record({
  op: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom("mkdir", "put") },
    { weight: 4, arbitrary: fc.constantFrom("put id", "move", "move", "delete") },
    { weight: 2, arbitrary: fc.constantFrom("symlink", "copy", "set", "restore") },
  ),
  node: fc.nat(40),
  parent: fc.nat(40),
  name: fc.constantFrom("a", "b", "c.txt"),
  text: fc.constantFrom(...texts),
  rename: fc.boolean(),
  revive: fc.boolean(),
});
type Choice = typeof choice extends fc.Arbitrary<infer Value> ? Value : never;

const runs = Number(process.env["HOLDFAST_REWIND_RUNS"] ?? (isLongTier ? 160 : 20));

/** `HOLDFAST_SEED=-1089946814 HOLDFAST_REWIND_PATH=66:9` replays a failure with the printed seed and path. */
const given = process.env["HOLDFAST_REWIND_PATH"];
const replay = given === undefined ? { interruptAfterTimeLimit: 120_000 } : { path: given };

type Seen = Pick<NodeRow, "id" | "kind" | "target" | "size" | "modified_at" | "executable" | "private"> & {
  readonly path: string;
  readonly content: string;
};

test("a rewind restores the folder's state at any moment and changes nothing else, and its undo restores all", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(choice, { minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 7 }),
      fc.nat(20),
      fc.nat(40),
      async (batches, momentIndex, topIndex) => {
        const space = await makeTestSpace(databases.shards);
        await space.store(texts.flatMap((text) => contentOfText(text).blocks));
        const ids: string[] = [space.caller.rootId];
        const moments: { atMicros: number; tree: Map<string, Seen> }[] = [];
        for (const batch of batches) {
          await space.commit(batch.map((each) => toOperation(each, ids)));
          moments.push({ atMicros: space.clock.nowMicros(), tree: await seenIn(space) });
          space.clock.advanceMs(1000);
        }
        const then = moments[momentIndex % moments.length]!;
        const folders = [...then.tree.values()].filter(({ kind }) => kind !== "symlink");
        await checkRewind(space, then, folders[topIndex % folders.length]!);
      },
    ),
    { numRuns: runs, ...replay },
  );
});

async function checkRewind(
  space: TestSpace,
  then: { readonly atMicros: number; readonly tree: ReadonlyMap<string, Seen> },
  top: Seen,
): Promise<void> {
  const { shards } = databases;
  const { clock, committer, caller } = space;
  const rewinds = openRewinds({
    shards,
    committer,
    clock,
    random: randomBytes,
    queue: { kick: () => {} },
    reachMs: 30 * 24 * 3600_000,
  });
  const request = {
    userId: caller.userId,
    spaceId: caller.spaceId,
    nodeId: top.id,
    momentMicros: then.atMicros,
  };
  const now = await seenIn(space);
  const preview = await rewinds.preview(request);
  assert.deepEqual(await seenIn(space), now, "a preview changes nothing");
  const { rewind_id: id = "", ...answer } = answerOf(await rewinds.rewind(request));
  await checkInvariants(space.db, caller.spaceId);
  const rewound = await seenIn(space);
  const hasWay = hasWayBack(then.tree, now, top);
  if (isKnotted(then.tree, now, top) && !hasWay) {
    assert.deepEqual(preview, answer, "the preview told what was done");
    assert.ok(answer.left > 0, "what cannot return is told");
  } else if (rewound.has(top.id)) {
    assert.deepEqual(below(rewound, top.id), below(then.tree, top.id), "inside all is as it was");
    assert.deepEqual(outside(rewound, top.id), outsideBefore(now, then.tree, top.id), "outside nothing has changed");
    assert.deepEqual(preview, answer, "the preview told what was done");
    const reasons = answer.sample.filter(({ reason }) => reason !== undefined);
    assert.equal(reasons.length, hasWay ? 0 : 1, "it is told once that it stays where it is");
    assert.equal(answer.left, reasons.filter(({ act }) => act === "left").length);
    if (hasWay) assert.deepEqual(placeIn(rewound, top.id), placeIn(then.tree, top.id), "it is where it was");
  } else {
    assert.ok(!hasWay, "what has a way back comes back");
  }
  const undone = answerOf(await rewinds.undo(await rewinds.find(id), caller.userId));
  await checkInvariants(space.db, caller.spaceId);
  assert.deepEqual(await seenIn(space), now, "undone all is as before");
  assert.equal(undone.left, 0);
  const again = await rewinds.undo(await rewinds.find(id), caller.userId);
  assert.deepEqual(again, { answer: { ...undone, repeated: true } });
}

function hasWayBack(then: ReadonlyMap<string, Seen>, now: ReadonlyMap<string, Seen>, top: Seen): boolean {
  if (top.path === "/") return true;
  const parentId = [...then.values()].find(({ path }) => path === parentPath(top.path))?.id ?? "";
  const parent = now.get(parentId);
  if (parent === undefined) return false;
  const inside = new Set(below(then, top.id).map(([each]) => each));
  const above = (path: string): boolean => {
    const at = [...now.values()].find((each) => each.path === path);
    return at !== undefined && (inside.has(at.id) || (path !== "/" && above(parentPath(path))));
  };
  if (above(parent.path)) return false;
  const name = top.path.slice(top.path.lastIndexOf("/") + 1);
  const holder = [...now.values()].find(({ path }) => path === `${parent.path === "/" ? "" : parent.path}/${name}`);
  return holder === undefined || inside.has(holder.id);
}

/** @returns true if the top now lies below a node that was inside, so that this node cannot return into it */
function isKnotted(then: ReadonlyMap<string, Seen>, now: ReadonlyMap<string, Seen>, top: Seen): boolean {
  const path = now.get(top.id)?.path ?? "/";
  return below(then, top.id).some(([id]) => id !== top.id && path.startsWith(`${now.get(id)?.path ?? "?"}/`));
}

function answerOf(outcome: RewindOutcome): RewindAnswer {
  assert.ok("answer" in outcome);
  return outcome.answer;
}

function placeIn(tree: ReadonlyMap<string, Seen>, id: string): [string | undefined, string] {
  const path = tree.get(id)?.path ?? "";
  const parent = [...tree.values()].find((each) => each.path === parentPath(path));
  return [parent?.id, path.slice(path.lastIndexOf("/"))];
}

function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function below(tree: ReadonlyMap<string, Seen>, topId: string): [string, Seen][] {
  const path = tree.get(topId)?.path ?? "?";
  const prefix = path === "/" ? "/" : `${path}/`;
  const found = [...tree.values()].filter((each) => each.id === topId || each.path.startsWith(prefix));
  return found
    .map((each): [string, Seen] => [
      each.id,
      { ...each, path: each.id === topId ? "" : each.path.slice(prefix.length - 1) },
    ])
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}

function outside(tree: ReadonlyMap<string, Seen>, topId: string): [string, Seen][] {
  const inside = new Set(below(tree, topId).map(([id]) => id));
  return [...tree].filter(([id]) => !inside.has(id));
}

function outsideBefore(now: ReadonlyMap<string, Seen>, then: ReadonlyMap<string, Seen>, topId: string) {
  const inside = new Set(below(then, topId).map(([id]) => id));
  const isBelow = (path: string): boolean => {
    const at = [...now.values()].find((each) => each.path === path);
    return at !== undefined && (inside.has(at.id) || (path !== "/" && isBelow(parentPath(path))));
  };
  return [...now].filter(([, { path }]) => !isBelow(path));
}

function toOperation(each: Choice, ids: string[]): Operation {
  const pick = (index: number) => ids[index % ids.length] ?? "";
  const { op, revive, text } = each;
  const place = { parentId: pick(each.parent), name: each.name };
  const fileId = pick(each.node);
  const onConflict = each.rename ? ("rename" as const) : ("replace" as const);
  if (op === "mkdir" || op === "put" || op === "symlink") {
    const id = newTestId<NodeId>();
    ids.push(id);
    if (op === "mkdir") return { op, id, place, revive, onConflict };
    if (op === "symlink") return { op, id, place, revive, onConflict, target: "x" };
    return {
      op,
      id,
      place,
      revive,
      onConflict,
      content: contentOfText(text),
      executable: each.rename,
      private: !each.rename,
    };
  }
  if (op === "put id") return { op: "put", fileId, revive, onConflict, content: contentOfText(text) };
  if (op === "move") return { op, fileId, place, revive, onConflict };
  if (op === "copy") return { op, fileId, place, onConflict };
  if (op === "set") return { op, fileId, modifiedAtMicros: each.parent, executable: each.rename, private: each.revive };
  if (op === "restore") return { op, fileId, onConflict: "rename", ...(each.rename ? { place } : {}) };
  return { op: "delete", fileId };
}

/** All live nodes, read independently from the rows. */
async function seenIn(space: TestSpace): Promise<Map<string, Seen>> {
  const { rows } = await sql<Seen>`
    with recursive live as (
      select n.*, '' collate "C" as path from shard.nodes n
      where n.space_id = ${space.caller.spaceId} and n.id = ${space.caller.rootId}
      union all
      select n.*, live.path || '/' || n.name from live
      join shard.nodes n on n.space_id = live.space_id and n.parent_id = live.id and n.trashed_at is null
    )
    select id, kind, target, size, modified_at, executable, private, coalesce(nullif(path, ''), '/') as path,
      coalesce(encode(content_id, 'hex'), '') as content from live order by id`.execute(space.db);
  return new Map(rows.map((row) => [row.id, row]));
}
