import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bounded } from "@holdfast/tools/bounded";
import { sql } from "kysely";
import { generateSync } from "otplib";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { createAppPassword } from "./app-passwords.ts";
import { Authenticator } from "./authenticator.ts";
import { confirmPasskey, preparePasskey } from "../proof/change-passkeys.ts";
import { confirmSecondFactor, prepareSecondFactor } from "../proof/change-second-factor.ts";
import { confirmAddress, confirmationLink } from "../people/confirm-address.ts";
import { findUser } from "../context/directory.ts";
import { changeOwnPassword } from "../proof/own-password.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { TestPasskey } from "../factors/testing-passkey.ts";
import { wishAddress } from "../proof/wish-address.ts";

const source = "192.0.2.1";
const origin = "https://drive.example.org";
const site = { rpId: "drive.example.org", origins: [origin] };
const proof = { password: testPassword, site };

describe("Prepared changes of a password thief", () => {
  let databases: TestDatabases;
  let world: TestAccounts;
  let people = 0;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    world = await openTestAccounts(databases.shards);
  });
  after(() => databases.stop());

  async function robbed() {
    const email = `person${++people}@example.org`;
    const { id } = await createTestUser(world, email);
    const session = async () => {
      const { access_token: token } = await signIn(world, { email, password: testPassword }, source);
      return new Authenticator(world).authenticate(token);
    };
    const owner = await session();
    const thief = await session();
    const turnOnApp = async () => {
      world.clock.forwardMs(1000);
      const { secret } = await prepareSecondFactor(world, owner, proof, source);
      await confirmSecondFactor(world, owner, codeOf(secret));
    };
    return { id, owner, thief, turnOnApp };
  }

  const codeOf = (secret: string): string => generateSync({ secret, epoch: Math.floor(world.clock.nowMs() / 1000) });

  test("a prepared passkey cannot be added after the owner enabled a second factor", async () => {
    const { thief, turnOnApp } = await robbed();
    const { webauthn } = await preparePasskey(world, thief, proof, source);
    await turnOnApp();
    const added = { name: "thief", passkey: new TestPasskey(origin).create(webauthn), site };
    await assert.rejects(confirmPasskey(world, thief, added), { code: "invalid_field", field: "passkey" });
  });

  test("a passkey prepared with a code can be added after the app changed", async () => {
    const { owner } = await robbed();
    const next = async (totp?: string) => (await prepareSecondFactor(world, owner, { ...proof, totp }, source)).secret;
    const first = await next();
    await confirmSecondFactor(world, owner, codeOf(first));
    const code = (secret: string) => {
      world.clock.forwardMs(30_000);
      return codeOf(secret);
    };
    const { webauthn } = await preparePasskey(world, owner, { ...proof, totp: code(first) }, source);
    const second = await next(code(first));
    await confirmSecondFactor(world, owner, codeOf(second));
    await confirmPasskey(world, owner, { name: "mine", passkey: new TestPasskey(origin).create(webauthn), site });
  });

  test("a prepared app cannot replace recovery codes", async () => {
    const { owner, thief } = await robbed();
    const { secret } = await prepareSecondFactor(world, thief, proof, source);
    world.clock.forwardMs(1000);
    const { webauthn } = await preparePasskey(world, owner, proof, source);
    await confirmPasskey(world, owner, { name: "mine", passkey: new TestPasskey(origin).create(webauthn), site });
    await assert.rejects(confirmSecondFactor(world, thief, codeOf(secret)), { code: "conflict" });
  });

  test("a prepared address is canceled", async () => {
    const { id, thief, turnOnApp } = await robbed();
    const email = `thief${people}@example.org`;
    await wishAddress(world, thief, { email, proof, source });
    const token = confirmationLink(world, id, email).split("#")[1] ?? "";
    await turnOnApp();
    assert.equal((await findUser(databases.shards, id))?.next_email, null);
    await assert.rejects(confirmAddress(world, thief, token), { code: "invalid_field" });
  });

  test("an app password cannot be created with a password changed meanwhile", async () => {
    const { id, owner } = await robbed();
    const { db } = databases.shards.ofId(id);
    const request = { ...proof, name: "old", scopes: ["files:read"] as const, expiresAtMicros: null };
    await sql`insert into shard.second_factors (user_id) values (${id})`.execute(db);
    const making = await db.transaction().execute(async (transaction) => {
      await sql`select from shard.second_factors where user_id = ${id} for update`.execute(transaction);
      const change = { current_password: testPassword, new_password: "a new sentence of theirs" };
      const waiting = async (wanted: number) => {
        const stillInTime = bounded(`${wanted} wait for the second factor`);
        const blocked = sql`
          select from pg_stat_activity where wait_event_type = 'Lock' and query like '%second_factors%'
            and datname = current_database()`;
        while ((await blocked.execute(db)).rows.length !== wanted) stillInTime();
      };
      const changing = changeOwnPassword(world, owner, change, source);
      await waiting(1);
      const late = createAppPassword(world, owner, request, source);
      late.catch(() => {});
      await waiting(2);
      return { changing, late };
    });
    await making.changing;
    await assert.rejects(making.late, { code: "conflict" });
  });
});
