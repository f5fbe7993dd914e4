import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { TestSpace } from "../testing/testing.ts";
import { useTestSpaces } from "../testing/testing-spaces.ts";
import { emptyTrash } from "./empty-trash.ts";
import type { JournalHead } from "../read/newest-entry.ts";
import { listTrash, type TrashPage } from "./trash-list.ts";

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

function headOf({ seq, epoch }: TrashPage): JournalHead {
  return { seq: seq ?? assert.fail("no seq"), epoch: epoch ?? assert.fail("no epoch") };
}

const list = (space: TestSpace, cursor?: string) =>
  listTrash(spaces.databases.shards, space.caller, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });

test("emptying a listed trash leaves items trashed later, even at the same or an earlier time", async () => {
  const space = await open();
  const [folder, early, late] = [await space.mkdir("root", "f"), await space.put("root", "early", "1"), "22"];
  const [again, other] = [await space.mkdir("root", "again"), await space.put("root", "other", late)];
  for (const { id } of [early, again, folder]) await space.do({ op: "delete", fileId: id });
  const first = await list(space);
  assert.equal(first.items.length, 2);
  const head = headOf(first);
  assert.equal(head.seq, (await space.row()).seq);
  await space.do({ op: "restore", fileId: again.id });
  const unseen = await space.put(again.id, "unseen", "333");
  for (const { id } of [again, other]) await space.do({ op: "delete", fileId: id });
  await sql`update shard.nodes set trashed_at = 1000 where space_id = ${space.caller.spaceId}
    and trashed_at is not null and id <> ${again.id}::uuid`.execute(space.db);
  await sql`update shard.nodes set trashed_at = 1 where id = ${again.id}::uuid`.execute(space.db);
  const rest = await list(space, first.next_cursor ?? "");
  assert.equal(rest.seq, undefined, "a later page is of the list that the first page began");

  assert.equal(await emptyTrash(space.db, space.committer, space.caller, head), 2);
  const { items } = await list(space);
  assert.deepEqual(
    items.map(({ name }) => name),
    ["other", "again"],
  );
  await space.do({ op: "restore", fileId: again.id });
  await space.do({ op: "set", fileId: unseen.id, executable: true });
  assert.equal(await emptyTrash(space.db, space.committer, space.caller), 1);
});

test("an item that is restored and trashed again while the trash is emptied stays", async () => {
  const space = await open();
  const folder = await space.mkdir("root", "f");
  await space.do({ op: "delete", fileId: folder.id });
  const head = headOf(await list(space));
  const committer: Pick<TestSpace["committer"], "commit"> = {
    commit: async (caller, operations) => {
      await space.do({ op: "restore", fileId: folder.id });
      await space.put(folder.id, "unseen", "1");
      await space.do({ op: "delete", fileId: folder.id });
      return space.committer.commit(caller, operations);
    },
  };
  assert.equal(await emptyTrash(space.db, committer as TestSpace["committer"], space.caller, head), 0);
  assert.equal((await list(space)).items.length, 1);
});

test("items restored or purged by another call while the trash is emptied are not counted", async () => {
  const space = await open();
  const files = await Promise.all(["a", "b", "c"].map((name) => space.put("root", name, name)));
  for (const { id } of files) await space.do({ op: "delete", fileId: id });
  const [restored, purged] = files;
  const committer: Pick<TestSpace["committer"], "commit"> = {
    commit: async (caller, operations) => {
      await space.do({ op: "restore", fileId: restored!.id });
      await space.commit([{ op: "purge", fileId: purged!.id, trashedOnly: true }]);
      return space.committer.commit(caller, operations);
    },
  };
  assert.equal(await emptyTrash(space.db, committer as TestSpace["committer"], space.caller), 1);
  assert.deepEqual((await list(space)).items, []);
  await space.do({ op: "set", fileId: restored!.id, executable: true });
});

test("a trashed folder and an item trashed from it earlier count as two, even at the same time", async () => {
  const space = await open();
  const inner = await space.put("root", "inner", "1");
  const outer = await space.mkdir("root", "outer");
  await space.do({ op: "move", fileId: inner.id, place: { parentId: outer.id } });
  for (const { id } of [inner, outer]) await space.do({ op: "delete", fileId: id });
  await sql`update shard.nodes set trashed_at = 1000 where space_id = ${space.caller.spaceId}
    and trashed_at is not null`.execute(space.db);
  assert.equal(await emptyTrash(space.db, space.committer, space.caller), 2);
  assert.equal((await space.row()).used_bytes, 0);
});

test("a trash list from before a restore of the server empties nothing", async () => {
  const space = await open();
  const file = await space.put("root", "f", "1");
  await space.do({ op: "delete", fileId: file.id });
  const { epoch } = headOf(await list(space));
  await sql`update shard.spaces set epoch = 'another' where id = ${space.caller.spaceId}`.execute(space.db);
  const seen = { seq: 1_000_000, epoch };
  await assert.rejects(emptyTrash(space.db, space.committer, space.caller, seen), { code: "reset" });
  assert.equal((await list(space)).items.length, 1);
});
