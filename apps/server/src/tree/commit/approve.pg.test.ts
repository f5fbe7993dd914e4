import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import { sql } from "kysely";
import { listChanges } from "../journal/changes.ts";
import { startToken } from "../journal/start-token.ts";
import type { Operation } from "./operation.ts";
import type { TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";

const spaces = useTestSpaces({ fsync: false });

async function journalOf(space: TestSpace, id: string): Promise<string[]> {
  const { rows } = await sql<{ kind: string; approved: boolean }>`
    select kind, approved from shard.journal where space_id = ${space.caller.spaceId} and node_id = ${id} order by seq`.execute(
    space.db,
  );
  return rows.map(({ kind, approved }) => (approved ? `${kind} approved` : kind));
}

async function hear(space: TestSpace): Promise<() => Promise<ChangeJson[]>> {
  const { shards } = spaces.databases;
  const since_token = await startToken(shards, space.caller);
  return async () => (await listChanges(shards, space.caller, { since_token })).changes;
}

test("only a device can approve a deletion; a token's approval is ignored or refused", async () => {
  const space = await spaces.open();
  const [one, other] = [await space.mkdir("root", "one"), await space.mkdir("root", "other")];
  const token = { ...space.caller, deviceId: null };
  const remove = (fileId: string): Operation => ({ op: "delete", fileId, approved: true });
  const approve: Operation = { op: "approve", fileId: one.id };
  await space.do(remove(one.id), token);
  await space.do(remove(other.id));
  assert.deepEqual(await journalOf(space, one.id), ["changed", "gone"]);
  assert.deepEqual(await journalOf(space, other.id), ["changed", "gone approved"]);
  const [refused] = await space.commit([approve], token);
  assert.equal(refused !== undefined && "error" in refused ? refused.error.code : undefined, "forbidden");
  await space.do(approve);
  assert.deepEqual(await journalOf(space, one.id), ["changed", "gone", "gone approved"]);
});

test("an approval does not change when the trash expires", async () => {
  const space = await spaces.open();
  const { id } = await space.mkdir("root", "folder");
  await space.do({ op: "delete", fileId: id });
  const trashedAt = async () =>
    (await sql<{ at: number }>`select trashed_at as at from shard.nodes where id = ${id}`.execute(space.db)).rows[0]
      ?.at;
  const before = await trashedAt();
  space.clock.advanceMs(3600_000);
  await space.do({ op: "approve", fileId: id });
  assert.ok(before !== undefined);
  assert.equal(await trashedAt(), before);
});

test("a permanent deletion is approved by its journal entry, and the account's devices see that", async () => {
  const space = await spaces.open();
  const changes = await hear(space);
  const [one, other] = [await space.mkdir("root", "one"), await space.mkdir("root", "other")];
  await space.commit([{ op: "purge", fileId: one.id, trashedOnly: false }]);
  await space.do({ op: "delete", fileId: other.id });
  await space.commit([{ op: "purge", fileId: other.id, trashedOnly: true }]);
  const since = await changes();
  for (const { id } of [one, other]) {
    const seen = since.findLast((change) => change.id === id)?.seq ?? 0;
    const [answer] = await space.commit([{ op: "approve", fileId: id, seen }]);
    assert.deepEqual(answer, { status: "committed", node: undefined, created: false });
  }
  const listed = (await changes()).map(({ id, kind, approved = false, from_trash = false }) => [
    id === one.id ? "one" : "other",
    kind,
    approved,
    from_trash,
  ]);
  assert.deepEqual(listed, [
    ["one", "gone", false, false],
    ["other", "gone", false, false],
    ["one", "gone", false, false],
    ["other", "gone", false, false],
    ["other", "gone", false, true],
    ["one", "gone", true, false],
    ["other", "gone", true, false],
  ]);
});

test("only the entry of the permanent deletion can be approved, and not by a token", async () => {
  const space = await spaces.open();
  const changes = await hear(space);
  const [gone, live, trashed] = [
    await space.mkdir("root", "gone"),
    await space.mkdir("root", "live"),
    await space.mkdir("root", "trashed"),
  ];
  await space.do({ op: "delete", fileId: trashed.id });
  await space.commit([{ op: "purge", fileId: gone.id, trashedOnly: false }]);
  const before = await changes();
  const seqOf = (id: string): number => before.findLast((change) => change.id === id)?.seq ?? 0;
  const codeOf = async (fileId: string, seen: number, caller = space.caller): Promise<string | undefined> => {
    const [result] = await space.commit([{ op: "approve", fileId, seen }], caller);
    return result !== undefined && "error" in result ? result.error.code : undefined;
  };
  const stranger = await spaces.open();
  assert.equal(await codeOf(gone.id, seqOf(trashed.id)), "not_found");
  assert.equal(await codeOf(gone.id, 1), "not_found");
  assert.equal(await codeOf(live.id, seqOf(gone.id)), "not_found");
  assert.equal(await codeOf(gone.id, seqOf(gone.id), stranger.caller), "not_found");
  assert.equal(await codeOf(gone.id, seqOf(gone.id), { ...space.caller, deviceId: null }), "forbidden");
  await space.commit([{ op: "purge", fileId: trashed.id, trashedOnly: true }]);
  assert.equal(await codeOf(trashed.id, seqOf(trashed.id)), "not_found", "the entry of the trash");
  assert.deepEqual(
    (await changes()).filter(({ approved }) => approved === true),
    [],
  );
});
