import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { checkInvariants } from "../testing/invariants.ts";
import { ModelTree } from "../testing/model-tree.ts";
import type { Operation } from "./operation.ts";
import { type PieceSizes, pieceSizes } from "./piece-sizes.ts";
import { sweepPurged } from "./removal.ts";
import { contentOfText, describe, makeTestSpace, newTestId, smallPieces, type TestSpace } from "../testing/testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases();
});
after(async () => databases.stop());

const texts = ["", "a", "bb", "ccc"];
const textOfHash = new Map(
  texts.flatMap((text) => contentOfText(text).blocks.map(({ hash }) => [hash as string, text])),
);

const name = fc.constantFrom("a", "b", "c.txt");
const choice = fc.record({
  op: fc.constantFrom("mkdir", "mkdir", "put", "put", "put id", "move", "move", "copy", "delete", "restore", "purge"),
  node: fc.nat(30),
  parent: fc.nat(30),
  name,
  text: fc.constantFrom(...texts),
  version: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 2 }),
  onConflict: fc.option(fc.constantFrom("fail", "rename", "replace"), { nil: undefined }),
  revive: fc.boolean(),
  trashedOnly: fc.boolean(),
});
type Choice = typeof choice extends fc.Arbitrary<infer Value> ? Value : never;

for (const [sizes, pieces] of [
  ["usual", pieceSizes],
  ["small", smallPieces],
] as const) {
  test(`random operations in ${sizes} pieces match the model and keep the space's invariants`, async () => {
    await fc.assert(agreesWithModel(pieces), { numRuns: isLongTier ? 120 : 25 });
  });
}

function agreesWithModel(pieces: PieceSizes) {
  return fc.asyncProperty(
    fc.array(fc.array(choice, { minLength: 1, maxLength: 8 }), { maxLength: 6 }),
    async (batches) => {
      const space = await makeTestSpace(databases.shards, { pieces });
      await space.store(texts.flatMap((text) => contentOfText(text).blocks));
      const model = new ModelTree(space.caller.rootId);
      const ids: string[] = [space.caller.rootId];
      for (const batch of batches) {
        const operations = batch.map((each) => toOperation(each, ids));
        const results = await space.commit(operations);
        model.startBatch();
        for (const [index, operation] of operations.entries()) {
          const expected = model.apply(operation, textOfHash);
          const result = results[index];
          const actual = result !== undefined && "error" in result ? result.error.code : result?.status;
          assert.equal(actual, expected, `${JSON.stringify(operation)}: ${describe(result)}`);
        }
        await checkInvariants(space.db, space.caller.spaceId);
        assert.deepEqual(await livePaths(space), new Map([...model.paths()].toSorted(byPath)));
        await sweepPurged(space.db, { nowMicros: space.clock.nowMicros(), pieces });
        assert.equal((await space.row()).used_bytes, model.usedBytes());
        await checkInvariants(space.db, space.caller.spaceId);
      }
    },
  );
}

function toOperation(each: Choice, ids: string[]): Operation {
  const pick = (index: number) => ids[index % ids.length] ?? "";
  const { op, revive, onConflict, version, trashedOnly, text } = each;
  const place = { parentId: pick(each.parent), name: each.name };
  const fileId = pick(each.node);
  const conflict = onConflict === undefined ? {} : { onConflict };
  if (op === "mkdir" || op === "put") {
    const id = newTestId<NodeId>();
    ids.push(id);
    if (op === "mkdir") return { op, id, place, revive, ...conflict };
    return { op, id, place, revive, ...conflict, content: contentOfText(text) };
  }
  const base = version === undefined ? {} : { baseVersion: version };
  if (op === "put id") {
    return { op: "put", fileId, revive, ...conflict, ...base, content: contentOfText(text) };
  }
  if (op === "move") return { op, fileId, place, revive, ...conflict, ...base };
  if (op === "copy") return { op, fileId, place, ...conflict, ...base };
  if (op === "purge") return { op, fileId, trashedOnly, ...base };
  return { op, fileId, ...base };
}

async function livePaths(space: TestSpace): Promise<Map<string, string>> {
  const { rows } = await sql<NodeRow & { path: string }>`
    with recursive live as (
      select n.*, '' collate "C" as path from shard.nodes n
      where n.space_id = ${space.caller.spaceId} and n.id = ${space.caller.rootId}
      union all
      select n.*, live.path || '/' || n.name from live
      join shard.nodes n on n.space_id = live.space_id and n.parent_id = live.id and n.trashed_at is null
    ) select * from live where parent_id is not null`.execute(space.db);
  const byContent = new Map(texts.map((text): [string, string] => [contentIdOf(contentOfText(text).blocks), text]));
  const entries = rows.map((row): [string, string] => [
    row.path,
    row.kind === "folder" ? "/" : (byContent.get(row.content_id?.toString("hex") ?? "") ?? "?"),
  ]);
  return new Map(entries.toSorted(byPath));
}

function byPath([left]: [string, string], [right]: [string, string]): number {
  return left < right ? -1 : 1;
}
