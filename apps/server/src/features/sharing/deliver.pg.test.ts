import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NodeId, UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { openTestAccounts } from "../accounts/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createUserIn } from "../groups/testing.ts";
import type { Kinds } from "../../base/queue/kind.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { sharingKinds } from "./deliver.ts";
import { grantNode } from "./grant-node.ts";
import { findActor } from "./mounts.ts";
import { removePermission } from "./permissions.ts";
import { listSharedWithMe } from "./shared-lists.ts";
import { openTestSharing } from "./testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

test("a grant and its removal delivered out of order and repeatedly end in the owner's state", async () => {
  const { shards } = databases;
  const accounts = await openTestAccounts(shards);
  const [owner, grantee] = [
    await createUserIn(accounts, 7, "owner@example.org"),
    await createUserIn(accounts, 4000, "grantee@example.org"),
  ];
  assert.notEqual(shards.ofId(owner.id), shards.ofId(grantee.id), "they lie on two shards");
  let kinds: Kinds = {};
  const { world, queue } = openTestSharing(shards, accounts.clock, (given) => {
    kinds = sharingKinds(given);
    return {};
  });
  const callerOf = async (id: UserId): Promise<Caller> => {
    const actor = await findActor(shards, id);
    assert.ok(actor !== undefined);
    return { ...actor, scopes: new Set(), admin: false, groupIds: [], credential: undefined as never };
  };
  const [caller, receiver] = [await callerOf(owner.id), await callerOf(grantee.id)];
  const place = { parentId: "root", name: "shared" };
  const made = await world.committer.commit(caller, [{ op: "mkdir", place }]);
  const [result] = made.results;
  assert.ok(result?.status === "committed" && result.node !== undefined);
  const nodeId = result.node.id as NodeId;
  const request = { kind: "user" as const, grantee_id: grantee.id, email: null, email_key: null, expires_at: null };
  const give = async () =>
    (await grantNode(world, caller, await findNode(shards, caller, nodeId), { ...request, role: "viewer" })).grant;
  const messageOf = (grantId: string) => ({
    grantId,
    spaceId: owner.space_id,
    nodeId,
    kind: "user" as const,
    granteeId: grantee.id,
  });
  const work = async (grantId: string) => {
    const kind = kinds["grant"];
    assert.ok(kind !== undefined);
    const context = { signal: new AbortController().signal } as Parameters<typeof kind.work>[1];
    await kind.work(messageOf(grantId), context);
  };
  const pointers = async () => {
    const { rows } = await sql<{ grant_id: string }>`
      select grant_id from shard.received where grantee_id = ${grantee.id}`.execute(shards.ofId(grantee.id).db);
    return rows.map((row) => row.grant_id);
  };
  try {
    const first = await give();
    await removePermission(world, caller, first.id);
    const second = await give();
    // Messages for grant, removal and new grant. The last comes first, the others late and twice.
    for (const id of [second.id, first.id, first.id, second.id]) await work(id);
    assert.deepEqual(await pointers(), [second.id]);
    const { items } = await listSharedWithMe(shards, receiver, {});
    assert.deepEqual(
      items.map(({ permission }) => permission.id),
      [second.id],
    );
    await removePermission(world, caller, second.id);
    for (const id of [second.id, second.id, first.id]) await work(id);
    assert.deepEqual(await pointers(), []);
    assert.deepEqual((await listSharedWithMe(shards, receiver, {})).items, []);
  } finally {
    await queue.stop();
  }
});
