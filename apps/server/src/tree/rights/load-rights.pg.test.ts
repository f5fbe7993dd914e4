import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, newTestId } from "../testing/testing.ts";
import { dropLapsed, loadLockedRights, loadRights, loadRightsOfEach } from "./load-rights.ts";
import type { LiveGrant } from "./space-rights.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

test("a grant based on one that was revoked meanwhile no longer counts", async () => {
  const { caller, db } = await makeTestSpace(databases.shards);
  const owners: LiveGrant = {
    space_id: caller.spaceId,
    id: newTestId(),
    node_id: caller.rootId,
    kind: "user",
    grantee_id: newTestId(),
    role: "editor",
    via: null,
    created_by: caller.userId,
    created_at: 1,
  };
  const editors: LiveGrant = { ...owners, id: newTestId(), via: owners.id, created_by: newTestId() };
  assert.deepEqual(await dropLapsed(databases.shards, db, [owners, editors]), [owners]);
});

test("at one node the personal grant counts, else the highest one, and of equal ones the older", async () => {
  const { caller, db } = await makeTestSpace(databases.shards);
  const person = newTestId();
  const groups = [newTestId(), newTestId(), newTestId()];
  const grants = [
    [person, "user", "viewer", 30],
    [groups[0], "group", "editor", 10],
    [groups[1], "group", "commenter", 5],
    [groups[2], "group", "editor", 20],
  ] as const;
  for (const [grantee, kind, role, at] of grants) {
    await sql`
      insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at)
      values (${caller.spaceId}, ${newTestId()}, ${caller.rootId}, ${kind}, ${grantee}, ${role}, ${caller.userId}, ${at})`.execute(
      db,
    );
  }
  const rightOf = async (grantees: readonly string[]) => {
    const rights = await loadRights(databases.shards, databases.shards.ofId(caller.spaceId), { grantees });
    const { role, sinceMicros } = rights.get(caller.spaceId)?.at(caller.rootId) ?? {};
    return [role, sinceMicros];
  };
  assert.deepEqual(await rightOf([person, ...groups]), ["viewer", 30]);
  assert.deepEqual(await rightOf(groups), ["editor", 10]);
  assert.deepEqual(await rightOf(groups.slice(1, 2)), ["commenter", 5]);
});

test("an expired grant ends immediately, even before the sweep, and so does a disabled one", async () => {
  const { caller, db } = await makeTestSpace(databases.shards);
  const hourMicros = 3_600_000_000;
  const nowMicros = Date.now() * 1000;
  const roleWith = async (expiresAt: number | null, disabledAt: number | null) => {
    const grantee = newTestId();
    await sql`
      insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at, expires_at, disabled_at)
      values (${caller.spaceId}, ${newTestId()}, ${caller.rootId}, 'user', ${grantee}, 'editor', ${caller.userId}, 1,
        ${expiresAt}, ${disabledAt})`.execute(db);
    const { shards } = databases;
    const [grantees, { spaceId }] = [[grantee], caller];
    const read = (await loadRights(shards, shards.ofId(spaceId), { grantees })).get(spaceId);
    const locked = await loadLockedRights(db, spaceId, { grantees, givers: undefined });
    const [ofEach] = await loadRightsOfEach(shards, spaceId, [grantees]);
    return [read, locked, ofEach].map((rights) => rights?.at(caller.rootId)?.role);
  };
  const [all, none] = [Array(3).fill("editor"), Array(3).fill(undefined)];
  assert.deepEqual(
    [
      await roleWith(null, null),
      await roleWith(nowMicros + hourMicros, null),
      await roleWith(nowMicros - 1, null),
      await roleWith(null, 1),
    ],
    [all, all, none, none],
  );
});
