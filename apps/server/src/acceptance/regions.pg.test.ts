import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type FailoverPair, startFailoverPair } from "../base/db/replicas/testing-standby.ts";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/** The accounts and the block index in two databases, each with a server in the east and one in the west, like the stores. */
describe("When the region of the primaries is lost", () => {
  const folder = makeFolder("regions");
  const [east, west, device] = [join(folder, "east"), join(folder, "west"), join(folder, "device")];
  let pairs: FailoverPair[] = [];
  let server: RunningServer;
  let api: Api;
  let environment: Record<string, string>;

  const command = (args: readonly string[], input?: string) =>
    holdfast(args, { env: environment, ...(input === undefined ? {} : { input }) });
  const namesIn = (region: string) => readdirSync(region, { recursive: true }).length;

  before(async () => {
    pairs = await Promise.all([1, 2].map(() => startFailoverPair({ isSynchronous: false })));
    const [accounts, blocks] = pairs as [FailoverPair, FailoverPair];
    const all = [[0, 4095]];
    const serversOf = (kind: "primary" | "standby") =>
      pairs.map((pair) => `${pair[kind].address.host}:${pair[kind].address.port}`);
    const topology = {
      shards: [{ id: "main", buckets: all, database_url: accounts.url }],
      cells: [{ id: "main", buckets: all, database_url: blocks.url, store: east, second_store: west }],
      regions: { east: serversOf("primary"), west: serversOf("standby") },
    };
    mkdirSync(device);
    environment = {
      HOME: folder,
      XDG_CONFIG_HOME: join(folder, "config"),
      HOLDFAST_DATA: join(folder, "data"),
      HOLDFAST_DATABASE_URL: accounts.url,
      HOLDFAST_TOPOLOGY: JSON.stringify(topology),
      HOLDFAST_STORE_POLICY: "one",
      HOLDFAST_KEY_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
      HOLDFAST_STANDBY_READS: "1h",
    };
    const { HOME: _, XDG_CONFIG_HOME: __, ...settings } = environment;
    server = await startServer({ dataFolder: join(folder, "data"), env: settings });
    api = await Api.signIn(server.url);
    const { email, password } = administrator;
    assert.equal((await command(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`)).code, 0);
  });
  after(async () => {
    await server?.stop();
    for (const pair of pairs) await pair.stop();
    removeFolder(folder);
  });

  test("status lists the servers, and nothing is promoted while a primary or its replication works", async () => {
    const { code, stdout } = await command(["admin", "region"]);
    assert.equal(code, 0);
    for (const name of ["shard main", "cell main"]) {
      assert.match(stdout, new RegExp(`^${name}\\s+east\\s.*primary`, "m"));
      assert.match(stdout, new RegExp(`^${name}\\s+west\\s.*standby, `, "m"));
    }
    const rejected = await command(["admin", "region", "promote", "west"]);
    assert.equal(rejected.code, 5);
    assert.match(
      rejected.stderr,
      /Nothing was promoted\. The primary of shard main still answers: .* The primary of cell main/,
    );
    const unknown = await command(["admin", "region", "promote", "north"]);
    assert.match(unknown.stderr, /no region north, only east and west/);
  });

  test("reads continue, changes fail and store nothing", async () => {
    writeFileSync(join(device, "before.txt"), "before");
    assert.equal((await command(["sync", device, "--once"])).code, 0);
    const file = await api.idOf("/before.txt");
    await eventually("both stores are equal", 60_000, async () => namesIn(east) === namesIn(west) || undefined);
    for (const { standby } of pairs) await standby.stop();
    writeFileSync(join(device, "lost.txt"), "lost");
    assert.equal((await command(["sync", device, "--once"])).code, 0);
    await Promise.all(pairs.map(({ primary }) => primary.kill()));
    renameSync(east, `${east} lost`);
    for (const { standby } of pairs) await standby.start();
    const read = async () => {
      const answer = await api.call("GET", `/files/${file}/download`);
      return answer.status === 200 ? answer.body.toString() : undefined;
    };
    assert.equal(await eventually("reads", 90_000, read), "before");
    const stored = namesIn(west);
    for (const path of ["/new.txt", "/large.bin"]) {
      const { status, body } = await api.put(path, randomBytes(path === "/new.txt" ? 10 : 3_000_000));
      assert.equal(status, 503);
      assert.match((body as { detail: string }).detail, /accepts no changes/);
    }
    assert.equal(namesIn(west), stored);
  });

  test("a promotion makes the standbys primaries, and devices upload what is missing", async () => {
    const { epoch } = await ok(api, "GET", "/changes/snapshot");
    const dry = await command(["admin", "region", "promote", "west", "--dry-run"]);
    assert.match(dry.stdout, /^would promote .* \(shard main\)\nwould promote .* \(cell main\)$/m);
    assert.equal((await command(["admin", "region"])).code, 1);
    const { code, stdout, stderr } = await command(["admin", "region", "promote", "west"]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /promoted .* \(shard main\)\n.*promoted .* \(cell main\)/);
    assert.match(stdout, /^renewed the epochs of 1 space on main$/m);
    await eventually("a write", 30_000, async () =>
      (await api.put("/after.txt", "after")).status < 300 ? true : undefined,
    );
    assert.notEqual((await ok(api, "GET", "/changes/snapshot")).epoch, epoch);
    assert.equal((await api.call("GET", "/metadata?path=/lost.txt")).status, 404);
    assert.equal((await command(["sync", device, "--once"])).code, 0);
    assert.equal((await api.download("/lost.txt")).body.toString(), "lost");
    assert.equal(readFileSync(join(device, "after.txt"), "utf8"), "after");
    assert.ok(existsSync(join(device, "before.txt")));
  });

  test("the command can be repeated, and a primary of the lost region that comes back is not used", async () => {
    const again = await command(["admin", "region", "promote", "west"]);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /^shard main: the primary is already in west$/m);
    for (const { primary } of pairs) await primary.start();
    assert.equal((await api.put("/later.txt", "later")).status < 300, true);
    const [accounts] = pairs as [FailoverPair];
    const rows = await accounts.primary.query("select from shard.nodes where name = 'later.txt'");
    assert.equal(rows.length, 0);
    const { stdout } = await command(["admin", "region", "promote", "west", "--dry-run"]);
    assert.match(stdout, /^cell main: the primary is already in west$/m);
    const back = await command(["admin", "region", "promote", "east"]);
    assert.match(back.stderr, /has no standby that answers in east/);
  });
});
