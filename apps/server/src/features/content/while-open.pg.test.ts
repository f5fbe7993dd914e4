import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sql } from "kysely";
import type { Caller } from "../accounts/context/caller.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { becomeOverdue, signInTo, testIssuerBound } from "../notify/testing.ts";
import { whileOpen } from "./while-open.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTestDatabases({ fsync: false });
});
after(() => databases.stop());

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < 100; count += 1) yield new Uint8Array(8 * 1024 * 1024);
}

const ends: Readonly<Record<string, (space: TestSpace, caller: Caller) => Promise<unknown>>> = {
  "is signed out": ({ db }, { credential }) => sql`delete from shard.sessions where id = ${credential.id}`.execute(db),
  "is suspended": ({ db }, { userId }) => sql`update shard.users set disabled_at = 1 where id = ${userId}`.execute(db),
  "has to sign in again": becomeOverdue,
};

for (const [what, end] of Object.entries(ends)) {
  test(`a running download of an own file stops within two seconds after its owner ${what}`, async () => {
    const space = await makeTestSpace(databases.shards);
    const caller = await signInTo(space);
    await sql`insert into shard.devices (user_id, id, name, created_at, last_seen_at)
      values (${caller.userId}, ${caller.deviceId}, 'laptop', 0, 0)`.execute(space.db);
    const world = { shards: databases.shards, clock: space.clock, issuerBound: testIssuerBound };
    const running = whileOpen(world, caller, pieces());
    const goesOn = async () => assert.equal((await running.next()).done, false);
    await goesOn();
    space.clock.advanceMs(2000);
    await goesOn();
    await end(space, caller);
    await goesOn();
    space.clock.advanceMs(1000);
    await goesOn();
    space.clock.advanceMs(1000);
    await assert.rejects(running.next(), { code: "unauthenticated" });
    assert.equal((await running.next()).done, true, "its source is ended");
  });
}
