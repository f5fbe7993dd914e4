import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  Api,
  eventually,
  makeFolder,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { type SharedDatabase, startSharedDatabase } from "@holdfast/server/acceptance/shared-database";
import { findProgram } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { Device } from "./device.ts";
import { differences, diskTree, ServerTree } from "./tree.ts";

/**
 * Runs two processes per role behind the load balancer of deploy/haproxy with two devices, and kills each process in
 * turn.
 */
const haproxy = findProgram("haproxy");
const names = ["api1", "api2", "blocks1", "blocks2", "notify1", "notify2", "worker1", "worker2"] as const;
type Name = (typeof names)[number];

let folder: string;
let database: SharedDatabase;
let balancer: ChildProcess;
let api: Api;
const ports = new Map<Name, number>();
const processes = new Map<Name, ServerProcess>();
const devices: Device[] = [];
const env: Record<string, string> = { HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64") };

before(async () => {
  if (haproxy === undefined) return;
  // Each process adds an exit listener to this process.
  process.setMaxListeners(20);
  folder = makeFolder("split-roles");
  database = await startSharedDatabase(folder);
  for (const name of names) ports.set(name, await reservePort());
  const port = await reservePort();
  env["HOLDFAST_PUBLIC_URL"] = `http://127.0.0.1:${port}`;
  for (const name of names) await start(name);
  balancer = await startBalancer(port);
  api = await Api.signIn(`http://127.0.0.1:${port}`);
  for (const name of ["anna", "bert"]) {
    const home = `${folder}/devices`;
    mkdirSync(home, { recursive: true });
    devices.push(await Device.signIn({ name, home, port }));
  }
  for (const device of devices) device.start();
});
after(async () => {
  if (haproxy === undefined) return;
  for (const device of devices) await device.close();
  balancer?.kill("SIGKILL");
  for (const each of processes.values()) await each.stop();
  await database?.postgres.stop();
  removeFolder(folder);
});

async function start(name: Name): Promise<void> {
  mkdirSync(`${folder}/${name}`, { recursive: true });
  const args = [
    "--database-url",
    database.url,
    "--store",
    `${folder}/store`,
    "--roles",
    name.slice(0, -1),
    "--behind-proxy",
  ];
  const own = { dataFolder: `${folder}/${name}/data`, port: ports.get(name)!, args, env };
  processes.set(name, await spawnServer(own));
}

async function startBalancer(port: number): Promise<ChildProcess> {
  const checkPort = await reservePort();
  const shipped = readFileSync(
    fileURLToPath(new URL("../../../../deploy/haproxy/haproxy.cfg", import.meta.url)),
    "utf8",
  );
  const lines = shipped.split("\n").map((line) => {
    const name = /^\s+server (\w+) /.exec(line)?.[1] as Name | undefined;
    const address = name === undefined ? `127.0.0.1:${port}` : `127.0.0.1:${ports.get(name)}`;
    return line.replace(/10\.0\.0\.\d+:\d+|(?<=bind ):80/, address).replace("127.0.0.1:8404", `127.0.0.1:${checkPort}`);
  });
  writeFileSync(`${folder}/haproxy.cfg`, lines.join("\n"));
  const child = spawn(haproxy!, ["-f", `${folder}/haproxy.cfg`], { stdio: "ignore" });
  await eventually("the load balancer answers", 60_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    return answer?.status === 200 || undefined;
  });
  return child;
}

async function kill(name: Name): Promise<void> {
  await processes.get(name)!.kill();
}

async function rest(): Promise<void> {
  const tree = new ServerTree(api);
  let reason = "";
  const same = async () => {
    const server = await tree.read();
    const found = devices.flatMap((device) => {
      const disk = diskTree(device.folder);
      return disk === undefined ? [`${device.name} moves`] : differences(device.name, disk, "the server", server);
    });
    reason = found.join("\n");
    return found.length === 0 || undefined;
  };
  await eventually("all are equal", 120_000, same).catch((error: unknown) => {
    throw new Error(`${reason}\n${devices.map((device) => device.lastWords()).join("\n---\n")}`, { cause: error });
  });
}

const skip = haproxy === undefined ? "haproxy is not installed" : false;

for (const name of names)
  test(`killing ${name} while two devices work loses nothing, and both continue`, { skip }, async () => {
    const [anna, bert] = devices as [Device, Device];
    const own = join(anna.folder, name);
    mkdirSync(join(own, "sub"), { recursive: true });
    for (let index = 0; index < 200; index += 1)
      writeFileSync(join(own, `sub/${index}.ts`), `export const n = ${index};\n`);
    writeFileSync(join(own, "large.bin"), randomBytes(60_000_000));
    writeFileSync(join(bert.folder, `${name}.txt`), "from the other one");
    const acknowledged = putMany(name);
    await eventually("something of it has arrived", 60_000, async () => {
      const { status } = await api.call("GET", `/metadata?path=/${name}/sub`);
      return status === 200 || undefined;
    });
    await kill(name);
    writeFileSync(join(own, "after.txt"), "written while it was dead");
    rmSync(join(own, "sub/7.ts"));
    const paths = await acknowledged;
    await rest();
    await start(name);
    assert.equal(readFileSync(join(bert.folder, name, "after.txt"), "utf8"), "written while it was dead");
    for (const path of paths) assert.equal(readFileSync(join(bert.folder, path), "utf8"), path);
  });

/** @returns acknowledged paths; failures must be retryable */
async function putMany(name: string): Promise<string[]> {
  const paths: string[] = [];
  for (let index = 0; index < 100; index += 1) {
    const path = `${name} put ${index}.txt`;
    const answer = await api.put(`/${path}`, path).catch(() => undefined);
    if (answer?.status === 201) paths.push(path);
    else if (answer !== undefined) assert.ok([502, 503, 504].includes(answer.status), `${answer.status} ${path}`);
  }
  assert.ok(paths.length > 0);
  return paths;
}

test("a share is delivered by the other worker when one is killed", { skip }, async () => {
  const friend = { email: "friend@example.com", password: "the password of a friend" };
  const made = await (await Api.signIn(api.url)).call("POST", "/admin/users", { ...friend, name: "Friend" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const theirs = await Api.signIn(api.url, friend);
  const { body: given } = await api.call("POST", "/metadata", { path: "/given", kind: "folder" });
  const shared = await api.call("POST", `/files/${given.id}/share`, { email: friend.email, role: "viewer" });
  assert.equal(shared.status, 201, JSON.stringify(shared.body));
  await kill("worker1");
  await eventually("the other worker delivers it", 60_000, async () => {
    const { body } = await theirs.call("GET", "/notifications");
    return body.items.some(({ kind }: { kind: string }) => kind === "share") || undefined;
  });
  await start("worker1");
});

test(
  "a process that gets a stop signal drains: uploads and polls continue elsewhere, and no request fails",
  { skip },
  async () => {
    const statuses: number[] = [];
    const over = new AbortController();
    const traffic = (async () => {
      for (let index = 0; !over.signal.aborted; index += 1) {
        statuses.push((await api.put(`/drain ${index}.txt`, `${index}`)).status);
        statuses.push((await api.call("GET", "/metadata?path=/")).status);
      }
    })();
    for (const name of ["blocks1", "notify1", "api1"] as const) {
      assert.equal(await processes.get(name)!.stop(), 0);
      await start(name);
    }
    over.abort();
    await traffic;
    assert.deepEqual(new Set(statuses), new Set([200, 201]));
    await rest();
  },
);
