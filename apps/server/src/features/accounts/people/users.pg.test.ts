import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { createUser } from "../invitations/sign-up.ts";
import { openTestAccounts, type TestAccounts, testPassword } from "../testing.ts";
import { listUsers } from "./users.ts";

let databases: TestDatabases;
let world: TestAccounts;

before(async () => {
  databases = await startTwoTestShards({ fsync: false });
  world = await openTestAccounts(databases.shards);
});
after(() => databases.stop());

const onFirstShard = 3;
const onSecondShard = 4000;

const timeMs = 1_900_000_000_000;

function make(name: string, email: string, { bucket, atMs }: { bucket: number; atMs: number }) {
  const id = makeId<UserId>(toBucket(bucket), timeMs + atMs, randomBytes(8));
  return createUser(world, { email, password: testPassword, name, admin: false }, id);
}

async function found(search: string): Promise<string[]> {
  const { items, next_cursor: next } = await listUsers(world, { limit: 10, search });
  assert.equal(next, null);
  return items.map(({ name }) => name);
}

test("a search finds accounts of all shards by parts of name and address, ignoring case and accents", async () => {
  await make("Änne Müller", "anne@example.org", { bucket: onFirstShard, atMs: 1 });
  await make("Bob", "b.muller@Example.org", { bucket: onSecondShard, atMs: 2 });
  await make("Carl MULLER-Ost", "carl@example.com", { bucket: onFirstShard, atMs: 3 });
  await make("Dora", "dora@example.com", { bucket: onSecondShard, atMs: 4 });
  assert.deepEqual(await found("müLLer"), ["Änne Müller", "Bob", "Carl MULLER-Ost"]);
  assert.deepEqual(await found("mu\u0308ller"), ["Änne Müller", "Bob", "Carl MULLER-Ost"]);
  assert.deepEqual(await found(" EXAMPLE.ORG \t änn "), ["Änne Müller"], "all words, in any order");
  assert.deepEqual(await found("änne carl"), []);
  for (const wildcard of ["%", "_", "\\", "\uff05", "\uff3f", "\uff3c"])
    assert.deepEqual(await found(wildcard), [], wildcard);
  await make("100%_\\", "e@example.net", { bucket: onFirstShard, atMs: 5 });
  for (const part of ["%", "_", "\\", "0%_\\"]) assert.deepEqual(await found(part), ["100%_\\"], part);

  const first = await listUsers(world, { limit: 2, search: "muller" });
  assert.deepEqual(
    first.items.map(({ name }) => name),
    ["Änne Müller", "Bob"],
  );
  assert.equal(first.next_cursor, first.items[1]?.id);
  const second = await listUsers(world, { limit: 2, search: "muller", cursor: first.next_cursor ?? "" });
  assert.deepEqual([second.items.map(({ name }) => name), second.next_cursor], [["Carl MULLER-Ost"], null]);

  const refused = { code: "invalid_field", field: "search" };
  const tooMany = Array.from({ length: limits.searchWordsMax + 1 }, (_, at) => `w${at}`).join(" ");
  for (const search of [" ", "a\0", tooMany]) {
    await assert.rejects(listUsers(world, { limit: 2, search }), refused, JSON.stringify(search));
  }
});

test("a search page ends at the last account read, where the next page continues", async () => {
  const count = limits.peopleSearchedMax;
  const id = sql`('00000000-' || lpad(to_hex(n), 4, '0') || '-8000-8000-000000000000')::uuid`;
  await sql`
    insert into shard.users (id, email, name, password_hash, space_id, root_id, plan, created_at)
    select ${id}, 'n' || n, 'N', '', ${id}, ${id}, 'business', 0 from generate_series(1, ${count}::int) n`.execute(
    databases.shards.of(toBucket(onFirstShard)).db,
  );
  for (const [at, bucket] of [onFirstShard, onSecondShard].entries()) {
    await make(`Late ${bucket}`, `${bucket}@example.org`, { bucket, atMs: 10 + at });
  }
  const first = await listUsers(world, { limit: 10, search: "late" });
  const last = `00000000-${count.toString(16).padStart(4, "0")}-8000-8000-000000000000`;
  assert.deepEqual([first.items, first.next_cursor], [[], last], "also those of the other shard follow");
  const second = await listUsers(world, { limit: 10, search: "late", cursor: last });
  const names = second.items.map(({ name }) => name);
  assert.deepEqual([names, second.next_cursor], [[`Late ${onFirstShard}`, `Late ${onSecondShard}`], null]);
});
