import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { openPool } from "../base/db/database.ts";
import { silentLog } from "../base/db/testing.ts";
import { assertContains } from "./fixtures/assert-contains.ts";
import { type FixtureFacts, newestFixture } from "./fixtures/fixture.ts";
import { readDrive } from "./fixtures/read-drive.ts";
import { loadRows } from "./fixtures/rows.ts";
import { queryUrl, startSharedDatabase } from "./shared-database.ts";
import {
  Api,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  type ServerOptions,
  spawnServer,
  startServer,
} from "./testing.ts";

/** Data of the last release, which this version opens first. The next version is this one with more migrations. */
const fixture = newestFixture();

type Account = FixtureFacts["accounts"][number];

const folder = makeFolder("rolling-upgrade");
let postgres: EmbeddedPostgres;
let url: string;
let old: RunningServer;
let settings: Record<string, string>;
let next: Record<string, string>;

before(async () => {
  const shared = await startSharedDatabase(folder);
  postgres = shared.postgres;
  await queryUrl(shared.url, "create database released");
  await queryUrl(shared.url, "create database empty");
  url = shared.url.replace(/[^/]+$/, "released");
  const pool = openPool({
    connection: { connectionString: url },
    applicationName: "test",
    log: silentLog,
    connectionsMax: 1,
  });
  await loadRows({ connectionString: url }, pool, fixture);
  await pool.end();
  cpSync(`${fixture.files}/store`, `${folder}/store`, { recursive: true });
  const key = readFileSync(`${fixture.files}/key-encryption-key`).toString().trim();
  writeFileSync(`${folder}/key`, `${key}\n`, { mode: 0o600 });
  writeFileSync(`${folder}/url`, `${url}\n`, { mode: 0o600 });
  // As in Kubernetes and Compose: secrets are files.
  settings = {
    HOLDFAST_DATABASE_URL_FILE: `${folder}/url`,
    HOLDFAST_KEY_ENCRYPTION_KEY_FILE: `${folder}/key`,
    HOLDFAST_STORE: `${folder}/store`,
    HOLDFAST_RETENTION_TRASH: "36500d",
    HOLDFAST_RETENTION_VERSION_AGE: "36500d",
    HOLDFAST_RETENTION_SESSIONS: "36500d",
    HOLDFAST_RETENTION_BLOCKS: "36500d",
  };
  next = nextVersion("next", {
    "900-next": 'await db.schema.alterTable("nodes").addColumn("next_note", "text").execute();',
    "901-next": 'await db.schema.createTable("next_things").addColumn("id", "uuid").execute();',
  });
  old = await startServer(optionsOf("old", settings));
});

after(async () => {
  await old?.stop();
  await postgres?.stop();
  removeFolder(folder);
});

/**
 * Variables of commands that have more migrations.
 * @param migrations bodies of functions of `db`, by name
 */
function nextVersion(name: string, migrations: Readonly<Record<string, string>>): Record<string, string> {
  const list = new URL("../base/db/shard-migrations/index.ts", import.meta.url).href;
  const added = Object.entries(migrations).map(([each, body]) => `"${each}": { up: async (db) => { ${body} } },`);
  writeFileSync(
    `${folder}/${name}.mjs`,
    `import { shardMigrations } from ${JSON.stringify(list)};
     Object.assign(shardMigrations.migrations, { ${added.join("\n")} });`,
  );
  return { ...settings, NODE_OPTIONS: `--import=${folder}/${name}.mjs` };
}

function optionsOf(name: string, env: Record<string, string>): ServerOptions {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  // The empty variable keeps the template of the tests away.
  return { dataFolder: `${folder}/${name}/data`, env: { HOLDFAST_DATABASE_URL: "", ...env } };
}

function migrate(env: Record<string, string>, ...args: readonly string[]) {
  return holdfast(["admin", "migrate", ...args], { env: { HOLDFAST_DATA: `${folder}/none`, ...env } });
}

test("a database is migrated while servers of the version before work, restart and take over again", async (t) => {
  const [, account, reader] = fixture.facts.accounts as [unknown, Account, Account];
  const api = await Api.signIn(old.url, account);
  const statuses: number[] = [];
  const written = new AbortController();
  const write = async () => {
    for (let index = 0; !written.signal.aborted; index += 1) {
      statuses.push((await api.put(`/rolling-${index}.txt`, `file ${index}`)).status);
      await delay(10);
    }
  };
  const writing = write();
  t.after(() => written.abort());
  const dry = await migrate(next, "--dry-run", "--json");
  assert.deepEqual(JSON.parse(dry.stdout), {
    schemas: [{ schema: "shard", id: "main", migrations: ["900-next", "901-next"] }],
    dry_run: true,
  });
  const columns = "select from information_schema.columns where column_name = 'next_note'";
  assert.equal((await queryUrl(url, columns)).length, 0);
  const migrated = await migrate(next);
  assert.deepEqual([migrated.code, migrated.stdout], [0, "migrated shard main: 2 migrations, the last 901-next\n"]);
  assert.equal((await queryUrl(url, columns)).length, 1);
  const later = await spawnServer(optionsOf("next", next));
  try {
    const theirs = await Api.signIn(later.url, account);
    const read = { [reader.email]: await readDrive(await Api.signIn(later.url, reader)) };
    assertContains(read, { [reader.email]: (fixture.drive as Record<string, unknown>)[reader.email] });
    written.abort();
    await writing;
    assert.ok(statuses.length > 5);
    assert.deepEqual(
      statuses.filter((status) => status !== 201),
      [],
    );
    const last = `/rolling-${statuses.length - 1}.txt`;
    assert.equal((await theirs.download(last)).body.toString(), `file ${statuses.length - 1}`);
    assert.equal((await theirs.put("/by-next.txt", "new")).status, 201);
    assert.equal((await api.download("/by-next.txt")).body.toString(), "new");
    // Kubernetes may restart a pod of the old version at any time, and a rollback starts all of them again.
    assert.equal(await old.stop(), 0);
    old = await startServer(optionsOf("old", settings));
    assert.equal((await (await Api.signIn(old.url, account)).download("/by-next.txt")).body.toString(), "new");
  } finally {
    await later.stop();
  }
});

test("after a breaking migration, earlier versions do not start", async () => {
  const breaking = nextVersion("breaking", {
    "900-next": "",
    "901-next": "",
    "902-next-breaking": 'await db.schema.alterTable("nodes").dropColumn("next_note").execute();',
  });
  assert.equal((await migrate(breaking)).code, 0);
  const env = { ...settings, HOLDFAST_DATA: `${folder}/third/data` };
  const { code, stderr } = await holdfast(["serve", "--listen", "127.0.0.1:0"], { env });
  assert.equal(code, 1);
  assert.match(stderr, /newer Holdfast.*902-next-breaking.*Nothing was changed/s);
});

test("an empty database beside a store with data is not migrated", async () => {
  const { code, stderr } = await migrate({
    ...settings,
    HOLDFAST_DATABASE_URL_FILE: "",
    HOLDFAST_DATABASE_URL: url.replace(/[^/]+$/, "empty"),
  });
  assert.equal(code, 1);
  assert.match(stderr, /external database is empty, but there is/);
  assert.equal(
    (await queryUrl(url.replace(/[^/]+$/, "empty"), "select from pg_namespace where nspname = 'shard'")).length,
    0,
  );
});
