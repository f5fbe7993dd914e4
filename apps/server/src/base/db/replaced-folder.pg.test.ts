import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "@holdfast/tools/bounded";
import { longTest } from "@holdfast/tools/tiers";
import pg from "pg";
import { childrenOf } from "../operation/testing-processes.ts";
import { clusterFolderOf } from "./embedded/cluster.ts";
import { stopLeftover } from "./embedded/leftover.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { copyTemplate, makeTestFolder, silentLog } from "./testing.ts";

interface Swapped {
  readonly running: EmbeddedPostgres;
  readonly pids: readonly number[];
  readonly moved: string;
  readonly place: string;
  readonly told: readonly string[];
}

const start = (dataFolder: string, log = silentLog) => startEmbeddedPostgres({ dataFolder, log, random: randomBytes });

async function query({ connection }: EmbeddedPostgres, statement: string): Promise<pg.QueryResult["rows"]> {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

const rowsOf = async (postgres: EmbeddedPostgres) =>
  (await query(postgres, "select count(*)::int4 as n from line"))[0].n;

async function swap(t: TestContext, kind: "an older copy" | "an empty folder"): Promise<Swapped> {
  const parent = makeTestFolder();
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const [place, moved, older] = [join(parent, "data"), join(parent, "moved"), join(parent, "older")];
  mkdirSync(place);
  await copyTemplate(place);
  const first = await start(place);
  await query(first, "create table line (id int8)");
  await query(first, "insert into line values (1)");
  await first.stop();
  // `-a` keeps the owners, without which PostgreSQL could not write there.
  if (kind === "an older copy") execFileSync("cp", ["-a", place, older]);
  else mkdirSync(older);
  const told: string[] = [];
  const error = (_fields: object, message: string) => void told.push(message);
  const running = await start(place, { ...silentLog, error });
  t.after(() => running.stop());
  await query(running, "insert into line values (2)");
  const pid = running.pid() ?? assert.fail();
  const pids = [pid, ...childrenOf(pid)];
  assert.ok(pids.length > 3, "it has processes of its own");
  renameSync(place, moved);
  renameSync(older, place);
  return { running, pids, moved, place, told };
}

function contentOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [path, readFileSync(path).toString("base64")]));
}

const runs = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

for (const kind of ["an older copy", "an empty folder"] as const) {
  for (const how of ["while it runs", "before it stops"] as const) {
    // The gate has each kind, and each moment.
    const isInGate = (kind === "an older copy") === (how === "while it runs");
    (isInGate ? test : longTest)(
      `${kind} in place of the data folder ${how} stays unchanged, and no process is left`,
      async (t) => {
        const { running, pids, moved, place, told } = await swap(t, kind);
        const before = contentOf(place);
        if (how === "while it runs") await assert.rejects(running.folders.replaced, /is no longer the folder/);
        await running.stop();
        assert.equal(running.folders.look(), false);
        assert.deepEqual(contentOf(place), before);
        await until("its processes are gone", () => !pids.some(runs));
        assert.equal(told.length, 1, told.join("\n"));
        assert.match(
          told[0] ?? "",
          /data is no longer the folder .* Put the right folder or disk at .*data, then start/,
        );
        const again = await start(moved);
        assert.equal(await rowsOf(again), 2);
        await again.stop();
        if (kind === "an empty folder") return;
        const other = await start(place);
        assert.equal(await rowsOf(other), 1);
        await other.stop();
      },
    );
  }
}

test("a database that dies after its folder was replaced is not started in the new folder", async (t) => {
  const { running, pids, place } = await swap(t, "an older copy");
  const before = contentOf(place);
  process.kill(pids[0] ?? assert.fail(), "SIGKILL");
  await assert.rejects(running.folders.replaced);
  await running.stop();
  assert.deepEqual(contentOf(place), before);
});

test("a leftover database of a moved folder is ended without a checkpoint at its old path", async (t) => {
  const { moved, place } = await swap(t, "an older copy");
  const before = contentOf(place);
  await stopLeftover(clusterFolderOf(moved), silentLog);
  assert.deepEqual(contentOf(place), before);
  const again = await start(moved);
  assert.equal(await rowsOf(again), 2);
  await again.stop();
});
