import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { emptyTrash } from "./empty-trash.ts";
import { listTrash } from "./trash-list.ts";

const spaces = useTestSpaces({ fsync: false });
const { open } = spaces;

test("emptying the trash purges all of it and nothing else", async () => {
  const space = await open();
  const kept = await space.put("root", "kept", "1");
  const outer = await space.mkdir("root", "outer");
  const inner = await space.put(outer.id, "inner", "22");
  await space.put(outer.id, "other", "333");
  await space.do({ op: "delete", fileId: inner.id });
  await space.do({ op: "delete", fileId: outer.id });
  await space.do({ op: "delete", fileId: (await space.put("root", "x", "4444")).id });
  assert.equal(await emptyTrash(space.db, space.committer, space.caller), 3, "as many as the list of the trash");
  assert.equal((await space.row()).used_bytes, 1);
  assert.equal(await emptyTrash(space.db, space.committer, space.caller), 0);
  await space.do({ op: "set", fileId: kept.id, executable: true });
});

const list = (space: TestSpace, cursor?: string) =>
  listTrash(spaces.databases.shards, space.caller, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });

test("emptying the trash that somebody saw leaves what came there later, also at the same microsecond or an earlier time", async () => {
  const space = await open();
  const [folder, early, late] = [await space.mkdir("root", "f"), await space.put("root", "early", "1"), "22"];
  const [again, other] = [await space.mkdir("root", "again"), await space.put("root", "other", late)];
  for (const { id } of [early, again, folder]) await space.do({ op: "delete", fileId: id });
  const first = await list(space);
  assert.equal(first.items.length, 2);
  assert.equal(first.seq, (await space.row()).seq);
  // Another device, while a person reads the question.
  await space.do({ op: "restore", fileId: again.id });
  const unseen = await space.put(again.id, "unseen", "333");
  for (const { id } of [again, other]) await space.do({ op: "delete", fileId: id });
  await sql`update shard.nodes set trashed_at = 1000 where space_id = ${space.caller.spaceId}
    and trashed_at is not null and id <> ${again.id}::uuid`.execute(space.db);
  await sql`update shard.nodes set trashed_at = 1 where id = ${again.id}::uuid`.execute(space.db);
  const rest = await list(space, first.next_cursor ?? "");
  assert.equal(rest.seq, undefined, "a later page is of the list that the first page began");

  assert.equal(await emptyTrash(space.db, space.committer, space.caller, first.seq), 2);
  const { items } = await list(space);
  assert.deepEqual(
    items.map(({ name }) => name),
    ["other", "again"],
  );
  await space.do({ op: "restore", fileId: again.id });
  await space.do({ op: "set", fileId: unseen.id, executable: true });
  assert.equal(await emptyTrash(space.db, space.committer, space.caller), 1);
});

test("an item that is restored and trashed again while the trash is being emptied stays", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "f");
  await space.do({ op: "delete", fileId: folder.id });
  const { seq } = await list(space);
  const committer: Pick<TestSpace["committer"], "commit"> = {
    commit: async (caller, operations) => {
      await space.do({ op: "restore", fileId: folder.id });
      await space.put(folder.id, "unseen", "1");
      await space.do({ op: "delete", fileId: folder.id });
      return space.committer.commit(caller, operations);
    },
  };
  assert.equal(await emptyTrash(space.db, committer as TestSpace["committer"], space.caller, seq), 0);
  assert.equal((await list(space)).items.length, 1);
});
