import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import inject from "light-my-request";
import { sql } from "kysely";
import { toBucket } from "@holdfast/core/ids";
import { makeTestClock, openTestAccounts, type TestAccounts, testWrapper } from "../accounts/testing.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { openProviders } from "./provider.ts";
import { openSigningKeys } from "./signing-keys.ts";

const dayMs = 86_400_000;

describe("Signing keys of the OpenID provider", () => {
  let databases: TestDatabases;
  let world: TestAccounts;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
  });
  after(() => databases?.stop());
  beforeEach(async () => {
    const { db } = databases.shards.of(toBucket(0));
    await sql`delete from shard.server_facts where name = 'openid_keys'`.execute(db);
    world = await openTestAccounts(databases.shards, { clock: makeTestClock(Date.now()) });
  });

  const kids = async () => (await openSigningKeys(world)).map(({ kid }) => kid);

  test("are replaced by new ones, published a day before they sign and for 30 days after", async () => {
    const [first] = await kids();
    world.clock.forwardMs(90 * dayMs - 1);
    assert.deepEqual(await kids(), [first]);
    world.clock.forwardMs(1);
    const [signing, second, ...more] = await kids();
    assert.deepEqual([signing, more], [first, []]);
    assert.ok(second !== undefined && second !== first);
    world.clock.forwardMs(dayMs - 1);
    assert.deepEqual(await kids(), [first, second]);
    world.clock.forwardMs(1);
    assert.deepEqual(await kids(), [second, first]);
    world.clock.forwardMs(30 * dayMs - 1);
    assert.deepEqual(await kids(), [second, first]);
    world.clock.forwardMs(1);
    assert.deepEqual(await kids(), [second]);
  });

  test("sign for one more day on a server unused for a year", async () => {
    const [first] = await kids();
    world.clock.forwardMs(365 * dayMs);
    const [signing, second] = await kids();
    assert.equal(signing, first);
    world.clock.forwardMs(365 * dayMs);
    const [last, third, ...more] = await kids();
    assert.deepEqual([last, more], [second, []]);
    assert.ok(![first, second].includes(third));
  });

  test("are created once by several concurrent processes", async () => {
    const begun = await Promise.all(Array.from({ length: 4 }, kids));
    assert.equal(new Set(begun.flat()).size, 1);
    world.clock.forwardMs(90 * dayMs);
    const followed = await Promise.all(Array.from({ length: 4 }, kids));
    assert.equal(new Set(followed.map((each) => each.join())).size, 1);
    assert.equal(followed[0]?.length, 2);
  });

  test("from before rotation sign on while the new one is published", async () => {
    const [{ kid, ...jwk } = {}] = await openSigningKeys(world);
    const stored = Buffer.from(JSON.stringify([{ ...jwk, kid }]));
    const { db } = databases.shards.of(toBucket(0));
    const value = await testWrapper.wrapSecret("openid_keys", stored);
    await sql`update shard.server_facts set value = ${value} where name = 'openid_keys'`.execute(db);
    const [signing, next] = await kids();
    assert.equal(signing, kid);
    assert.ok(next !== undefined && next !== kid);
  });

  test("reach a running provider without a restart, and no private part is published", async () => {
    const providers = openProviders(world, { error: () => {} } as never, { answered: () => {}, revoked: () => {} });
    const published = async () => {
      const handle = (await providers.of("https://drive.example")).callback();
      const answer = await inject((incoming, outgoing) => void handle(incoming, outgoing), "/oauth/jwks");
      return (JSON.parse(answer.payload) as { keys: Record<string, unknown>[] }).keys;
    };
    const [first, ...none] = await published();
    assert.deepEqual(none, []);
    assert.deepEqual(Object.keys(first ?? {}).toSorted(), ["alg", "e", "kid", "kty", "n", "use"]);
    world.clock.forwardMs(90 * dayMs);
    assert.deepEqual(
      (await published()).map(({ kid }) => kid),
      await kids(),
    );
    assert.equal((await published()).length, 2);
    assert.equal(await providers.of("https://drive.example"), await providers.of("https://drive.example"));
  });
});
