import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import type { UserId } from "@holdfast/core/ids";
import { testShards } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import pg from "pg";
import { startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { notifyDevice } from "../../notifications/notify-device.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { wholeServer } from "../callers/access-rules.ts";
import { signIn } from "./sessions.ts";
import { createTestUser, openTestAccounts, testPassword } from "../testing.ts";

/* Each round trip costs a sign-in about 0.1 ms of processor time in server and database. */

let databases: TestDatabases;
let world: AccountWorld;
const queued: UserId[] = [];

before(async () => {
  databases = await startTestDatabases({ fsync: false });
  world = { ...(await openTestAccounts(databases.shards)), notifyDevice, queued: (userId) => void queued.push(userId) };
});
after(() => databases.stop());

const source = "192.0.2.1";
/** On several shards an address is looked up before its account. */
const lookups = testShards === 1 ? 0 : 1;

async function asked(work: () => Promise<unknown>): Promise<number> {
  const query = mock.method(pg.Client.prototype, "query");
  try {
    await work();
    return query.mock.callCount();
  } finally {
    query.mock.restore();
  }
}

test("a sign-in on a known device takes seven database queries and queues no message", async () => {
  const email = "known@example.org";
  const user = await createTestUser(world, email);
  const { device_secret: secret } = await signIn(world, { email, password: testPassword }, source);
  queued.length = 0;
  const again = () => signIn(world, { email, password: testPassword, device_secret: secret ?? "" }, source);
  assert.equal(await asked(again), 7 + lookups);
  assert.deepEqual(queued, []);
  const anew = () => signIn(world, { email, password: testPassword }, source);
  assert.equal(await asked(anew), 8 + lookups);
  assert.deepEqual(queued, [user.id]);
});

test("an unknown address takes as many database queries as a wrong password", async () => {
  const email = "wrong@example.org";
  await createTestUser(world, email);
  const wrong = (claimed: string) => () =>
    assert.rejects(signIn(world, { email: claimed, password: "a wrong one" }, source), { code: "unauthenticated" });
  assert.equal(await asked(wrong(email)), 1 + lookups);
  assert.equal(await asked(wrong("nobody@example.org")), 1 + lookups);
});

test("a sign-in from a blocked address leaves no device, session or message", async () => {
  const email = "elsewhere@example.org";
  const user = await createTestUser(world, email);
  const { db } = databases.shards.ofId(user.id);
  await signIn(world, { email, password: testPassword, address: source }, source);
  await sql`insert into shard.access_rules (subject_id, addresses) values (${wholeServer}, array['198.51.100.0/24'])`.execute(
    db,
  );
  const count = async () => {
    const { rows } = await sql<Record<string, number>>`
      select (select count(*) from shard.devices where user_id = ${user.id}) as devices,
        (select count(*) from shard.sessions where user_id = ${user.id}) as sessions,
        (select count(*) from shard.messages) as messages`.execute(db);
    return rows[0];
  };
  const counted = await count();
  await assert.rejects(signIn(world, { email, password: testPassword, address: source }, source), {
    code: "address_not_allowed",
  });
  assert.deepEqual(await count(), counted);
  await sql`delete from shard.access_rules`.execute(db);
});
