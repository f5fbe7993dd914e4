import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { bucketOf, type GrantId, makeId, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { confirmAddress, confirmationLink } from "../accounts/people/confirm-address.ts";
import { createInvitation } from "../accounts/invitations/invitations.ts";
import { signUp } from "../accounts/invitations/sign-up.ts";
import { openTestAccounts, signedInAs, type TestAccounts, testPassword } from "../accounts/testing.ts";
import { updateUser } from "../accounts/people/users.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { createUserIn } from "../groups/testing.ts";
import type { Queue } from "../../base/queue/open-queue.ts";
import { changeRights } from "./change-rights.ts";
import { claimKinds, claimNow, claimPending } from "./claim-pending.ts";
import { sharingKinds } from "./deliver.ts";
import type { SharingWorld } from "./sharing-world.ts";
import { openTestSharing } from "./testing.ts";

let databases: TestDatabases;
let accounts: TestAccounts;
let sharing: SharingWorld;
let queue: Queue;
let people = 0;
let address = "";

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  accounts = await openTestAccounts(databases.shards, { openRegistration: true });
  const opened = openTestSharing(databases.shards, accounts.clock, (world) => ({
    ...claimKinds(world),
    ...sharingKinds(world),
  }));
  [sharing, queue] = [opened.world, opened.queue];
  accounts = { ...accounts, onConfirmed: (userId) => claimNow(sharing, userId) };
});
beforeEach(() => {
  address = `pending${++people}@example.org`;
});
after(async () => {
  await queue.stop();
  await databases.stop();
});

async function sharedBy(bucket: number): Promise<{ owner: UserRow; grant: GrantRow }> {
  const owner = await createUserIn(accounts, bucket, `owner${++people}@example.org`);
  return { owner, grant: await sharePending(owner) };
}

function sharePending({ id, space_id, root_id }: UserRow, given: Partial<GrantRow> = {}): Promise<GrantRow> {
  const grantId = makeId<GrantId>(bucketOf(id), accounts.clock.nowMs(), accounts.random(8));
  const row = {
    kind: "pending",
    grantee_id: null,
    email: address,
    email_key: address,
    role: "editor",
    ...given,
  } as const;
  return changeRights(sharing, space_id, { userId: id, deviceId: null }, async ({ transaction, notify }) => {
    const { rows } = await sql<GrantRow>`
      insert into shard.grants (space_id, id, node_id, kind, grantee_id, email, email_key, role, created_by, created_at)
      values (${space_id}, ${grantId}, ${root_id}, ${row.kind}, ${row.grantee_id}, ${row.email}, ${row.email_key},
        ${row.role}, ${id}, 0) returning *`.execute(transaction);
    await notify(rows[0]!);
    return rows[0]!;
  });
}

async function grantsAt({ space_id }: UserRow) {
  const { rows } = await sql<GrantRow>`select * from shard.grants where space_id = ${space_id}`.execute(
    databases.shards.ofId(space_id).db,
  );
  return rows.map(({ id, kind, grantee_id, email, role }) => ({ id, kind, grantee_id, email, role }));
}

async function receivedBy(userId: UserId): Promise<string[]> {
  const { rows } = await sql<{ grant_id: string }>`
    select grant_id from shard.received where grantee_id = ${userId} order by grant_id`.execute(
    databases.shards.ofId(userId).db,
  );
  return rows.map((row) => row.grant_id);
}

const join = (email: string, invite?: string) =>
  signUp(accounts, { email, password: testPassword, name: "New", invite }, `192.0.2.${people}`);
const inviteFor = async (email: string | null) =>
  (await createInvitation(accounts, { kind: "invite", email, quotaBytes: null })).token;

test("sign-up with the invitation for an address gives immediate access to its shares on both shards", async () => {
  const shared = [await sharedBy(5), await sharedBy(4005)];
  const user = await join(address.toUpperCase(), await inviteFor(address));
  for (const { owner, grant } of shared) {
    assert.deepEqual(await grantsAt(owner), [
      { id: grant.id, kind: "user", grantee_id: user.id, email: null, role: "editor" },
    ]);
    const { rows } = await sql<{ actor: UserId }>`
      select actor from shard.events where space_id = ${owner.space_id} and verb = 'shared'`.execute(
      databases.shards.ofId(owner.id).db,
    );
    assert.deepEqual(new Set(rows.map(({ actor }) => actor)), new Set([grant.created_by]));
  }
  await queue.idle();
  assert.deepEqual(await receivedBy(user.id), shared.map(({ grant }) => grant.id).toSorted());
  await claimPending(sharing, user.id);
  assert.equal((await grantsAt(shared[0]!.owner)).length, 1);
});

test("an unconfirmed address has no access until confirmed by mail or an administrator", async () => {
  for (const confirm of [
    async (user: UserRow) => {
      const token = confirmationLink(accounts, user.id, user.email).replace("/setup#", "");
      await confirmAddress(accounts, await signedInAs(accounts, user), token);
    },
    (user: UserRow) => updateUser(accounts, user.id, { confirmed: true }),
  ]) {
    address = `pending${++people}@example.org`;
    const { owner } = await sharedBy(4006);
    const user = await join(address, people % 2 === 0 ? undefined : await inviteFor(null));
    await claimPending(sharing, user.id);
    await queue.idle();
    assert.deepEqual(
      (await grantsAt(owner)).map(({ kind }) => kind),
      ["pending"],
    );
    await confirm(user);
    assert.deepEqual(
      (await grantsAt(owner)).map(({ kind, grantee_id }) => [kind, grantee_id]),
      [["user", user.id]],
    );
  }
});

test("a share with the address during the account's creation reaches it too", async () => {
  const user = await join(address, await inviteFor(address));
  const owner = await createUserIn(accounts, 7, `owner${++people}@example.org`);
  // The giver had searched for the account before it existed.
  await sharePending(owner);
  await queue.idle();
  assert.deepEqual(
    (await grantsAt(owner)).map(({ kind, grantee_id }) => [kind, grantee_id]),
    [["user", user.id]],
  );
  assert.equal((await receivedBy(user.id)).length, 1);
});

test("a permission granted to the account meanwhile is kept as the only one", async () => {
  const { owner } = await sharedBy(4007);
  const user = await join(address);
  await sharePending(owner, { kind: "user", grantee_id: user.id, email: null, email_key: null, role: "viewer" });
  await updateUser(accounts, user.id, { confirmed: true });
  assert.deepEqual(
    (await grantsAt(owner)).map(({ kind, role }) => [kind, role]),
    [["user", "viewer"]],
  );
});

test("a failed claim is repeated by the queue, and grants for other addresses stay", async () => {
  const { owner } = await sharedBy(8);
  const mine = address;
  address = `pending${++people}@example.org`;
  const other = await sharedBy(8);
  const user = await signUp(
    { ...accounts, onConfirmed: () => Promise.resolve() },
    { email: mine, password: testPassword, name: "New", invite: await inviteFor(mine) },
    "192.0.2.200",
  );
  assert.equal((await grantsAt(owner))[0]?.kind, "pending");
  await queue.idle();
  assert.equal((await grantsAt(owner))[0]?.grantee_id, user.id);
  assert.equal((await grantsAt(other.owner))[0]?.kind, "pending");
});
