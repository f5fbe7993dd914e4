import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Kysely, PostgresDialect, sql } from "kysely";
import { openPool } from "../../../base/db/database.ts";
import type { ShardTables } from "../../../base/db/shard-tables.ts";
import { silentLog, startTestDatabases, type TestDatabases } from "../../../base/db/testing.ts";
import { newTestId } from "../../../tree/testing/testing.ts";
import { expireCredentials } from "./expire-credentials.ts";
import { makeTestClock } from "../testing.ts";

let databases: TestDatabases;
let logged: Kysely<ShardTables>;
const statements: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
before(async () => {
  databases = await startTestDatabases({ fsync: false });
  const pool = openPool({ connection: databases.connection, applicationName: "test", log: silentLog });
  logged = new Kysely({ dialect: new PostgresDialect({ pool }), log: ({ query }) => void statements.push(query) });
});
after(async () => {
  await logged.destroy();
  await databases.stop();
});

test("expired credentials are found by indexes, without scanning the others", async () => {
  await logged.executeQuery(sql.raw(fill).compile(logged));
  await logged.executeQuery(sql.raw("analyze").compile(logged));
  const shard = { ...databases.shards.ofId(newTestId()), db: logged, primary: logged };
  const shards = { of: () => shard, ofId: () => shard, all: () => [shard] };
  statements.length = 0;
  assert.equal(await expireCredentials({ shards, clock: makeTestClock(), random: () => new Uint8Array() }), 3);
  const ran = statements.slice();
  assert.ok(ran.length >= 5);
  for (const { sql: text, parameters } of ran) {
    const plan = JSON.stringify(await explain(text, parameters));
    assert.doesNotMatch(plan, /"Seq Scan"[^{}]*"(tokens|devices|sessions|directory)"/, `${text}\n${plan}`);
  }
});

async function explain(text: string, parameters: readonly unknown[]): Promise<unknown> {
  const query = { ...sql.raw(`explain (format json) ${text}`).compile(logged), parameters };
  return (await logged.executeQuery(query)).rows;
}

const id = "('01000000-0000-8007-8000-' || lpad(to_hex(g), 12, '0'))::uuid";
const at = "case when g = 7 then 1 else 9000000000000000 end";
const many = "from generate_series(1, 30000) g";
const fill = `do $$ begin
  insert into shard.sessions (id, user_id, device_id, number, number_used, created_at, expires_at)
    select ${id}, ${id}, ${id}, 1, true, 0, ${at} ${many};
  insert into shard.devices (user_id, id, name, created_at) select ${id}, ${id}, 'd', ${at} ${many};
  insert into shard.tokens (id, user_id, name, scopes, secret_hash, created_at, expires_at)
    select ${id}, ${id}, 't', '{files:read}', '\\x00', 0, ${at} ${many};
  insert into shard.directory (email_key, user_id, confirmed, reserved_at)
    select 'u' || g || '@x', ${id}, true, 0 ${many};
end $$`;
