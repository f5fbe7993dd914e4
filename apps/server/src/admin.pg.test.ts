import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { bucketCount } from "@holdfast/core/ids";
import { longTest } from "@holdfast/tools/tiers";
import { runAdmin } from "./admin.ts";
import { openTestAccounts, testPassword } from "./features/accounts/testing.ts";
import { signIn } from "./features/accounts/sign-in/sessions.ts";
import { noteAddress } from "./base/data-folder/server-notes.ts";
import { cellMigrations } from "./base/db/cell-migrations/index.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "./base/db/embedded-postgres.ts";
import { migrate } from "./base/db/migrate.ts";
import { shardMigrations } from "./base/db/shard-migrations/index.ts";
import { openDatabases } from "./base/db/shards.ts";
import { copyTemplate, makeTestFolder, silentLog, startTestDatabase } from "./base/db/testing.ts";

let folder: string;

before(async () => {
  folder = makeTestFolder();
  await copyTemplate(folder);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const add = (email: string, more: object = {}) =>
  runAdmin(folder, "adminCreateUser", { body: { email, password: testPassword, ...more } }, {});

async function maySignIn(email: string, password: string): Promise<string> {
  const connection = findRunningPostgres(folder);
  const own =
    connection === undefined
      ? await startEmbeddedPostgres({ dataFolder: folder, log: silentLog, random: randomBytes })
      : undefined;
  const databases = openDatabases({ defaultConnection: own?.connection ?? connection ?? {}, log: silentLog });
  try {
    const world = await openTestAccounts(databases.shards);
    return await signIn(world, { email, password }, "192.0.2.1").then(
      () => "yes",
      (error: unknown) => (error as { code: string }).code,
    );
  } finally {
    await databases.close();
    await own?.stop();
  }
}

test("a folder without a database is rejected with the reason, and stays unchanged", async () => {
  const empty = mkdtempSync(join(tmpdir(), "holdfast-admin-"));
  await assert.rejects(runAdmin(empty, "adminListUsers", {}, {}), { code: "not_found", message: /no database in/ });
  const missing = join(empty, "missing");
  await assert.rejects(runAdmin(missing, "adminListUsers", {}, {}), { code: "not_found" });
  assert.equal(existsSync(missing), false);
  rmSync(empty, { recursive: true });
});

test("users can be managed beside a stopped server", async () => {
  const made = await add("Ann@example.org", { admin: true, quota_bytes: 1000 });
  assert.deepEqual([made.email, made.admin, made.quota_bytes], ["Ann@example.org", true, 1000]);
  await add("bob@example.org");
  await assert.rejects(add("ann@EXAMPLE.org"), { code: "exists" });
  await assert.rejects(add("bob"), { code: "invalid_field", field: "email" });
  const update = (body: object) => runAdmin(folder, "adminUpdateUser", { params: { id: "bob@example.org" }, body }, {});
  assert.equal((await update({ disabled: true })).disabled, true);
  assert.equal(await maySignIn("bob@example.org", testPassword), "forbidden");
  assert.equal((await update({ disabled: false, quota_bytes: 7 })).quota_bytes, 7);
  await update({ password: "another password" });
  assert.equal(await maySignIn("bob@example.org", testPassword), "unauthenticated");
  assert.equal(await maySignIn("bob@example.org", "another password"), "yes");
  const first = await runAdmin(folder, "adminListUsers", { query: { limit: 1 } }, {});
  assert.ok(first.next_cursor !== null);
  const second = await runAdmin(folder, "adminListUsers", { query: { limit: 1, cursor: first.next_cursor } }, {});
  assert.deepEqual([...first.items, ...second.items].map(({ email }) => email).toSorted(), [
    "Ann@example.org",
    "bob@example.org",
  ]);
  const found = await runAdmin(folder, "adminListUsers", { query: { search: "BOB@" } }, {});
  assert.deepEqual([found.items.map(({ email }) => email), found.next_cursor], [["bob@example.org"], null]);
  for (const search of ["", "b".repeat(201)]) {
    const refused = { code: "bad_request", field: "search" };
    await assert.rejects(runAdmin(folder, "adminListUsers", { query: { search } }, {}), refused);
  }
  await assert.rejects(
    runAdmin(folder, "adminUpdateUser", { params: { id: "ann@example.org" }, body: { disabled: true } }, {}),
    { code: "conflict" },
  );
  await assert.rejects(runAdmin(folder, "adminUpdateUser", { params: { id: "nobody@example.org" }, body: {} }, {}), {
    code: "not_found",
  });
  assert.equal(findRunningPostgres(folder), undefined, "what it started it has stopped");
});

test("a link begins with the public address, else the last server's address, else the configured one", async (t) => {
  const beginOfLink = async (env: Readonly<Record<string, string>>) => {
    const { url } = await runAdmin(folder, "adminInvite", { body: {} }, { HOLDFAST_LISTEN: "127.0.0.1:9999", ...env });
    return url.split("#")[0];
  };
  assert.equal(await beginOfLink({}), "http://127.0.0.1:9999/setup");
  noteAddress(folder, "http://127.0.0.1:8521");
  t.after(() => rmSync(join(folder, "server.url")));
  assert.equal(await beginOfLink({}), "http://127.0.0.1:8521/setup");
  const publicUrl = { HOLDFAST_PUBLIC_URL: "https://drive.example" };
  assert.equal(await beginOfLink(publicUrl), "https://drive.example/setup");
});

longTest("groups can be managed beside a stopped server", async () => {
  await add("singer@example.org");
  const { id } = await runAdmin(folder, "createGroup", { body: { name: "Choir" } }, {});
  const at = { params: { id, user_id: "Singer@example.org" }, body: { role: "manager" } };
  const member = await runAdmin(folder, "setGroupMember", at, {});
  assert.deepEqual([member.email, member.role], ["singer@example.org", "manager"]);
  const { items } = await runAdmin(folder, "listGroups", {}, {});
  assert.deepEqual(
    items.map(({ name, members, role }) => [name, members, role]),
    [["Choir", 1, null]],
  );
  await runAdmin(folder, "removeGroupMember", { params: { id, user_id: member.user_id } }, {});
  assert.deepEqual((await runAdmin(folder, "listGroupMembers", { params: { id } }, {})).items, []);
  await runAdmin(folder, "deleteGroup", { params: { id } }, {});
  assert.deepEqual((await runAdmin(folder, "listGroups", {}, {})).items, []);
});

test("shards are listed with their state and approximate content beside a stopped server", async () => {
  const { items, next_cursor } = await runAdmin(folder, "adminListShards", {}, {});
  const { items: users } = await runAdmin(folder, "adminListUsers", {}, {});
  assert.equal(next_cursor, null);
  assert.deepEqual(
    items.map(({ name, database, state, buckets, accounts }) => ({ name, database, state, buckets, accounts })),
    [{ name: "main", database: "embedded", state: "ok", buckets: bucketCount, accounts: users.length }],
  );
  assert.ok((items[0]?.nodes ?? 0) >= users.length, "each account has a root");
});

test("a scrub completes and keeps its report, and the index is rebuilt, beside a stopped server", async () => {
  assert.equal((await runAdmin(folder, "adminGetScrub", {}, {})).state, "never");
  const done = await runAdmin(folder, "adminStartScrub", {}, {});
  assert.deepEqual([done.state, done.packs, done.damaged], ["done", 0, []]);
  assert.equal((await runAdmin(folder, "adminGetScrub", {}, {})).state, "done");
  const { state, result } = await runAdmin(folder, "adminRebuildIndex", {}, {});
  assert.deepEqual([state, result], ["done", { packs: 0, blocks: 0, holders: 0, unreadable_packs: [] }]);
});

test("users, shards, scrubs and the index are managed in a running server's database, and the server keeps running", async () => {
  const server = spawn(process.execPath, [new URL("base/db/testing-server.ts", import.meta.url).pathname, folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: server.stdout });
  await once(lines, "line");
  try {
    await add("carl@example.org");
    assert.equal((await runAdmin(folder, "adminStartScrub", {}, {})).state, "done");
    assert.equal((await runAdmin(folder, "adminGetScrub", {}, {})).state, "done");
    assert.equal((await runAdmin(folder, "adminRebuildIndex", {}, {})).state, "done");
    const { items: users } = await runAdmin(folder, "adminListUsers", {}, {});
    assert.ok(users.some(({ email }) => email === "carl@example.org"));
    const { items: shards } = await runAdmin(folder, "adminListShards", {}, {});
    assert.deepEqual(
      shards.map(({ name, state, accounts }) => ({ name, state, accounts })),
      [{ name: "main", state: "ok", accounts: users.length }],
    );
    assert.equal(await maySignIn("carl@example.org", testPassword), "yes");
    server.stdin.write("\n");
    assert.deepEqual(JSON.parse(String((await once(lines, "line"))[0])), { rows: 1 });
    const connection = findRunningPostgres(folder);
    assert.ok(connection !== undefined);
    const databases = openDatabases({ defaultConnection: connection, log: silentLog });
    await databases.shards.all()[0]?.db.schema.alterTable("shard.migration").renameTo("migration_gone").execute();
    await assert.rejects(add("dora@example.org"), { code: "failed", message: /a different version/ });
    await databases.close();
  } finally {
    server.stdin.end();
    await once(server, "close");
  }
});

test("an external database is used unchanged", async () => {
  const { connection, stop } = await startTestDatabase();
  const nowhere = mkdtempSync(join(tmpdir(), "holdfast-admin-"));
  try {
    const { host = "", port, user, password, database } = connection;
    const query = new URLSearchParams({ host, port: String(port) });
    const url = `postgres://${user}:${encodeURIComponent(String(password))}@/${database}?${query.toString()}`;
    const list = () => runAdmin(nowhere, "adminListUsers", {}, { HOLDFAST_DATABASE_URL: url });
    await assert.rejects(list(), { code: "failed" });
    await migrate(connection, shardMigrations, silentLog);
    await migrate(connection, cellMigrations, silentLog);
    assert.deepEqual(await list(), { items: [], next_cursor: null });
  } finally {
    await stop();
    rmSync(nowhere, { recursive: true, force: true });
  }
});
