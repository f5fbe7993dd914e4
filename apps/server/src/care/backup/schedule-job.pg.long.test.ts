import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  Api,
  eventually,
  holdfast,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "../../acceptance/testing.ts";
import { silentLog } from "../../base/db/testing.ts";
import { SessionLock } from "../../base/db/session-lock.ts";
import { findRunningPostgres } from "../../base/db/embedded-postgres.ts";
import { backupLock } from "./run-backup.ts";

let folder: string;
let data: string;
let place: string;
let server: RunningServer;
before(async () => {
  folder = makeFolder("schedule");
  [data, place] = [join(folder, "data"), join(folder, "backups")];
  server = await startServer({ dataFolder: data, env: { HOLDFAST_LOG_LEVEL: "debug" } });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const backup = (...args: string[]) => holdfast(["admin", "backup", place, "--json", "--data", data, ...args]);
const lastBackup = async () =>
  (await queryDatabase(data, "select value from cell.facts where name = 'last_backup'"))[0]?.value;
const schedule = async () =>
  (await queryDatabase(data, "select value from cell.facts where name = 'backup_schedule'"))[0]?.value;

test("a server makes its scheduled backups, keeps the set number, and stops on request", async () => {
  const api = await Api.signIn(server.url);
  await api.put("/first.txt", "first");
  const result = await backup("--schedule", "1m", "--keep", "2");
  assert.equal(result.code, 0, result.stderr);
  assert.deepEqual(await schedule(), { place, every_ms: 60_000, keep: 2 });
  await api.put("/second.txt", "second");
  const ids = new Set([(await lastBackup()).id]);
  // The command allows no interval below a minute.
  await queryDatabase(
    data,
    `update cell.facts set value = '${JSON.stringify({ place, every_ms: 1000, keep: 2 })}'
    where name = 'backup_schedule'`,
  );
  await eventually("two more are made", 300_000, async () => {
    ids.add((await lastBackup()).id);
    return ids.size >= 3 ? true : undefined;
  });
  assert.equal((await backup("--schedule", "off")).code, 0);
  assert.equal(await schedule(), null);
  const kept = await eventually("the last one has ended", 60_000, () => {
    const manifests = readdirSync(join(place, "objects", "backups"));
    return manifests.length <= 2 ? manifests : undefined;
  });
  assert.equal(kept.length, 2);
  const restored = join(folder, "restored");
  const done = await holdfast(["admin", "restore-backup", place, "--data", restored]);
  assert.equal(done.code, 0, done.stderr);
  const again = await startServer({ dataFolder: restored });
  const there = await Api.signIn(again.url);
  assert.equal((await there.download("/second.txt")).body.toString(), "second");
  const facts = await queryDatabase(restored, "select name from cell.facts where name = 'backup_schedule'");
  await again.stop();
  assert.deepEqual(facts, [], "the restored server would write into the backups of the other");
  rmSync(restored, { recursive: true });
});

test("a backup that is due during another one follows it, and does not count as failed", async () => {
  const lock = new SessionLock(findRunningPostgres(data) ?? assert.fail("no database runs"), backupLock, silentLog);
  assert.ok(await lock.take());
  try {
    const id = (await lastBackup())?.id;
    const asked = { place, every_ms: 1000, keep: 2 };
    await queryDatabase(
      data,
      `insert into cell.facts (name, value) values ('backup_schedule', '${JSON.stringify(asked)}')
      on conflict (name) do update set value = excluded.value`,
    );
    const log = () => readFileSync(server.logFile, "utf8");
    await eventually("it waits", 60_000, () => (log().includes("waits for another one to end") ? true : undefined));
    await lock.release();
    await eventually("it is made", 120_000, async () => ((await lastBackup())?.id === id ? undefined : true));
    assert.doesNotMatch(log(), /could not be made/);
  } finally {
    await lock.release();
    assert.equal((await backup("--schedule", "off")).code, 0);
  }
});

test("invalid schedules are rejected and change nothing", async () => {
  for (const args of [
    ["--schedule", "5"],
    ["--schedule", "30s"],
    ["--schedule", "1d", "--with-key"],
  ]) {
    const { code, stderr } = await backup(...args);
    assert.equal(code, 2, stderr);
  }
  assert.equal(await schedule(), null);
});
