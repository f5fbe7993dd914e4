import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { openFsStore } from "@holdfast/object-store/fs-store";
import { bounded } from "@holdfast/tools/bounded";
import { longTest } from "@holdfast/tools/tiers";
import { sql } from "kysely";
import { makeTestFolder, startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { assertKeyFits, type BlockCells, openBlockCells } from "./open-block-cells.ts";
import { keySourceOf } from "../keys/key-encryption-key.ts";
import { makeTestClock, silentBlockLog } from "../testing.ts";

/**
 * If a process is killed before or after any call to disk or store while it changes keys, the rest opens to the same
 * data keys, and the next start completes the change. Uses a real process and SIGKILL.
 */
let databases: TestDatabases;
let folder: string;
const callsMax = 60;

before(async () => {
  databases = await startTestDatabases();
  folder = makeTestFolder();
});
after(async () => {
  await databases.stop();
  rmSync(folder, { recursive: true, force: true });
});

for (const change of ["rotateKeyEncryptionKey", "renew"] as const) {
  const define = change === "renew" ? test : longTest;
  define(`killed at any call of ${change}, a process leaves keys that open`, async () => {
    let kills = 0;
    for (let call = 1; call <= callsMax; call += 1) {
      const known = await keysOf(await open());
      const outcome = await run(change, call);
      await locksGone();
      await assertKeyFits(source(), [{ db: db(), store: await store() }], randomBytes);
      const found = await keysOf(await open());
      assert.deepEqual(found.slice(0, known.length), known, `killed at call ${call}`);
      const left = readdirSync(folder).filter((name) => name === "key-encryption-key.new");
      assert.deepEqual(left, [], `killed at call ${call}, the next start brings it to its end`);
      if (outcome === "done") break;
      kills += 1;
    }
    assert.ok(kills >= (change === "renew" ? 2 : 10), `${kills} kills`);
    assert.ok(kills < callsMax, "it comes to its end");
  });
}

test("the previous key stays beside the new one, closed to other users, and is no longer needed", async () => {
  await open();
  const key = () => readFileSync(join(folder, "key-encryption-key"), "utf8");
  const old = key();
  assert.equal(await run("rotateKeyEncryptionKey", callsMax + 1), "done");
  assert.notEqual(key(), old);
  const retired = readdirSync(folder).filter((name) => name.startsWith("key-encryption-key.old-"));
  assert.ok(retired.some((name) => readFileSync(join(folder, name), "utf8") === old));
  for (const name of retired) rmSync(join(folder, name));
  await open();
});

async function run(change: string, killAt: number): Promise<"killed" | "done"> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script(change, killAt)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  assert.ok(code === 0 || signal === "SIGKILL", `ended with ${code} and ${signal}`);
  return code === 0 ? "done" : "killed";
}

function script(change: string, killAt: number): string {
  const from = (path: string) => JSON.stringify(import.meta.resolve(path));
  return `
    import { randomBytes } from "node:crypto";
    import { nodeDisk } from ${from("@holdfast/disk/node-disk")};
    import { openFsStore } from ${from("@holdfast/object-store/fs-store")};
    import { openDatabases } from ${from("../../base/db/shards.ts")};
    import { openBlockCells } from ${from("./open-block-cells.ts")};
    import { keySourceOf } from ${from("../keys/key-encryption-key.ts")};
    import { rotateKeyEncryptionKey } from ${from("./rotate-key-encryption-key.ts")};
    let calls = -Infinity;
    const reached = () => {
      calls += 1;
      if (calls === ${killAt}) process.kill(process.pid, "SIGKILL");
    };
    const counted = (port, names) => new Proxy(port, {
      get: (of, name) => !names.includes(name) ? of[name] : async (...args) => {
        reached();
        const result = await of[name](...args);
        reached();
        return result;
      },
    });
    const log = { info() {}, warn() {}, error() {} };
    const clock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
    const disk = counted(nodeDisk, ["createFile", "link", "rename", "unlink", "syncFolder"]);
    const files = await openFsStore({ disk: nodeDisk, folder: ${JSON.stringify(join(folder, "store"))}, random: randomBytes, nowMs: () => 0 });
    const databases = openDatabases({ defaultConnection: ${JSON.stringify(databases.connection)}, log });
    const source = keySourceOf(disk, ${JSON.stringify(folder)}, {});
    const cells = await openBlockCells({
      cells: databases.cells, storeOf: () => counted(files, ["put"]), keySource: source, clock, random: randomBytes, log,
    });
    calls = 0;
    if (${JSON.stringify(change)} === "renew") await cells.all()[0].keyring.renew();
    else await rotateKeyEncryptionKey({ cells: cells.all(), source, random: randomBytes, log });
    await databases.close();`;
}

/** The locks of a killed process end when the database notices. */
async function locksGone(): Promise<void> {
  const stillInTime = bounded("the database notices that the process is gone");
  const held = sql`select from pg_locks where locktype = 'advisory' and database = (
    select oid from pg_database where datname = current_database())`;
  while ((await held.execute(db())).rows.length > 0) stillInTime();
}

function source() {
  return keySourceOf(nodeDisk, folder, {});
}

function store() {
  return openFsStore({ disk: nodeDisk, folder: join(folder, "store"), random: randomBytes, nowMs: () => 0 });
}

async function open(): Promise<BlockCells> {
  const opened = await store();
  const ports = { clock: makeTestClock(), random: randomBytes, log: silentBlockLog };
  return openBlockCells({ cells: databases.cells, storeOf: () => opened, keySource: source(), ...ports });
}

async function keysOf(cells: BlockCells): Promise<string[]> {
  const keyring = cells.all()[0]?.keyring ?? assert.fail();
  const { epoch } = await keyring.current();
  const keys: string[] = [];
  for (let each = 1; each <= epoch; each += 1) {
    keys.push(Buffer.from((await keyring.keyOf(each)).key).toString("hex"));
  }
  return keys;
}

function db() {
  return databases.cells.all()[0]?.db ?? assert.fail();
}
