import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
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

test("an approval is a device's: a token that says so is not believed, so that devices ask", async () => {
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

test("an approval moves nothing of when the trash lets go of it", async () => {
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
