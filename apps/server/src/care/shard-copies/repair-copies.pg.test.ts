import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { GrantId, GroupId, NodeId, UserId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { openTestAccounts, type TestAccounts } from "../../features/accounts/testing.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { findUserByEmail } from "../../features/accounts/context/directory.ts";
import { bucketOfEmail } from "../../features/accounts/context/email-address.ts";
import { addressKinds } from "../../features/accounts/people/change-address.ts";
import { updateUser } from "../../features/accounts/people/users.ts";
import { expireCredentials } from "../../features/accounts/sign-in/expire-credentials.ts";
import { changeAccessRule } from "../../features/accounts/proof/change-access-rules.ts";
import { createGroup, deleteGroup } from "../../features/groups/change-groups.ts";
import { removeMember, setMember } from "../../features/groups/change-members.ts";
import { groupKinds } from "../../features/groups/group-messages.ts";
import { callerFor, createUserIn } from "../../features/groups/testing.ts";
import { claimKinds } from "../../features/sharing/claim-pending.ts";
import { sharingKinds } from "../../features/sharing/deliver.ts";
import { grantNode } from "../../features/sharing/grant-node.ts";
import { findActor, mountFolder } from "../../features/sharing/mounts.ts";
import { removePermission } from "../../features/sharing/permissions.ts";
import { listSharedWithMe } from "../../features/sharing/shared-lists.ts";
import type { SharingWorld } from "../../features/sharing/sharing-world.ts";
import { openTestSharing } from "../../features/sharing/testing.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { findNode, findNodes } from "../../tree/read/look-up.ts";
import { loadMounts } from "../../tree/read/mounts.ts";
import { repairShardCopies } from "./repair-copies.ts";
import { losing } from "./testing-loss.ts";

let databases: TestDatabases;
let accounts: TestAccounts;
let world: SharingWorld;
let queue: Queue;
/** On the first shard, like the groups. */
let owner: UserRow;
/** On the second shard. */
let member: UserRow;
let people = 0;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  accounts = await openTestAccounts(databases.shards);
  ({ world, queue } = openTestSharing(databases.shards, accounts.clock, (given) => ({
    ...sharingKinds(given),
    ...groupKinds(given),
    ...claimKinds(given),
    ...addressKinds(databases.shards),
  })));
});
after(async () => {
  await queue.stop();
  await databases.stop();
});
beforeEach(async () => {
  people += 1;
  owner = await createUserIn(accounts, 7, `owner${people}@example.org`);
  member = await createUserIn(accounts, 4000, `member${people}@example.org`);
  await settle();
});
afterEach(async () => {
  assert.deepEqual(await repair(["low", "high"], true), {}, "a second run finds no difference");
});

const near = () => databases.shards.ofId(owner.id).db;
const far = () => databases.shards.ofId(member.id).db;

async function settle(): Promise<void> {
  accounts.clock.forwardMs(1000);
  await queue.idle();
}

/** @returns the kinds that differed */
async function repair(lost: readonly string[], isDry = false): Promise<Partial<Record<string, number>>> {
  const counts = await repairShardCopies({ ...world, lost: new Set(lost) }, isDry);
  if (!isDry) await settle();
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

/** Sets a shard back, and repairs the copies. */
async function repairLoss(lost: readonly ("low" | "high")[], change: () => Promise<unknown>) {
  const lose = lost.reduce<() => Promise<unknown>>(
    (inner, id) => () => losing(id === "low" ? near() : far(), inner),
    async () => {
      await change();
      await settle();
    },
  );
  await lose();
  const dry = await repair(lost, true);
  const repaired = await repair(lost);
  assert.deepEqual(repaired, dry, "a dry run counts the same differences");
  return repaired;
}

async function callerOf({ id }: Pick<UserRow, "id">): Promise<Caller> {
  const actor = await findActor(databases.shards, id);
  assert.ok(actor !== undefined);
  return { ...actor, scopes: new Set(), admin: false, groupIds: [], credential: undefined as never };
}

async function mkdir(name: string): Promise<NodeId> {
  const operation = { op: "mkdir" as const, place: { parentId: "root", name } };
  const { results } = await world.committer.commit(await callerOf(owner), [operation]);
  const [result] = results;
  assert.ok(result?.status === "committed" && result.node !== undefined);
  return result.node.id as NodeId;
}

async function share(nodeId: NodeId, granteeId: string, kind: "user" | "group" = "user"): Promise<GrantId> {
  const caller = await callerOf(owner);
  const grant = {
    kind,
    grantee_id: granteeId,
    email: null,
    email_key: null,
    expires_at: null,
    role: "viewer" as const,
  };
  return (await grantNode(world, caller, await findNode(databases.shards, caller, nodeId), grant)).grant.id;
}

async function canRead(nodeId: NodeId): Promise<boolean> {
  return (await findNodes(databases.shards, await callerOf(member), [nodeId])).has(nodeId);
}

async function isListed(nodeId: NodeId): Promise<boolean> {
  const { items } = await listSharedWithMe(databases.shards, await callerOf(member), {});
  return items.some(({ node }) => node.id === nodeId);
}

async function isMounted(nodeId: NodeId): Promise<boolean> {
  const mounts = await loadMounts(databases.shards, await callerOf(member));
  return [...mounts.values()].some(({ targetId }) => targetId === nodeId);
}

async function rows(query: RawBuilder<unknown>, db = near()): Promise<unknown[]> {
  return (await query.execute(db)).rows;
}

const groupWorld = () => ({ ...accounts, queue: world.queue });
const administrator = () => callerFor(owner, true);
const newGroup = async () => (await createGroup(accounts, administrator(), "group")).id as GroupId;
const join = (groupId: GroupId, role: "member" | "manager" = "member") =>
  setMember(groupWorld(), administrator(), { groupId, userId: member.id, role });
const leave = (groupId: GroupId) => removeMember(groupWorld(), administrator(), { groupId, userId: member.id });

async function roles(groupId: GroupId): Promise<unknown[]> {
  return [
    ...(await rows(sql`select role from shard.group_members where group_id = ${groupId}`)),
    ...(await rows(sql`select role from shard.memberships where group_id = ${groupId}`, far())),
    ...(await rows(sql`select member_count as members from shard.groups where id = ${groupId}`)),
  ];
}

function addressOn(shard: "low" | "high"): string {
  const emails = Array.from({ length: 64 }, (_, number) => `address${people}.${number}@example.org`);
  const email = emails.find((each) => databases.shards.of(bucketOfEmail(each)).id === shard);
  assert.ok(email !== undefined);
  return email;
}

test("a former member loses access again if the account's shard lost the removal from the group", async () => {
  const [groupId, folder] = [await newGroup(), await mkdir("choir")];
  await share(folder, groupId, "group");
  await join(groupId);
  await settle();
  await mountFolder(world, await callerOf(member), { nodeId: folder, place: {} });
  await settle();
  const repaired = await repairLoss(["high"], () => leave(groupId));
  assert.deepEqual(repaired, { memberships: 1, mounts: 1 });
  assert.equal(await canRead(folder), false);
  assert.equal(await isMounted(folder), false);
  assert.deepEqual(await roles(groupId), [{ role: null }, { members: 0 }]);
});

test("a former member stays removed if the group's shard lost the removal and was changed since", async () => {
  const [groupId, folder] = [await newGroup(), await mkdir("choir")];
  await share(folder, groupId, "group");
  await join(groupId);
  await settle();
  await losing(near(), async () => {
    await leave(groupId);
    await settle();
  });
  for (const role of ["member", "manager", "member"] as const) {
    await setMember(groupWorld(), administrator(), { groupId, userId: owner.id, role });
  }
  await settle();
  assert.deepEqual(await repair(["low"]), { memberships: 1 });
  assert.equal(await canRead(folder), false);
  assert.deepEqual(await roles(groupId), [{ role: "member" }, { role: null }, { members: 1 }]);
});

test("a new member gets access if the account's shard lost the membership", async () => {
  const [groupId, folder] = [await newGroup(), await mkdir("choir")];
  await share(folder, groupId, "group");
  await settle();
  assert.deepEqual(await repairLoss(["high"], () => join(groupId)), { memberships: 1 });
  assert.equal(await canRead(folder), true);
});

test("a membership that the group's shard lost ends, and a later removal reaches the account", async () => {
  const groupId = await newGroup();
  assert.deepEqual(await repairLoss(["low"], () => join(groupId)), { memberships: 1 });
  assert.deepEqual(await roles(groupId), [{ role: null }, { members: 0 }]);
  await join(groupId);
  await settle();
  await repairLoss(["low"], async () => {
    await join(groupId, "manager");
    await settle();
    await join(groupId);
  });
  await leave(groupId);
  await settle();
  assert.deepEqual(await roles(groupId), [{ role: null }, { members: 0 }]);
});

test("a deletion of a group that either shard lost is repeated", async () => {
  for (const lost of ["low", "high"] as const) {
    const [groupId, folder] = [await newGroup(), await mkdir(`choir ${lost}`)];
    await share(folder, groupId, "group");
    await join(groupId);
    await settle();
    const repaired = await repairLoss([lost], () => deleteGroup(groupWorld(), administrator(), groupId));
    assert.equal(repaired["memberships"], 1);
    assert.equal(await canRead(folder), false);
    assert.deepEqual(await roles(groupId), [{ role: null }]);
    assert.deepEqual(await rows(sql`select from shard.grants where grantee_id = ${groupId}`), []);
  }
});

test("shares are listed again, and ended ones no longer, if the recipient's shard lost them", async () => {
  const [kept, ended] = [await mkdir("kept"), await mkdir("ended")];
  const grantId = await share(ended, member.id);
  await settle();
  const repaired = await repairLoss(["high"], async () => {
    await share(kept, member.id);
    await removePermission(world, await callerOf(owner), grantId);
  });
  assert.deepEqual(repaired, { shares: 2 });
  assert.deepEqual([await isListed(kept), await isListed(ended)], [true, false]);
  assert.deepEqual(await rows(sql`select grant_id from shard.received where grant_id = ${grantId}`, far()), []);
});

test("a share without a pointer stays if both shards lost changes", async () => {
  const folder = await mkdir("folder");
  await losing(far(), async () => {
    await share(folder, member.id);
    await settle();
  });
  assert.deepEqual(await repair(["low", "high"]), { shares: 1 });
  assert.equal(await isListed(folder), true);
});

test("a revocation that the owner's shard lost is repeated if the recipient's shard is intact", async () => {
  const folder = await mkdir("folder");
  const grantId = await share(folder, member.id);
  await settle();
  const revoke = async () => removePermission(world, await callerOf(owner), grantId);
  assert.deepEqual(await repairLoss(["low"], revoke), { shares: 1 });
  assert.equal(await canRead(folder), false);
  assert.deepEqual(await rows(sql`select from shard.grants where id = ${grantId}`), []);
});

test("a pointer to a share that waits for an address again ends", async () => {
  const folder = await mkdir("folder");
  const grantId = await share(folder, member.id);
  await settle();
  const repaired = await repairLoss(["high"], () =>
    sql`update shard.grants set kind = 'pending', grantee_id = null, email = 'x@example.org', email_key = 'x@example.org'
      where id = ${grantId}`.execute(near()),
  );
  assert.deepEqual(repaired, { shares: 1 });
  assert.deepEqual(await rows(sql`select from shard.received where grant_id = ${grantId}`, far()), []);
  assert.deepEqual(await rows(sql`select from shard.messages`), []);
});

test("a share whose message waits is not revoked", async () => {
  const folder = await mkdir("folder");
  await share(folder, member.id);
  await repair(["low"]);
  assert.equal(await isListed(folder), true);
});

test("a share with an account that its shard lost ends", async () => {
  const folder = await mkdir("folder");
  let lostId: UserId | undefined;
  const repaired = await repairLoss(["high"], async () => {
    const other = await createUserIn(accounts, 4001, `other${people}@example.org`);
    lostId = other.id;
    await share(folder, lostId);
  });
  assert.equal(repaired["shares"], 1);
  assert.deepEqual(await rows(sql`select from shard.grants where grantee_id = ${lostId}`), []);
});

test("a share that waits for an address is claimed again", async () => {
  const folder = await mkdir("folder");
  const email = addressOn("high");
  const caller = await callerOf(owner);
  const node = await findNode(databases.shards, caller, folder);
  const grant = { kind: "pending" as const, grantee_id: null, email, email_key: email, expires_at: null };
  await grantNode(world, caller, node, { ...grant, role: "viewer" });
  await settle();
  const repaired = await repairLoss(["low"], async () => {
    member = await createUserIn(accounts, 4002, email);
    await settle();
  });
  assert.deepEqual(repaired, { shares: 1, pending_shares: 1 });
  assert.equal(await canRead(folder), true);
});

test("an address leads to its account again if its shard lost the entry", async () => {
  const email = addressOn("low");
  let id: UserId | undefined;
  const sign = async () => void ({ id } = await createUserIn(accounts, 4003, email));
  assert.deepEqual(await repairLoss(["low"], sign), { addresses: 1 });
  assert.equal((await findUserByEmail(databases.shards, email))?.id, id);
});

test("a former address is free and the current one is taken if the address's shard lost the move", async () => {
  const [email, next] = [addressOn("low"), `next${people}@example.org`];
  const user = await createUserIn(accounts, 4003, email);
  await settle();
  const repaired = await repairLoss(["low"], () => updateUser(accounts, user.id, { email: next }));
  assert.ok(repaired["addresses"]! >= 1);
  assert.equal((await findUserByEmail(databases.shards, next))?.id, user.id);
  accounts.clock.forwardMs(120_000);
  await expireCredentials(accounts);
  assert.equal((await createUserIn(accounts, 8, email)).email, email);
});

test("the address of an account that its shard lost is free", async () => {
  const email = addressOn("low");
  assert.deepEqual(await repairLoss(["high"], () => createUserIn(accounts, 4003, email)), { addresses: 1 });
  accounts.clock.forwardMs(120_000);
  await expireCredentials(accounts);
  assert.ok(await createUserIn(accounts, 4003, email));
});

test("a sign-in at another service is listed again only if the account's shard is intact", async () => {
  const key = Buffer.alloc(32, people % 100);
  const keys = sql`select from shard.outside_directory where identity_key = ${key}`;
  await sql`insert into shard.outside_identities (user_id, id, identity_key, issuer, subject, created_at)
    values (${member.id}, gen_random_uuid(), ${key}, 'issuer', 'subject', 0)`.execute(far());
  assert.deepEqual(await repair(["low", "high"]), {});
  assert.deepEqual(await rows(keys), []);
  assert.deepEqual(await repair(["low"]), { sign_ins: 1 });
  assert.equal((await rows(keys)).length, 1);
});

test("a mount is known to its folder's shard again, and an ended one no longer", async () => {
  const [kept, ended] = [await mkdir("kept"), await mkdir("ended")];
  for (const id of [kept, ended]) await share(id, member.id);
  await settle();
  const caller = await callerOf(member);
  const mounted = await mountFolder(world, caller, { nodeId: ended, place: {} });
  const known = sql<{ node_id: NodeId }>`select node_id from shard.mounters where user_id = ${member.id}`;
  const repaired = await repairLoss(["low"], async () => {
    await mountFolder(world, await callerOf(member), { nodeId: kept, place: {} });
    await world.committer.commit(await callerOf(member), [{ op: "delete", fileId: mounted.id }]);
  });
  assert.deepEqual(repaired, { mounts: 1 });
  assert.deepEqual(await rows(known), [{ node_id: kept }]);
});

test("an access rule counts on all shards if one of them still has it", async () => {
  for (const lost of ["low", "high"] as const) {
    const asker = { caller: { userId: owner.id, groupIds: [] }, address: undefined };
    const groupId = await newGroup();
    const repaired = await repairLoss([lost], () =>
      changeAccessRule(accounts, asker, { group_id: groupId, second_factor: { required: true } }),
    );
    assert.deepEqual(repaired, { access_rules: 1 });
    for (const db of [near(), far()]) {
      const rule = sql`select from shard.access_rules where subject_id = ${groupId} and factor_due_at is not null`;
      assert.equal((await rows(rule, db)).length, 1, lost);
    }
  }
});

test("tokens of a removed program end if their shard lost that", async () => {
  await sql`insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at, client_id, client_scope)
    values (gen_random_uuid(), ${member.id}, 'program', '{files:read}', '\\x00', 0, ${owner.id}, 'files:read')`.execute(
    far(),
  );
  assert.deepEqual(await repair(["high"]), { programs: 1 });
  assert.deepEqual(await rows(sql`select from shard.tokens where client_id is not null`, far()), []);
});
