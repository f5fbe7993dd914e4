import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { CommentRow, GrantRow } from "../../base/db/shard-tables.ts";
import { useTestSpaces } from "../../tree/testing/testing-spaces.ts";
import { newTestId, smallPieces, type TestSpace, type TestSpaceOptions } from "../../tree/testing/testing.ts";
import { sweepPurged } from "../../tree/commit/removal.ts";
import { signInTo } from "../notify/testing.ts";
import { grantTo } from "../../tree/rights/testing.ts";
import { type CommentWorld, createComment, deleteComment, resolveComment, updateComment } from "./comments.ts";
import { listComments } from "./list-comments.ts";

const spaces = useTestSpaces({ fsync: false });

interface Scene extends TestSpace {
  readonly world: CommentWorld;
}

async function open(options?: TestSpaceOptions): Promise<Scene> {
  const space = await spaces.open(options);
  await signInTo(space);
  return Object.assign(space, {
    world: { shards: spaces.databases.shards, clock: space.clock, random: randomBytes, queued: () => {} },
  });
}

const grant = ({ db, caller }: Scene, nodeId: string, role: GrantRow["role"], userId: UserId) =>
  grantTo(db, { spaceId: caller.spaceId, nodeId, role, userId });
const textsOf = async ({ world, caller }: Scene, id: string) =>
  (await listComments(world.shards, caller, id, {})).items.map(({ text }) => text);
const refusal = async (doing: Promise<unknown>) => {
  const error: unknown = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError, `not refused: ${String(error)}`);
  return [error.code, error.field ?? null, error.message];
};

test("comments are listed oldest first, in pages, with their authors", async () => {
  const space = await open();
  const { world, caller } = space;
  await sql`update shard.users set name = 'Ann' where id = ${caller.userId}`.execute(space.db);
  const file = await space.put("root", "file", "one");
  for (const text of ["first", "second\r\nline", "third"]) await createComment(world, caller, file.id, { text });
  const first = await listComments(world.shards, caller, file.id, { limit: 2 });
  assert.deepEqual(
    first.items.map(({ text, author, resolved }) => [text, author, resolved]),
    ["first", "second\nline"].map((text) => [text, { id: caller.userId, name: "Ann" }, false]),
  );
  const second = await listComments(world.shards, caller, file.id, { limit: 2, cursor: first.next_cursor ?? "" });
  assert.deepEqual([second.items.map(({ text }) => text), second.next_cursor], [["third"], null]);
});

test("a comment can be changed, resolved, reopened and deleted, and counts its size", async () => {
  const space = await open();
  const { world, caller } = space;
  const file = await space.put("root", "file", "one");
  const { metadata_bytes: before } = await space.row();
  const { id } = await createComment(world, caller, file.id, { text: "long enough to weigh" });
  const changed = await updateComment(world, caller, id, { text: "ü" });
  assert.deepEqual([changed.text, changed.edited_at === null], ["ü", false]);
  assert.equal((await space.row()).metadata_bytes, before + limits.rowWeightBytes + 2);
  const resolved = await resolveComment(world, caller, id, true);
  assert.equal((await resolveComment(world, caller, id, true)).resolved_at, resolved.resolved_at);
  assert.equal((await resolveComment(world, caller, id, false)).resolved_at, null);
  await deleteComment(world, caller, id);
  assert.deepEqual(await textsOf(space, file.id), []);
  assert.equal((await space.row()).metadata_bytes, before);
  const { rows } = await sql`select from shard.events where space_id = ${caller.spaceId}`.execute(space.db);
  assert.equal(rows.length, 0, "the activity tells of a comment that is gone");
  for (const late of [
    () => updateComment(world, caller, id, { text: "late" }),
    () => deleteComment(world, caller, id),
    () => resolveComment(world, caller, id, true),
  ])
    assert.equal((await refusal(late()))[0], "not_found");
});

test("other accounts cannot detect a comment", async () => {
  const [space, other] = [await open(), await open()];
  const file = await space.put("root", "file", "one");
  const { id } = await createComment(space.world, space.caller, file.id, { text: "secret" });
  const nowhere = newTestId<typeof id>();
  for (const call of [
    (comment: string) => updateComment(other.world, other.caller, comment, { text: "theirs" }),
    (comment: string) => deleteComment(other.world, other.caller, comment),
    (comment: string) => resolveComment(other.world, other.caller, comment, true),
  ])
    assert.deepEqual(await refusal(call(id)), await refusal(call(nowhere)));
  assert.deepEqual(await refusal(listComments(other.world.shards, other.caller, file.id, {})), [
    "not_found",
    null,
    "There is no such file or folder, or you may not see it.",
  ]);
  assert.deepEqual(await textsOf(space, file.id), ["secret"]);
});

test("a node with the same ID in another space has no access to its comments", async () => {
  const [space, other] = [await open(), await open()];
  const id = newTestId();
  for (const each of [space, other])
    await each.do({ op: "mkdir", id: id as never, place: { parentId: "root", name: "twin" } });
  const comment = await createComment(space.world, space.caller, id, { text: "mine" });
  assert.deepEqual(await textsOf(other, id), []);
  assert.equal((await refusal(deleteComment(other.world, other.caller, comment.id)))[0], "not_found");
});

test("an account without access cannot be mentioned, like an unknown one", async () => {
  const [space, other] = [await open(), await open()];
  const { world, caller } = space;
  const file = await space.put("root", "file", "one");
  const mention = (...mentions: string[]) => createComment(world, caller, file.id, { text: "look", mentions });
  const known = await refusal(mention(caller.userId, other.caller.userId));
  assert.deepEqual(known.slice(0, 2), ["invalid_field", "mentions[1]"]);
  assert.deepEqual(known, await refusal(mention(caller.userId, newTestId())));
  assert.deepEqual(known, await refusal(mention(caller.userId, "no id")));
  assert.deepEqual((await mention(caller.userId, caller.userId)).mentions, [caller.userId]);
});

test("invalid, too long and too many comments are rejected", async () => {
  const space = await open({ quotaBytes: 0 });
  const { world, caller } = space;
  const file = await space.mkdir("root", "folder");
  const say = (text: string) => createComment(world, caller, file.id, { text });
  for (const text of [" \n", "\u0000", "\u001b[2J", "a\rb", "\ud800", "ü".repeat(limits.commentBytesMax / 2 + 1)])
    assert.deepEqual((await refusal(say(text))).slice(0, 2), ["invalid_field", "text"], JSON.stringify(text));
  await sql`
    insert into shard.comments (space_id, node_id, id, text, mentions, author, at)
    select ${caller.spaceId}, ${file.id}, ('01000000-0000-8007-8000-' || lpad(to_hex(g), 12, '0'))::uuid, '', '{}',
      ${caller.userId}, g from generate_series(1, ${limits.commentsMax}) g`.execute(space.db);
  await sql`
    update shard.spaces set metadata_bytes = metadata_bytes + ${limits.commentsMax * limits.rowWeightBytes}
    where id = ${caller.spaceId}`.execute(space.db);
  assert.equal((await refusal(say("one more")))[0], "conflict");
  const full = limits.quotaMetadataBytesMin - (await space.row()).metadata_bytes - 2 * limits.rowWeightBytes;
  const other = await space.do({
    op: "mkdir",
    place: { parentId: "root", name: "x" },
  });
  await sql`update shard.spaces set metadata_bytes = metadata_bytes + ${full} where id = ${caller.spaceId}`.execute(
    space.db,
  );
  assert.equal((await refusal(createComment(world, caller, other.id, { text: "too heavy" })))[0], "quota");
  await sql`update shard.spaces set metadata_bytes = metadata_bytes - ${full} where id = ${caller.spaceId}`.execute(
    space.db,
  );
});

for (const [name, pieces] of [
  ["at once", undefined],
  ["in pieces", smallPieces],
] as const) {
  test(`comments are deleted when their file is purged, ${name}`, async () => {
    const space = await open(pieces === undefined ? {} : { pieces });
    const { world, caller } = space;
    const { metadata_bytes: before } = await space.row();
    const folder = await space.mkdir("root", "folder");
    const file = await space.put(folder.id, "file", "one");
    for (let index = 0; index < 5; index += 1) await createComment(world, caller, file.id, { text: `${index}` });
    await createComment(world, caller, folder.id, { text: "of the folder" });
    await space.do({ op: "delete", fileId: folder.id });
    assert.equal((await textsOf(space, file.id)).length, 5, "what lies in the trash keeps them");
    assert.equal((await refusal(createComment(world, caller, file.id, { text: "late" })))[0], "trashed");
    await space.commit([{ op: "purge", fileId: folder.id, trashedOnly: true }]);
    await sweepPurged(space.db, { nowMicros: space.clock.nowMicros(), pieces: pieces ?? smallPieces });
    const { rows } = await sql`select from shard.comments where space_id = ${caller.spaceId}`.execute(space.db);
    assert.equal(rows.length, 0);
    assert.equal((await space.row()).metadata_bytes, before);
  });
}

test("each role has its permissions on comments of a shared file", async () => {
  const space = await open();
  const roles = ["viewer", "commenter", "editor", "uploader"] as const;
  const people = await Promise.all(roles.map(async (role) => ({ role, person: (await open()).caller })));
  const { world, caller } = space;
  const folder = await space.mkdir("root", "shared");
  const file = await space.put(folder.id, "file", "one");
  for (const { role, person } of people) await grant(space, folder.id, role, person.userId);
  const { id } = await createComment(world, caller, file.id, { text: "of the owner" });
  const outcomeOf = async (doing: Promise<unknown>) => {
    try {
      await doing;
      return "done";
    } catch (error) {
      return toHoldfastError(error).code;
    }
  };
  const answers: Record<string, string[]> = {};
  for (const { role, person } of people) {
    const made: CommentRow[] = [];
    const say = async () => void made.push(await createComment(world, person, file.id, { text: role }));
    answers[role] = [
      await outcomeOf(listComments(world.shards, person, file.id, {})),
      await outcomeOf(say()),
      await outcomeOf(updateComment(world, person, id, { text: "theirs" })),
      await outcomeOf(deleteComment(world, person, id)),
      await outcomeOf(resolveComment(world, person, id, true)),
    ];
    const [own] = made;
    if (own === undefined) continue;
    assert.equal((await updateComment(world, person, own.id, { text: `${role} again` })).text, `${role} again`);
    assert.equal(await outcomeOf(updateComment(world, caller, own.id, { text: "by the owner" })), "forbidden");
    await deleteComment(world, role === "editor" ? caller : person, own.id);
  }
  assert.deepEqual(answers, {
    viewer: ["done", "forbidden", "forbidden", "forbidden", "forbidden"],
    commenter: ["done", "done", "forbidden", "forbidden", "done"],
    editor: ["done", "done", "forbidden", "forbidden", "done"],
    uploader: ["not_found", "not_found", "not_found", "not_found", "not_found"],
  });
  assert.deepEqual(await textsOf(space, file.id), ["of the owner"]);
});

test("an account can be mentioned only while it is active and can read the file", async () => {
  const [space, other] = [await open(), await open()];
  const { world, caller } = space;
  const file = await space.put("root", "file", "one");
  const mention = () => createComment(world, caller, file.id, { text: "look", mentions: [other.caller.userId] });
  await grant(space, file.id, "viewer", other.caller.userId);
  assert.deepEqual((await mention()).mentions, [other.caller.userId]);
  await sql`update shard.users set disabled_at = 1 where id = ${other.caller.userId}`.execute(space.db);
  assert.equal((await refusal(mention()))[0], "invalid_field");
  await sql`update shard.users set disabled_at = null where id = ${other.caller.userId}`.execute(space.db);
  await sql`update shard.grants set role = 'uploader' where node_id = ${file.id}`.execute(space.db);
  assert.equal((await refusal(mention()))[0], "invalid_field");
});

test("a permission that ends while a comment waits for the lock is applied", async () => {
  const [space, other] = [await open(), await open()];
  const { world, caller, db } = space;
  const file = await space.put("root", "file", "one");
  await grant(space, file.id, "commenter", other.caller.userId);
  const { id } = await createComment(world, other.caller, file.id, { text: "in time" });
  const tries = {
    create: () => createComment(world, other.caller, file.id, { text: "late" }),
    change: () => updateComment(world, other.caller, id, { text: "late" }),
    resolve: () => resolveComment(world, other.caller, id, true),
    delete: () => deleteComment(world, other.caller, id),
  };
  for (const [what, attempt] of Object.entries(tries)) {
    const { started } = await db.transaction().execute(async (lock) => {
      await sql`select from shard.spaces where id = ${caller.spaceId} for update`.execute(lock);
      const doing = { started: Promise.allSettled([attempt()]) };
      const waiting = sql<{ n: number }>`select count(*) as n from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`;
      while ((await waiting.execute(db)).rows[0]?.n === 0) await new Promise(setImmediate);
      await sql`update shard.grants set expires_at = 1 where node_id = ${file.id}`.execute(lock);
      return doing;
    });
    const [{ status, reason }] = (await started) as unknown as [PromiseRejectedResult];
    assert.deepEqual([what, status, toHoldfastError(reason).code], [what, "rejected", "not_found"]);
    await sql`update shard.grants set expires_at = null where node_id = ${file.id}`.execute(db);
  }
  assert.deepEqual(await textsOf(space, file.id), ["in time"]);
});
