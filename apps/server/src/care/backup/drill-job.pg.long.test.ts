import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import {
  Api,
  eventually,
  holdfast,
  jobResult,
  makeFolder,
  queryDatabase,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "../../acceptance/testing.ts";
import { filesBelow } from "../../acceptance/files-below.ts";
import type { LastDrill } from "../../packs/facts/last-drill.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { processesIn } from "../../base/db/embedded/leftover.ts";
import { refuseWithoutRoom } from "./drill-job.ts";

let folder: string;
let data: string;
let place: string;
let server: ServerProcess;
const often = { HOLDFAST_DRILL_PERIOD: "1s", HOLDFAST_SNAPSHOT_INTERVAL: "off" };
before(async () => {
  folder = makeFolder("drills");
  [data, place] = [join(folder, "data"), join(folder, "backups")];
  server = await spawnServer({ dataFolder: data, env: often });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

const scratch = () => join(data, "drill");
const lastDrill = async (): Promise<LastDrill | undefined> =>
  (await queryDatabase(data, "select value from cell.facts where name = 'last_drill'"))[0]?.value;
const drillWhich = (what: string, isIt: (drill: LastDrill) => boolean) =>
  eventually(what, 60_000, async () => {
    const last = await lastDrill();
    return last !== undefined && isIt(last) ? last : undefined;
  });

async function doctorSays(): Promise<{ state: string; detail: string } | undefined> {
  const { stdout } = await holdfast(["admin", "doctor", "--json", "--data", data]);
  return JSON.parse(stdout).items.find(({ check }: { check: string }) => check === "drill");
}

async function figure(name: string): Promise<number | undefined> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const [, value] = new RegExp(`^${name} (\\S+)$`, "m").exec(text) ?? [];
  return value === undefined ? undefined : Number(value);
}

test("a server with scheduled backups restores the newest automatically, and reports the result", async () => {
  const api = await Api.signIn(server.url);
  for (let number = 0; number < 3; number++) await api.put(`/${number}.bin`, Buffer.alloc(300_000, `no. ${number} `));
  await jobResult(api, "/admin/gc", {});
  const once = await holdfast(["admin", "backup", place, "--data", data]);
  assert.equal(once.code, 0, once.stderr);
  assert.equal(await doctorSays(), undefined, "a backup that nobody scheduled is nobody's to try");
  const result = await holdfast(["admin", "backup", place, "--schedule", "1d", "--data", data]);
  assert.equal(result.code, 0, result.stderr);
  const last = await drillWhich("a drill is tried", () => true);
  assert.deepEqual([last.problems, last.problem_count], [[], 0]);
  assert.ok((last.recovery_seconds ?? 0) > 0 && (last.recovery_point_seconds ?? -1) >= 0 && last.packs > 0);
  assert.equal((await doctorSays())?.state, "ok");
});

test("the next start removes a killed server's unfinished drill, including its database", async () => {
  const postmaster = join(clusterFolderOf(join(scratch(), "data")), "postmaster.pid");
  await eventually("another drill is under way", 60_000, () => existsSync(postmaster) || undefined);
  await server.kill();
  assert.ok(existsSync(scratch()));
  server = await spawnServer({ dataFolder: data, env: { ...often, HOLDFAST_DRILL_PERIOD: "off" } });
  await eventually("it is gone", 60_000, () => !existsSync(scratch()) || undefined);
  assert.deepEqual(processesIn(scratch()), []);
  const noted = await lastDrill();
  assert.ok(((await figure("drill_age_seconds")) ?? 0) > 0);
  assert.equal(await figure("drill_problems"), 0);
  assert.deepEqual(await lastDrill(), noted);
});

test("a drill that cannot run is reported, and one that finds damage fails the doctor's check", async () => {
  await server.stop();
  server = await spawnServer({ dataFolder: data, env: { ...often, HOLDFAST_DRILL_SCRATCH: join(folder, "absent") } });
  const failed = await drillWhich("one fails", ({ problem_count }) => problem_count > 0);
  assert.ok(failed.done_at !== null && failed.done_at < failed.tried_at, "it is not taken for one that was done");
  const warned = await doctorSays();
  assert.equal(warned?.state, "warn");
  assert.match(warned?.detail ?? "", /absent/);
  await server.stop();

  for (const path of filesBelow(join(place, "objects", "packs"))) {
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
  server = await spawnServer({ dataFolder: data, env: often });
  const found = await drillWhich("one is done", ({ done_at, tried_at }) => (done_at ?? "") > tried_at);
  assert.ok(
    found.problems.some((problem) => /pack .* is damaged in the backup/.test(problem)),
    found.problems.join(),
  );
  const { state, detail } = (await doctorSays()) ?? {};
  assert.deepEqual([state, /damaged in the backup/.test(detail ?? "")], ["fail", true]);
});

test("a restored server runs no drills, and has forgotten earlier drills and jobs", async () => {
  await server.stop();
  const restored = join(folder, "restored");
  const done = await holdfast(["admin", "restore-backup", place, "--accept-damage", "--data", restored]);
  assert.ok(existsSync(restored), done.stderr);
  const again = await spawnServer({ dataFolder: restored, env: often });
  const facts = await queryDatabase(
    restored,
    "select name from cell.facts where name in ('last_drill', 'backup_schedule', 'job gc')",
  );
  await again.stop();
  assert.deepEqual(facts, []);
});

test("a drill without enough free space is rejected with advice", () => {
  const gib = 1024 ** 3;
  refuseWithoutRoom("/data/drill", gib, 2 * gib);
  assert.throws(
    () => refuseWithoutRoom("/data/drill", gib + 1, 2 * gib),
    (error) =>
      error instanceof HoldfastError && error.code === "store_full" && /HOLDFAST_DRILL_SCRATCH/.test(error.message),
  );
});
