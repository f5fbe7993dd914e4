import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
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
import { clusterFolderOf, versionOf } from "../../base/db/embedded/cluster.ts";
import { oldClusterOf, upgradeFolderOf } from "../../base/db/embedded/swap-clusters.ts";
import { changeVersion } from "./testing-upgrade.ts";

let folder: string;
let data: string;
let place: string;
let server: RunningServer;
const files = new Map<string, Buffer>();
const env = { HOLDFAST_SNAPSHOT_INTERVAL: "1s", HOLDFAST_JOURNAL_INTERVAL: "1s", HOLDFAST_DRILL_PERIOD: "off" };

before(async () => {
  folder = makeFolder("upgrade");
  [data, place] = [join(folder, "data"), join(folder, "backups")];
  server = await startServer({ dataFolder: data, env });
  const api = await Api.signIn(server.url);
  for (const [name, size] of [
    ["empty", 0],
    ["täglich & 日本", 10],
    ["large", 5_000_000],
  ] as const)
    files.set(`/${name}`, randomBytes(size));
  for (const [path, bytes] of files) assert.equal((await api.put(encodeURI(path), bytes)).status, 201);
  const backup = await holdfast(["admin", "backup", place, "--schedule", "1d", "--data", data]);
  assert.equal(backup.code, 0, backup.stderr);
  await server.stop();
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const upgrade = (...args: string[]) => holdfast(["admin", "upgrade-database", "--json", "--data", data, ...args]);
const clusterVersion = () => versionOf(clusterFolderOf(data));

async function readsAllBack(from: RunningServer): Promise<void> {
  const api = await Api.signIn(from.url);
  for (const [path, bytes] of files) assert.deepEqual((await api.download(encodeURI(path))).body, bytes, path);
}

test("a server with the database of an earlier PostgreSQL gives advice and changes nothing", async () => {
  await changeVersion(data);
  rmSync(oldClusterOf(data, "18"), { recursive: true });
  assert.equal(clusterVersion(), "17");
  // Each start may keep its compiled code.
  const entries = () =>
    readdirSync(data)
      .filter((name) => name !== "compiled")
      .toSorted();
  const names = entries();
  await assert.rejects(
    startServer({ dataFolder: data, env }),
    /created by PostgreSQL 17, but this Holdfast includes PostgreSQL 18\. Nothing was changed\. Run: holdfast admin upgrade-database --data/,
  );
  assert.deepEqual(entries(), names);
});

test("the upgrade copies everything, and the server continues", async () => {
  const { code, stdout, stderr } = await upgrade();
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.deepEqual([report.from, report.to, report.old], ["17", "18", oldClusterOf(data, "17")]);
  assert.ok(report.tables > 30 && report.rows > 60, stdout);
  assert.equal(clusterVersion(), "18");
  assert.equal(versionOf(oldClusterOf(data, "17")), "17");
  assert.ok(!existsSync(upgradeFolderOf(data)));
  server = await startServer({ dataFolder: data, env });
  await readsAllBack(server);
  const doctor = await holdfast(["admin", "doctor", "--json", "--data", data]);
  assert.match(doctor.stdout, /postgres\.old-17 in the data folder is the database from before an upgrade/);
  const scrub = await holdfast(["admin", "scrub", "--now", "--data", data]);
  assert.equal(scrub.code, 0, scrub.stderr + scrub.stdout);
});

test("the next scheduled backup is a full one of the new database and can be restored", async () => {
  const last = await eventually("a backup is made", 60_000, async () => {
    return (await queryDatabase(data, "select value from cell.facts where name = 'last_backup'"))[0]?.value;
  });
  assert.ok(last.run !== undefined);
  await server.stop();
  const restored = join(folder, "restored");
  const done = await holdfast(["admin", "restore-backup", place, "--data", restored]);
  assert.equal(done.code, 0, done.stderr);
  const again = await startServer({ dataFolder: restored, env });
  await readsAllBack(again);
  await again.stop();
});
