import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

const folder = makeFolder("lone-copy");
const [east, west, device] = [join(folder, "east"), join(folder, "west"), join(folder, "device")];
let server: RunningServer | undefined;
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

/** Every access fails, like that of a broken disk. A missing folder would be refilled after a while. */
function takeAway(store: string): void {
  renameSync(store, `${store}.away`);
  symlinkSync(store, store);
}

function bringBack(store: string): void {
  unlinkSync(store);
  renameSync(`${store}.away`, store);
}

function start(args: readonly string[]): Promise<RunningServer> {
  const settings = { HOLDFAST_STORE_POLICY: "one", HOLDFAST_SNAPSHOT_INTERVAL: "off" };
  return startServer({ dataFolder: join(folder, "data"), args, env: settings });
}

const env = { HOME: folder, XDG_CONFIG_HOME: join(folder, "config") };

async function command(args: readonly string[], input = ""): Promise<string> {
  const { code, stdout, stderr } = await holdfast(args, { env, input });
  assert.equal(code, 0, stderr);
  return stdout + stderr;
}

test("with the policy one, an upload while the store with the only copy is away stores its blocks again, and a loss is reported", async () => {
  mkdirSync(device);
  server = await start(["--store", east, "--second-store", west]);
  const api = await Api.signIn(server.url);
  await command(
    ["login", server.url, "--email", administrator.email, "--password-stdin"],
    `${administrator.password}\n`,
  );
  const [put, synced, lost] = [randomBytes(100_000), randomBytes(100_000), randomBytes(100_000)];
  takeAway(west);
  writeFileSync(join(device, "synced"), synced);
  await command(["sync", device, "--once"]);
  assert.equal((await api.put("/first", put)).status, 201);
  takeAway(east);
  bringBack(west);
  for (const path of ["/first", "/synced"]) assert.equal((await api.download(path)).status, 503, path);

  const blocks = [{ hash: sha256(put), size: put.length }];
  const operation = {
    op: "put",
    operation_id: randomBytes(16).toString("hex"),
    path: "/named",
    size: put.length,
    blocks,
  };
  const { body } = await api.call("POST", "/sync/delta", { operations: [operation] });
  assert.deepEqual([body.results[0].status, body.results[0].missing_blocks], ["missing", [sha256(put)]]);

  writeFileSync(join(folder, "again"), put);
  await command(["put", join(folder, "again"), "/again"]);
  for (const path of ["/again", "/first"]) assert.deepEqual((await api.download(path)).body, put, path);
  assert.match(await command(["sync", device, "--once"]), /sent 1 block again/);
  assert.deepEqual((await api.download("/synced")).body, synced);

  bringBack(east);
  takeAway(west);
  await eventually("writes reach the other store", 60_000, async () =>
    (await api.put("/lost", lost)).status === 201 ? true : undefined,
  );
  takeAway(east);
  bringBack(west);
  await server.stop();
  server = await start(["--store", west]);
  const alone = await Api.signIn(server.url);
  const damaged = await eventually("the server reports the loss", 60_000, async () => {
    const { items } = (await alone.call("GET", "/damaged")).body;
    return items.length > 0 ? items : undefined;
  });
  assert.deepEqual(
    damaged.map(({ hash }: { hash: string }) => hash),
    [sha256(lost)],
  );
});
