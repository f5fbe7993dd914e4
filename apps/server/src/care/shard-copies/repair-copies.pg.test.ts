import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { findUserByEmail } from "../../features/accounts/context/directory.ts";
import { changeAccessRule } from "../../features/accounts/proof/change-access-rules.ts";
import { updateUser } from "../../features/accounts/people/users.ts";
import { expireCredentials } from "../../features/accounts/sign-in/expire-credentials.ts";
import { createUserIn } from "../../features/groups/testing.ts";
import { removePermission } from "../../features/sharing/permissions.ts";
import { CopiesScene } from "./testing-copies.ts";

let scene: CopiesScene;
before(async () => {
  scene = await CopiesScene.open();
});
beforeEach(() => scene.begin());
afterEach(() => scene.end());
after(() => scene.close());

test("shares are listed again, and ended ones no longer, if the recipient's shard lost them", async () => {
  const [kept, ended] = [await scene.mkdir("kept"), await scene.mkdir("ended")];
  const grantId = await scene.share(ended, scene.member.id);
  await scene.settle();
  const repaired = await scene.repairLoss("high", async () => {
    await scene.share(kept, scene.member.id);
    await removePermission(scene.world, await scene.callerOf(scene.owner), grantId);
  });
  assert.deepEqual(repaired, { shares: 2 });
  assert.deepEqual([await scene.isListed(kept), await scene.isListed(ended)], [true, false]);
  assert.deepEqual(
    await scene.rows(sql`select grant_id from shard.received where grant_id = ${grantId}`, scene.far()),
    [],
  );
});

test("a share without a pointer stays if both shards lost changes", async () => {
  const folder = await scene.mkdir();
  await scene.lose("high", () => scene.share(folder, scene.member.id));
  assert.deepEqual(await scene.repair(["low", "high"]), { shares: 1 });
  assert.equal(await scene.isListed(folder), true);
});

test("a revocation that the owner's shard lost is repeated if the recipient's shard is intact", async () => {
  const folder = await scene.mkdir();
  const grantId = await scene.share(folder, scene.member.id);
  await scene.settle();
  const revoke = async () => removePermission(scene.world, await scene.callerOf(scene.owner), grantId);
  assert.deepEqual(await scene.repairLoss("low", revoke), { shares: 1 });
  assert.equal(await scene.canRead(folder), false);
  assert.deepEqual(await scene.rows(sql`select from shard.grants where id = ${grantId}`), []);
});

test("a pointer to a share that waits for an address again ends", async () => {
  const folder = await scene.mkdir();
  const grantId = await scene.share(folder, scene.member.id);
  await scene.settle();
  const repaired = await scene.repairLoss("high", () =>
    sql`update shard.grants set kind = 'pending', grantee_id = null, email = 'x@example.org', email_key = 'x@example.org'
      where id = ${grantId}`.execute(scene.near()),
  );
  assert.deepEqual(repaired, { shares: 1 });
  assert.deepEqual(await scene.rows(sql`select from shard.received where grant_id = ${grantId}`, scene.far()), []);
  assert.deepEqual(await scene.rows(sql`select from shard.messages`), []);
});

test("a share whose message waits is not revoked", async () => {
  const folder = await scene.mkdir();
  await scene.share(folder, scene.member.id);
  await scene.repair(["low"]);
  assert.equal(await scene.isListed(folder), true);
});

test("a share with an account that its shard lost ends", async () => {
  const folder = await scene.mkdir();
  let lostId: UserId | undefined;
  const repaired = await scene.repairLoss("high", async () => {
    const other = await createUserIn(scene.accounts, 4001, "other@example.org");
    lostId = other.id;
    await scene.share(folder, lostId);
  });
  assert.equal(repaired["shares"], 1);
  assert.deepEqual(await scene.rows(sql`select from shard.grants where grantee_id = ${lostId}`), []);
});

test("a share that waits for an address is claimed again", async () => {
  const folder = await scene.mkdir();
  const email = scene.addressOn("high");
  await scene.shareWithAddress(folder, email);
  await scene.settle();
  const repaired = await scene.repairLoss("low", async () => {
    scene.member = await createUserIn(scene.accounts, 4002, email);
    await scene.settle();
  });
  assert.deepEqual(repaired, { shares: 1, pending_shares: 1 });
  assert.equal(await scene.canRead(folder), true);
});

test("an address leads to its account again if its shard lost the entry", async () => {
  const email = scene.addressOn("low");
  let id: UserId | undefined;
  const sign = async () => void ({ id } = await createUserIn(scene.accounts, 4003, email));
  assert.deepEqual(await scene.repairLoss("low", sign), { addresses: 1 });
  assert.equal((await findUserByEmail(scene.databases.shards, email))?.id, id);
});

test("a former account's entry gives way to the account that has the address", async () => {
  const email = scene.addressOn("low");
  const former = await createUserIn(scene.accounts, 4003, email);
  await scene.settle();
  let id: UserId | undefined;
  const repaired = await scene.repairLoss("low", async () => {
    await updateUser(scene.accounts, former.id, { email: scene.addressOn("high") });
    await scene.settle();
    ({ id } = await createUserIn(scene.accounts, 4004, email));
  });
  assert.deepEqual(repaired, { addresses: 1 });
  assert.equal((await findUserByEmail(scene.databases.shards, email))?.id, id);
});

test("a former address is free and the current one is taken if the address's shard lost the move", async () => {
  const [email, next] = [scene.addressOn("low"), "next@example.org"];
  const user = await createUserIn(scene.accounts, 4003, email);
  await scene.settle();
  const repaired = await scene.repairLoss("low", () => updateUser(scene.accounts, user.id, { email: next }));
  assert.ok(repaired["addresses"]! >= 1);
  assert.equal((await findUserByEmail(scene.databases.shards, next))?.id, user.id);
  scene.accounts.clock.forwardMs(120_000);
  await expireCredentials(scene.accounts);
  assert.equal((await createUserIn(scene.accounts, 8, email)).email, email);
});

test("the address of an account that its shard lost is free", async () => {
  const email = scene.addressOn("low");
  assert.deepEqual(await scene.repairLoss("high", () => createUserIn(scene.accounts, 4003, email)), { addresses: 1 });
  scene.accounts.clock.forwardMs(120_000);
  await expireCredentials(scene.accounts);
  assert.ok(await createUserIn(scene.accounts, 4003, email));
});

test("a sign-in at another service is listed again only if the account's shard is intact", async () => {
  const key = Buffer.alloc(32, 7);
  const keys = sql`select from shard.outside_directory where identity_key = ${key}`;
  await sql`insert into shard.outside_identities (user_id, id, identity_key, issuer, subject, created_at)
    values (${scene.member.id}, gen_random_uuid(), ${key}, 'issuer', 'subject', 0)`.execute(scene.far());
  assert.deepEqual(await scene.repair(["low", "high"]), {});
  assert.deepEqual(await scene.rows(keys), []);
  assert.deepEqual(await scene.repair(["low"]), { sign_ins: 1 });
  assert.equal((await scene.rows(keys)).length, 1);
});

test("an access rule counts on all shards if one of them still has it", async () => {
  for (const lost of ["low", "high"] as const) {
    const asker = { caller: { userId: scene.owner.id, groupIds: [] }, address: undefined };
    const groupId = await scene.newGroup();
    const repaired = await scene.repairLoss(lost, () =>
      changeAccessRule(scene.accounts, asker, { group_id: groupId, second_factor: { required: true } }),
    );
    assert.deepEqual(repaired, { access_rules: 1 });
    for (const db of [scene.near(), scene.far()]) {
      const rule = sql`select from shard.access_rules where subject_id = ${groupId} and factor_due_at is not null`;
      assert.equal((await scene.rows(rule, db)).length, 1, lost);
    }
  }
});

test("tokens of a removed program end if their shard lost that", async () => {
  await sql`insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at, client_id, client_scope)
    values (gen_random_uuid(), ${scene.member.id}, 'program', '{files:read}', '\\x00', 0, ${scene.owner.id}, 'files:read')`.execute(
    scene.far(),
  );
  assert.deepEqual(await scene.repair(["high"]), { programs: 1 });
  assert.deepEqual(await scene.rows(sql`select from shard.tokens where client_id is not null`, scene.far()), []);
});
