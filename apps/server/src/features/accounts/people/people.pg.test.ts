import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { startTwoTestShards, type TestDatabases } from "../../../base/db/testing.ts";
import { readPeople } from "./people.ts";
import { createUser } from "../invitations/sign-up.ts";
import { openTestAccounts, testPassword } from "../testing.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

const idIn = (bucket: number) => makeId<UserId>(toBucket(bucket), 1_900_000_000_000, randomBytes(8));

test("accounts on all shards are named, and links and deleted accounts have placeholder names", async () => {
  const { shards } = databases;
  const world = await openTestAccounts(shards);
  const make = (name: string, bucket: number) =>
    createUser(
      world,
      { email: `${name}@example.org`, password: testPassword, name, admin: false, quotaBytes: null },
      idIn(bucket),
    );
  const low = await make("Low", 3);
  const high = await make("High", 4000);
  const gone = await make("Gone", 4001);
  await sql`delete from shard.users where id = ${gone.id}`.execute(shards.ofId(gone.id).db);
  const link = idIn(4000);
  await sql`
    insert into shard.grants (space_id, id, node_id, kind, grantee_id, role, created_by, created_at, name)
    values (${high.space_id}, ${link}, ${high.root_id}, 'link', ${link}, 'uploader', ${high.id}, 0, 'of nobody else')`.execute(
    shards.ofId(link).db,
  );
  const person = await readPeople(shards, [high.id, low.id, high.id, gone.id, link, "no id"]);
  assert.deepEqual([low.id, high.id, link, gone.id, "no id"].map(person), [
    { id: low.id, name: "Low" },
    { id: high.id, name: "High" },
    { id: link, name: "(link)" },
    { id: gone.id, name: "(deleted account or link)" },
    { id: "no id", name: "(deleted account or link)" },
  ]);
});

test("resolving no IDs sends no query", async () => {
  const nowhere = {
    of: () => assert.fail("asked"),
    ofId: () => assert.fail("asked"),
    all: () => [],
  };
  assert.equal((await readPeople(nowhere, []))("x").name, "(deleted account or link)");
});
