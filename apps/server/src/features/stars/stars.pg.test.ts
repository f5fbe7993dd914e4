import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { bucketOf, makeId, type NodeId, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import { sql } from "kysely";
import { createUser } from "../accounts/invitations/sign-up.ts";
import { openTestAccounts, type TestAccounts, testPassword } from "../accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { Actor } from "../../tree/actor.ts";
import { type Committer, openCommitter } from "../../tree/commit/commit-queue.ts";
import type { Operation } from "../../tree/commit/operation.ts";
import { openViewCommitter } from "../../tree/commit/view-committer.ts";
import { describe as described, TestClock, noBlocks } from "../../tree/testing/testing.ts";
import { listTrash } from "../../tree/trash/trash-list.ts";
import { search } from "../search/search.ts";
import { listSharedByMe, listSharedWithMe } from "../sharing/shared-lists.ts";
import { listRecent } from "./recent.ts";
import { addStar, listStarred, removeStar } from "./stars.ts";

describe("Stars and recent files", () => {
  const clock = new TestClock();
  let databases: TestDatabases;
  let accounts: TestAccounts;
  let committer: Committer;
  let made = 0;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
    accounts = await openTestAccounts(databases.shards);
    committer = openViewCommitter(
      { ...noBlocks, shards: databases.shards },
      openCommitter({
        ...noBlocks,
        shards: databases.shards,
        clock,
        random: randomBytes,
        onCommitted: () => {},
        log: { warn: () => {}, error: () => {} },
      }),
    );
  });
  after(() => databases.stop());

  async function sign(bucket: number, more: Partial<Actor> = {}): Promise<Actor> {
    const id = idIn<UserId>(bucket);
    const user = { email: `${(made += 1)}@example.org`, password: testPassword, name: "N", admin: false };
    const row = await createUser(accounts, { ...user, quotaBytes: null }, id);
    return {
      userId: id,
      bucket: bucketOf(row.space_id),
      spaceId: row.space_id,
      rootId: row.root_id,
      deviceId: null,
      owns: true,
      grantees: [id],
      receives: false,
      ...more,
    };
  }
  const idIn = <Id extends UserId | NodeId>(bucket: number) =>
    makeId<Id>(toBucket(bucket), 1_900_000_000_000, randomBytes(8));
  const twoAccounts = async () => [await sign(3, { receives: true }), await sign(4000)] as const;

  async function commit(caller: Actor, operation: Operation): Promise<NodeJson> {
    const { results } = await committer.commit(caller, [operation]);
    if (results[0]?.status === "committed" && results[0].node !== undefined) return results[0].node;
    throw new Error(described(results[0]));
  }
  const empty = { sizeBytes: 0, blocks: [] };
  const put = (caller: Actor, name: string, parentId = "root") =>
    commit(caller, { op: "put", place: { parentId, name }, content: empty, onConflict: "replace" });
  const touch = (caller: Actor, fileId: string) =>
    commit(caller, { op: "set", fileId, modifiedAtMicros: clock.nowMicros() });
  const mkdirIn = (caller: Actor, parentId: string, name: string) =>
    commit(caller, { op: "mkdir", place: { parentId, name } });
  const mkdir = (caller: Actor, name: string) => mkdirIn(caller, "root", name);

  async function share(
    owner: Actor,
    nodeId: string,
    grantee: Actor,
    role: "viewer" | "editor" | "uploader" = "editor",
  ) {
    const grantId = idIn(owner.bucket);
    await sql`insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
      values (${owner.spaceId}, ${grantId}, ${nodeId}, 'user', ${grantee.userId}, ${role}, ${owner.userId}, 0)`.execute(
      databases.shards.ofId(owner.spaceId).db,
    );
    await sql`insert into shard.received (grantee_id, grant_id, space_id, node_id)
      values (${grantee.userId}, ${grantId}, ${owner.spaceId}, ${nodeId})`.execute(
      databases.shards.ofId(grantee.userId).db,
    );
  }
  const unshare = (owner: Actor) =>
    sql`delete from shard.grants where space_id = ${owner.spaceId}`.execute(databases.shards.ofId(owner.spaceId).db);

  const star = (caller: Actor, id: string) => addStar(databases.shards, clock, caller, id);
  const unstar = (caller: Actor, id: string) => removeStar(databases.shards, caller, id);
  const starred = async (caller: Actor, request = {}) =>
    (await listStarred(databases.shards, caller, request)).items.map(({ name }) => name);
  const starsIn = ({ items }: { readonly items: readonly NodeJson[] }) =>
    Object.fromEntries(items.map(({ name, starred: isStarred }) => [name, isStarred === true]));
  const recent = async (caller: Actor, request = {}) =>
    (await listRecent(databases.shards, caller, request)).items.map(({ name }) => name);
  const recentGroups = async (caller: Actor, request = {}) =>
    (await listRecent(databases.shards, caller, { group: true, ...request })).items.map(
      ({ name, changed_files: count }) => (count === undefined ? name : `${name}: ${count}`),
    );
  const putMany = async (caller: Actor, count: number, parentId: string) => {
    const files: NodeJson[] = [];
    for (let at = 0; at < count; at += 1) files.push(await put(caller, `scan ${at}`, parentId));
    return files;
  };
  const pause = () => clock.advanceMs(limits.recentPauseMs);
  const rows = async ({ userId }: Actor) => {
    const { rows: found } = await sql`select from shard.stars where user_id = ${userId}`.execute(
      databases.shards.ofId(userId).db,
    );
    return found.length;
  };

  test("stars are separate per account, newest first, and starring again changes nothing", async () => {
    const [ann, bob] = await twoAccounts();
    const [a, b] = [await put(ann, "a"), await mkdir(ann, "b")];
    await star(ann, a.id);
    await star(ann, b.id);
    await star(ann, a.id);
    assert.deepEqual(await starred(ann), ["b", "a"]);
    assert.deepEqual(await starred(bob), []);
    await assert.rejects(star(bob, a.id), { code: "not_found" });
    await assert.rejects(unstar(bob, a.id), { code: "not_found" });
    await unstar(ann, b.id);
    await unstar(ann, b.id);
    assert.deepEqual(await starred(ann), ["a"]);
  });

  test("lists of recent, starred, found, shared and trashed nodes show the stars of the caller alone", async () => {
    const [ann, bob] = await twoAccounts();
    const folder = await mkdir(bob, "shared");
    await share(bob, folder.id, ann);
    const [own, other] = [await put(ann, "own"), await put(ann, "other")];
    await touch(ann, own.id);
    await star(ann, own.id);
    await star(ann, folder.id);
    await star(bob, folder.id);
    await unstar(bob, folder.id);
    const { shards } = databases;
    assert.equal(other.starred, undefined);
    assert.deepEqual(starsIn(await listRecent(shards, ann, {})), { other: false, own: true });
    assert.deepEqual(starsIn(await listStarred(shards, ann, {})), { own: true, shared: true });
    assert.deepEqual(starsIn(await search(shards, ann, { q: "o" })), { other: false, own: true });
    assert.deepEqual(starsIn(await search(shards, ann, { q: "shared" })), { shared: true });
    const received = async (caller: Actor) => (await listSharedWithMe(shards, caller, {})).items;
    assert.deepEqual(starsIn({ items: (await received(ann)).map(({ node }) => node) }), { shared: true });
    const given = (await listSharedByMe(shards, bob, {})).items;
    assert.deepEqual(starsIn({ items: given.map(({ node }) => node) }), { shared: false });
    for (const { id } of [own, other]) await commit(ann, { op: "delete", fileId: id });
    const inTrash = { other: false, own: true };
    assert.deepEqual(starsIn(await listTrash(shards, ann, {})), inTrash);
    assert.deepEqual(starsIn(await listTrash(shards, ann, { in: ann.rootId })), inTrash);
  });

  test("a star on a shared node is stored on the grantee's shard, and ends with the permission", async () => {
    const [ann, bob] = await twoAccounts();
    const folder = await mkdir(bob, "shared");
    const inside = await put(bob, "inside", folder.id);
    await assert.rejects(star(ann, inside.id), { code: "not_found" });
    await share(bob, folder.id, ann, "viewer");
    await star(ann, inside.id);
    await star(ann, folder.id);
    const { items } = await listStarred(databases.shards, ann, {});
    assert.deepEqual(
      items.map(({ name, role }) => [name, role]),
      [
        ["shared", "viewer"],
        ["inside", "viewer"],
      ],
    );
    assert.deepEqual(await starred(bob), []);
    await unshare(bob);
    assert.deepEqual(await starred(ann), []);
    assert.equal(await rows(ann), 0);
    await share(bob, folder.id, ann);
    assert.deepEqual(await starred(ann), []);
  });

  test("trashed nodes are omitted until restored, and purged ones are deleted from the stars", async () => {
    const [ann] = await twoAccounts();
    const folder = await mkdir(ann, "folder");
    const inside = await put(ann, "inside", folder.id);
    await star(ann, inside.id);
    await commit(ann, { op: "delete", fileId: folder.id });
    assert.deepEqual(await starred(ann), []);
    await assert.rejects(star(ann, inside.id), { code: "trashed" });
    await commit(ann, { op: "restore", fileId: folder.id });
    assert.deepEqual(await starred(ann), ["inside"]);
    await committer.commit(ann, [{ op: "purge", fileId: folder.id, trashedOnly: false }]);
    assert.deepEqual(await starred(ann), []);
    assert.equal(await rows(ann), 0);
  });

  test("the list has pages up to the limit, without duplicates", async () => {
    const [ann] = await twoAccounts();
    const names: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const { id } = await put(ann, `f${index}`);
      await star(ann, id);
      names.unshift(`f${index}`);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listStarred(databases.shards, ann, { limit: 3, cursor });
      assert.ok(page.items.length <= 3);
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined && seen.length <= names.length);
    assert.deepEqual(seen, names);
    await assert.rejects(listStarred(databases.shards, ann, { cursor: "nonsense" }), { code: "bad_request" });
  });

  test("the number of stars is limited, even with concurrent requests", async () => {
    const [ann] = await twoAccounts();
    await sql`insert into shard.stars (user_id, space_id, node_id, at)
      select ${ann.userId}, ${ann.spaceId}, gen_random_uuid(), 0 from generate_series(1, ${limits.starsMax - 1}::int)`.execute(
      databases.shards.ofId(ann.userId).db,
    );
    const files: NodeJson[] = [];
    for (let index = 0; index < 12; index += 1) files.push(await put(ann, `f${index}`));
    // Opens the connections first, so that the requests run concurrently.
    await Promise.all(files.map(() => recent(ann)));
    const done = await Promise.allSettled(files.map(({ id }) => star(ann, id)));
    assert.equal(done.filter(({ status }) => status === "fulfilled").length, 1);
    assert.equal(await rows(ann), limits.starsMax);
    const [first] = await starred(ann, { limit: 1 });
    const again = files.find(({ name }) => name === first);
    await star(ann, again?.id ?? "");
  });

  test("recent files are those that the account changed, newest first, each once", async () => {
    const [ann, bob] = await twoAccounts();
    const [a, b] = [await put(ann, "a"), await put(ann, "b")];
    await mkdir(ann, "no file");
    await put(ann, "c");
    await touch(ann, a.id);
    await put(bob, "bob's");
    assert.deepEqual(await recent(ann), ["a", "c", "b"]);
    assert.deepEqual(await recent(ann, { limit: 2 }), ["a", "c"]);
    const { items } = await listRecent(databases.shards, ann, {});
    const times = items.map((item) => item.changed_at);
    assert.deepEqual(times, times.toSorted().toReversed());
    assert.equal(new Set(times).size, 3);
    await commit(ann, { op: "delete", fileId: b.id });
    assert.deepEqual(await recent(ann), ["a", "c"]);
    await commit(ann, { op: "restore", fileId: b.id });
    assert.deepEqual(await recent(ann), ["b", "a", "c"]);
  });

  test("recent files include shared ones while they are shared", async () => {
    const [ann, bob] = await twoAccounts();
    const folder = await mkdir(bob, "shared");
    const theirs = await put(bob, "theirs", folder.id);
    await put(bob, "untouched", folder.id);
    await share(bob, folder.id, ann);
    await put(ann, "own");
    await touch(ann, theirs.id);
    await put(ann, "new", folder.id);
    assert.deepEqual(await recent(ann), ["new", "theirs", "own"]);
    assert.deepEqual(await recent(bob), ["untouched", "theirs"]);
    await unshare(bob);
    assert.deepEqual(await recent(ann), ["own"]);
  });

  test("files changed together are one entry, for the highest folder created with them", async () => {
    const [ann] = await twoAccounts();
    const old = await mkdir(ann, "Old");
    await put(ann, "before");
    pause();
    const trip = await mkdirIn(ann, old.id, "Trip");
    const day = await mkdirIn(ann, trip.id, "Day 1");
    await putMany(ann, 6, day.id);
    const files = await putMany(ann, 6, trip.id);
    await put(ann, "ticket", old.id);
    assert.deepEqual(await recentGroups(ann), ["ticket", "Trip: 12", "before"]);
    assert.deepEqual(await recentGroups(ann, { limit: 2 }), ["ticket", "Trip: 12"]);
    assert.equal((await recent(ann)).length, 14);
    pause();
    for (const { id } of files.slice(0, 3)) await touch(ann, id);
    const shown = ["scan 2", "scan 1", "scan 0", "ticket", "scan 5"];
    assert.deepEqual((await recentGroups(ann)).slice(0, 5), shown);
  });

  test("a folder has one entry for several groups of changes, also the own root", async () => {
    const [ann] = await twoAccounts();
    const camera = await mkdir(ann, "Camera");
    pause();
    const first = await putMany(ann, 10, camera.id);
    pause();
    for (let at = 0; at < 11; at += 1) await put(ann, `photo ${at}`, camera.id);
    assert.deepEqual(await recentGroups(ann), ["Camera: 21"]);
    await commit(ann, { op: "delete", fileId: first[0]?.id ?? "" });
    pause();
    await putMany(ann, 10, "root");
    assert.deepEqual((await recentGroups(ann)).slice(0, 2), [": 10", "Camera: 11"]);
  });

  test("single changes are not grouped because a program adds files elsewhere", async () => {
    const [ann] = await twoAccounts();
    const [letters, logs] = [await mkdir(ann, "Letters"), await mkdir(ann, "Logs")];
    pause();
    for (let at = 0; at < 10; at += 1) {
      await put(ann, `letter ${at}`, letters.id);
      for (let entry = 0; entry < 2; entry += 1) {
        clock.advanceMs(50_000);
        await put(ann, `log ${2 * at + entry}`, logs.id);
      }
    }
    assert.deepEqual((await recentGroups(ann)).slice(0, 3), ["Logs: 20", "letter 9", "letter 8"]);
  });

  test("a group never counts hidden or trashed files", async () => {
    const [ann, bob] = await twoAccounts();
    const team = await mkdir(bob, "Team");
    const drop = await mkdirIn(bob, team.id, "Drop");
    await share(bob, team.id, ann, "viewer");
    await share(bob, drop.id, ann, "uploader");
    await putMany(ann, 12, drop.id);
    const trip = await mkdir(ann, "Trip");
    const raw = await mkdirIn(ann, trip.id, "Raw");
    await putMany(ann, 10, (await mkdirIn(ann, raw.id, "Day 1")).id);
    const seen = await recent(ann);
    assert.equal(seen.length, 10);
    assert.deepEqual(await recentGroups(ann), ["Trip: 10"]);
    await commit(ann, { op: "delete", fileId: raw.id });
    assert.deepEqual(await recent(ann), []);
    assert.deepEqual(await recentGroups(ann), []);
  });

  test("a group is shown as its files while its folder is not visible", async () => {
    const [ann, bob] = await twoAccounts();
    const folder = await mkdir(bob, "shared");
    await share(bob, folder.id, ann);
    const files = await putMany(ann, 10, folder.id);
    assert.deepEqual(await recentGroups(ann), ["shared: 10"]);
    assert.deepEqual(await recentGroups(bob), [], "only of the account itself");
    await unshare(bob);
    await share(bob, files[3]?.id ?? "", ann);
    assert.deepEqual(await recentGroups(ann), ["scan 3"]);
  });

  test("a file shared with an own group is recent once", async () => {
    const [ann] = await twoAccounts();
    const family = idIn<UserId>(3);
    const folder = await mkdir(ann, "shared");
    await put(ann, "own", folder.id);
    await share(ann, folder.id, { ...ann, userId: family });
    assert.deepEqual(await recent({ ...ann, grantees: [ann.userId, family] }), ["own"]);
  });

  test("if two nodes have the same ID, stars and changes apply only to the right one", async () => {
    const [ann, bob] = [await sign(5, { receives: true }), await sign(5)];
    const id = idIn<NodeId>(5);
    await commit(bob, { op: "put", id, place: { parentId: "root", name: "bob's" }, content: empty });
    await share(bob, id, ann);
    await star(ann, id);
    await touch(ann, id);
    assert.deepEqual([await starred(ann), await recent(ann)], [["bob's"], ["bob's"]]);
    assert.deepEqual(starsIn(await listRecent(databases.shards, ann, {})), { "bob's": true });
    await commit(ann, { op: "put", id, place: { parentId: "root", name: "ann's" }, content: empty });
    assert.deepEqual(starsIn(await listRecent(databases.shards, ann, {})), { "ann's": false });
    assert.deepEqual(await starred(ann), [], "ann's own was never starred");
    assert.deepEqual(await recent(ann), ["ann's"]);
  });
});
