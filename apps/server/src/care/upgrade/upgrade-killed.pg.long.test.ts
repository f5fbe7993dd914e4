import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { HoldfastError } from "@holdfast/core/errors";
import {
  administrator,
  Api,
  holdfast,
  makeFolder,
  queryDatabase,
  removeFolder,
  startServer,
} from "../../acceptance/testing.ts";
import { clusterFolderOf, versionOf } from "../../base/db/embedded/cluster.ts";
import { processesIn } from "../../base/db/embedded/leftover.ts";
import { oldClusterOf, upgradeFolderOf } from "../../base/db/embedded/swap-clusters.ts";
import { changeVersion } from "./testing-upgrade.ts";

let folder: string;
/** Stopped data folder with a database of PostgreSQL 17. */
let seventeen: string;
let steps: readonly string[];
const content = Buffer.from("what has to be there afterwards");
before(async () => {
  folder = makeFolder("upgrade-killed");
  seventeen = join(folder, "seventeen");
  const server = await startServer({ dataFolder: seventeen });
  const api = await Api.signIn(server.url);
  assert.equal((await api.put("/notes.txt", content)).status, 201);
  await server.stop();
  steps = await changeVersion(seventeen);
  rmSync(oldClusterOf(seventeen, "18"), { recursive: true });
});
after(() => removeFolder(folder));

function copyOf(name: string): string {
  const data = join(folder, name);
  cpSync(seventeen, data, { recursive: true, verbatimSymlinks: true });
  return data;
}

const upgrade = (data: string, ...args: string[]) =>
  holdfast(["admin", "upgrade-database", "--json", "--data", data, ...args]);
const namesIn = (data: string) => readdirSync(data).toSorted();

async function killAfter(data: string, step: string): Promise<void> {
  const program = fileURLToPath(new URL("testing-upgrade.ts", import.meta.url));
  const child = spawn(process.execPath, [program, data, step], { stdio: "inherit" });
  const [, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `${step} was never reached`);
}

async function startsWithAll(data: string): Promise<void> {
  const server = await startServer({ dataFolder: data });
  const api = await Api.signIn(server.url);
  const { body } = await api.download("/notes.txt");
  await server.stop();
  assert.deepEqual(body, content);
}

test("an upgrade killed after any step leaves one complete database and can be repeated", async (t) => {
  assert.ok(steps.length >= 10, steps.join());
  // Until the comparison, the old database is only read. So the first and last of those steps suffice.
  const [first = "", ...others] = steps;
  for (const step of [first, ...others.slice(others.indexOf("copied"))]) {
    await t.test(`after "${step}"`, async () => {
      const data = copyOf("killed");
      await killAfter(data, step);
      const isNew = ["old aside", "swapped"].includes(step);
      const whole = isNew ? [oldClusterOf(data, "17"), "17"] : [clusterFolderOf(data), "17"];
      assert.equal(versionOf(whole[0] ?? ""), whole[1], "the old database is whole");
      const again = await upgrade(data);
      assert.equal(again.code, 0, again.stderr);
      assert.equal(JSON.parse(again.stdout).from, isNew ? "18" : "17", "what was done is not done again");
      assert.deepEqual(
        [versionOf(clusterFolderOf(data)), versionOf(oldClusterOf(data, "17")), existsSync(upgradeFolderOf(data))],
        ["18", "17", false],
      );
      assert.deepEqual([processesIn(clusterFolderOf(data)), processesIn(oldClusterOf(data, "17"))], [[], []]);
      const users = await holdfast(["admin", "users", "ls", "--json", "--data", data]);
      assert.ok(users.stdout.includes(administrator.email), users.stderr);
      removeFolder(data);
    });
  }
});

test("a server started between the two renames completes the upgrade without loss", async () => {
  const data = copyOf("between");
  await killAfter(data, "old aside");
  assert.ok(!existsSync(clusterFolderOf(data)));
  await startsWithAll(data);
  assert.equal(versionOf(clusterFolderOf(data)), "18");
});

test("the old database can be put back and opened by the old PostgreSQL", async () => {
  const data = copyOf("back");
  assert.equal((await upgrade(data)).code, 0);
  rmSync(clusterFolderOf(data), { recursive: true });
  renameSync(oldClusterOf(data, "17"), clusterFolderOf(data));
  assert.deepEqual(await changeVersion(data), steps);
  await startsWithAll(data);
});

test("writes to the old database during the copy are rejected instead of lost", async () => {
  const data = copyOf("written");
  const tried: Promise<unknown>[] = [];
  const at = (step: string) => {
    if (step === "old runs")
      tried.push(assert.rejects(queryDatabase(data, "delete from shard.nodes"), /read-only transaction/));
  };
  await changeVersion(data, { at });
  assert.equal(tried.length, 1);
  await Promise.all(tried);
  await startsWithAll(data);
});

test("the old database is removed on request, and another upgrade does not overwrite it", async () => {
  const data = copyOf("old");
  const early = await upgrade(data, "--remove-old");
  assert.equal(early.code, 2, early.stderr);
  mkdirSync(oldClusterOf(data, "17"));
  writeFileSync(join(oldClusterOf(data, "17"), "PG_VERSION"), "17\n");
  const refused = await upgrade(data);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /postgres\.old-17.*--remove-old/);
  rmSync(oldClusterOf(data, "17"), { recursive: true });
  assert.equal((await upgrade(data)).code, 0);
  const removed = await upgrade(data, "--remove-old");
  assert.deepEqual(JSON.parse(removed.stdout).removed, ["postgres.old-17"]);
  assert.ok(!existsSync(oldClusterOf(data, "17")));
  assert.deepEqual(JSON.parse((await upgrade(data, "--remove-old")).stdout).removed, []);
});

test("removing the old database behind a symbolic link leaves nothing on the other disk", async () => {
  const data = copyOf("linked");
  const elsewhere = join(folder, "elsewhere");
  renameSync(clusterFolderOf(data), elsewhere);
  symlinkSync(elsewhere, clusterFolderOf(data));
  const done = await upgrade(data);
  assert.equal(done.code, 0, done.stderr);
  assert.equal(versionOf(elsewhere), "17");
  assert.deepEqual(JSON.parse((await upgrade(data, "--remove-old")).stdout).removed, ["postgres.old-17"]);
  assert.deepEqual([existsSync(elsewhere), namesIn(data).includes("postgres.old-17")], [false, false]);
  assert.equal(versionOf(clusterFolderOf(data)), "18");
});

test("an upgrade is rejected without space, while a server runs, or for a later PostgreSQL", async () => {
  const data = copyOf("refused");
  const names = namesIn(data);
  await assert.rejects(
    changeVersion(data, { freeBytes: 1_000_000_000 }),
    (error) => error instanceof HoldfastError && error.code === "store_full" && /954 MiB are free/.test(error.message),
  );
  assert.deepEqual(namesIn(data), names);
  const strange = await upgrade(data, "--from-binaries", folder);
  assert.notEqual(strange.code, 0);
  assert.match(strange.stderr, /no bin\/postgres/);

  const version = join(clusterFolderOf(data), "PG_VERSION");
  writeFileSync(version, "19\n");
  const later = await upgrade(data);
  assert.notEqual(later.code, 0);
  assert.match(
    later.stderr,
    /created by PostgreSQL 19, but this Holdfast includes PostgreSQL 18\. Nothing was changed\. Start the Holdfast version/,
  );
  assert.equal(readFileSync(version, "utf8"), "19\n");
  assert.deepEqual(namesIn(data), names);
  writeFileSync(version, "17\n");

  assert.equal((await upgrade(data)).code, 0);
  const server = await startServer({ dataFolder: data });
  const running = await upgrade(data);
  await server.stop();
  assert.notEqual(running.code, 0);
  assert.match(running.stderr, /in use|another/i);
});
