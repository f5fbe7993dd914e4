import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  administrator,
  Api,
  eventually,
  makeFolder,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { queryUrl, type SharedDatabase, startSharedDatabase } from "@holdfast/server/acceptance/shared-database";
import { reservePort } from "@holdfast/tools/reserved-port";
import { runCommand } from "../commands/testing-run.ts";
import { Device } from "./device.ts";
import { differences, diskTree, ServerTree } from "./tree.ts";

/** Two processes of the server over two databases of one PostgreSQL, and a device at each process. */
const names = ["one", "two"] as const;
type Name = (typeof names)[number];

let folder: string;
let database: SharedDatabase;
let api: Api;
let east: string;
const ports = new Map<Name, number>();
const processes = new Map<Name, ServerProcess>();
const devices: Device[] = [];
const env: Record<string, string> = { HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };

before(async () => {
  folder = makeFolder("shard-move");
  database = await startSharedDatabase(folder, { wal_level: "logical" });
  await queryUrl(database.url, "create database east");
  east = database.url.replace(/[^/]*$/, "east");
  env["HOLDFAST_CONFIG"] = `${folder}/holdfast.json`;
  writeTopology({});
  for (const name of names) ports.set(name, await reservePort());
  for (const name of names) await start(name);
  api = await Api.signIn(processes.get("two")!.url);
  mkdirSync(`${folder}/devices`);
  for (const [name, at] of [
    ["anna", "one"],
    ["bert", "two"],
  ] as const)
    devices.push(await Device.signIn({ name, home: `${folder}/devices`, port: ports.get(at)! }));
  for (const device of devices) device.start();
});
after(async () => {
  for (const device of devices) await device.close();
  for (const each of processes.values()) await each.stop();
  await database?.postgres.stop();
  removeFolder(folder);
});

function writeTopology(more: object): void {
  const all = [[0, 4095]];
  const added = Object.entries(more).map(([id, url]) => ({ id, buckets: [], database_url: url }));
  const topology = {
    shards: [{ id: "west", buckets: all, database_url: database.url }, ...added],
    cells: [{ id: "main", buckets: all, database_url: database.url, store: `${folder}/store` }],
  };
  writeFileSync(`${folder}/holdfast.json`, JSON.stringify({ topology }), { mode: 0o600 });
}

async function start(name: Name): Promise<void> {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  const own = {
    dataFolder: `${folder}/${name}/data`,
    port: ports.get(name)!,
    args: ["--database-url", database.url],
    env,
  };
  processes.set(name, await spawnServer(own));
}

async function rest(): Promise<void> {
  const tree = new ServerTree(api);
  let reason = "";
  const same = async () => {
    const server = await tree.read();
    reason = devices
      .flatMap((device) => {
        const disk = diskTree(device.folder);
        return disk === undefined ? [`${device.name} moves`] : differences(device.name, disk, "the server", server);
      })
      .join("\n");
    return reason === "" || undefined;
  };
  await eventually("all are equal", 120_000, same).catch((error: unknown) => {
    throw new Error(`${reason}\n${devices.map((device) => device.lastWords()).join("\n---\n")}`, { cause: error });
  });
}

/** Puts files until stopped. @returns acknowledged paths, and the longest time without an acknowledgement */
function putUntil(over: AbortSignal): Promise<{ readonly paths: string[]; readonly longestMs: number }> {
  const paths: string[] = [];
  let [lastMs, longestMs] = [performance.now(), 0];
  const put = async () => {
    for (let index = 0; !over.aborted; index += 1) {
      const path = `put ${index}.txt`;
      const { status, body } = await api.put(`/${path}`, path);
      if (status === 201) {
        paths.push(path);
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
      } else assert.equal(status, 503, JSON.stringify(body));
      await delay(20);
    }
    return { paths, longestMs };
  };
  return put();
}

test("an administrator moves accounts to a new shard while devices and programs work, and a process is killed", async () => {
  const [anna, bert] = devices as [Device, Device];
  const admin = { HOLDFAST_CONFIG_DIR: `${folder}/admin` };
  const command = (...args: string[]) => runCommand(admin, args);
  const login = ["login", processes.get("two")!.url, "--email", administrator.email, "--password-stdin"];
  assert.equal((await runCommand(admin, login, { input: `${administrator.password}\n` })).code, 0);
  const unknown = await command("admin", "shards", "add", "east");
  assert.equal(unknown.code, 4, unknown.stderr);
  assert.match(unknown.stderr, /There is no shard east\. Add it to HOLDFAST_TOPOLOGY/);
  writeTopology({ east });
  const added = await command("admin", "shards", "add", "east");
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /^east \(127\.0\.0\.1:\d+\/east\) is ready\. Move accounts/);
  const planned = await command("admin", "shards", "move", "1-4095", "--to", "east", "--dry-run");
  assert.match(
    planned.stdout,
    /^would move 1 account \(about .*\) in buckets 1-4095 from west to east\n/,
    planned.stderr,
  );
  assert.equal((await command("admin", "shards", "move", "0-4095", "--to", "east")).code, 2);

  const over = new AbortController();
  const putting = putUntil(over.signal);
  mkdirSync(join(anna.folder, "sources"));
  for (let index = 0; index < 300; index += 1)
    writeFileSync(join(anna.folder, "sources", `${index}.ts`), `export const n = ${index};\n`.repeat(index));
  const moving = command("admin", "shards", "move", "1-4095", "--to", "east");
  await delay(4000);
  await processes.get("one")!.kill();
  writeFileSync(join(anna.folder, "while it was dead.txt"), "written while the process was dead");
  await delay(2000);
  await start("one");
  for (let index = 0; index < 200; index += 1) {
    writeFileSync(join(bert.folder, `note ${index}.txt`), `note ${index}`);
    await delay(300);
  }
  const moved = await moving;
  assert.equal(moved.code, 0, moved.stderr);
  assert.match(moved.stdout, /^moved buckets 1-4095 to east\n$/);
  over.abort();
  const { paths, longestMs } = await putting;
  await rest();
  for (const path of paths) assert.equal(readFileSync(join(anna.folder, path), "utf8"), path);
  assert.equal(readFileSync(join(bert.folder, "while it was dead.txt"), "utf8"), "written while the process was dead");
  console.log(`${paths.length} puts, the longest time between two was ${Math.round(longestMs)} ms\n${moved.stderr}`);
  assert.ok(longestMs < 5000, `${longestMs} ms without a put`);

  const counts = "select (select count(*) from shard.users) as users, (select count(*) from shard.nodes) as nodes";
  assert.deepEqual(await queryUrl(database.url, counts), [{ users: "0", nodes: "0" }]);
  const { stdout } = await command("admin", "shards");
  assert.match(stdout, /^west +ok +.*buckets 0 +0 accounts .*\neast +ok +.*buckets 1-4095 +1 account /);
});
