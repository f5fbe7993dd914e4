import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { until } from "@holdfast/tools/bounded";
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

const key = randomBytes(32).toString("base64");

/** A server of a pair of databases, with both in its URL. */
class Scene {
  readonly folder: string;
  pair!: FailoverPair;
  server!: RunningServer;
  admin!: Api;

  constructor(name: string) {
    this.folder = makeFolder(name);
  }

  async start(options: Parameters<typeof startFailoverPair>[0] = {}): Promise<void> {
    this.pair = await startFailoverPair(options);
    this.server = await this.serve("data");
    this.admin = await Api.signIn(this.server.url);
  }

  serve(dataFolder: string): Promise<RunningServer> {
    return startServer({
      dataFolder: join(this.folder, dataFolder),
      args: ["--database-url", this.pair.url, "--store", join(this.folder, "store")],
      env: { HOLDFAST_KEY_ENCRYPTION_KEY: key },
    });
  }

  command(args: readonly string[], input?: string) {
    const server = {
      HOLDFAST_DATABASE_URL: this.pair.url,
      HOLDFAST_STORE: join(this.folder, "store"),
      HOLDFAST_KEY_ENCRYPTION_KEY: key,
    };
    const env = { HOME: this.folder, XDG_CONFIG_HOME: join(this.folder, "config"), ...server };
    return holdfast(args, { env, ...(input === undefined ? {} : { input }) });
  }

  async login(): Promise<void> {
    const { email, password } = administrator;
    const { code } = await this.command(
      ["login", this.server.url, "--email", email, "--password-stdin"],
      `${password}\n`,
    );
    assert.equal(code, 0);
  }

  async stop(): Promise<void> {
    await this.server?.stop();
    await this.pair?.stop();
    removeFolder(this.folder);
  }
}

describe("A server whose primary is killed", () => {
  const scene = new Scene("failover");
  before(() => scene.start());
  after(() => scene.stop());

  const namesOf = async () => {
    const { items } = await ok(scene.admin, "GET", `/folders/${await scene.admin.idOf("/")}/contents?limit=1000`);
    return new Set((items as readonly { readonly name: string }[]).map(({ name }) => name));
  };

  test("accepts writes on the promoted standby, loses none that it acknowledged, and answers 503 meanwhile", async () => {
    const acknowledged: string[] = [];
    const failures: { readonly status: number; readonly code: unknown; readonly retryAfter: string | null }[] = [];
    const ended = new AbortController();
    const writing = [1, 2, 3].map(async (writer) => {
      for (let file = 0; !ended.signal.aborted; file++) {
        const name = `${writer}-${file}.txt`;
        const { status, body, headers } = await scene.admin.put(`/${name}`, name);
        if (status < 300) acknowledged.push(name);
        else failures.push({ status, code: (body as { code?: unknown }).code, retryAfter: headers.get("retry-after") });
      }
    });
    await until("writes", () => acknowledged.length > 10);
    await scene.pair.primary.kill();
    await until("an answer without a primary", () => failures.length > 0);
    await scene.pair.standby.promote();
    const atPromotion = acknowledged.length;
    await until("writes on the new primary", () => acknowledged.length > atPromotion + 10);
    ended.abort();
    await Promise.all(writing);
    for (const { status, code, retryAfter } of failures) {
      assert.deepEqual([status, code], [503, "unavailable"]);
      assert.ok(Number(retryAfter) > 0);
    }
    const names = await namesOf();
    for (const name of acknowledged) assert.ok(names.has(name), name);
  });

  test("writes nothing to the old primary when it comes back, neither does a server that starts", async () => {
    const { primary } = scene.pair;
    await primary.start();
    await primary.run("alter system reset synchronous_standby_names");
    await primary.run("select pg_reload_conf()");
    const journal = async () => (await primary.query("select count(*)::int4 as rows from shard.journal"))[0]?.["rows"];
    const rows = await journal();
    const other = await scene.serve("other");
    try {
      const otherAdmin = await Api.signIn(other.url);
      for (const [index, api] of [scene.admin, otherAdmin, scene.admin, otherAdmin].entries())
        assert.ok((await api.put(`/after-${index}.txt`, "after")).status < 300);
      const names = await namesOf();
      for (let index = 0; index < 4; index++) assert.ok(names.has(`after-${index}.txt`));
      assert.equal(await journal(), rows);
    } finally {
      await other.stop();
    }
  });
});

describe("A database that lost changes, because an asynchronous standby was promoted", () => {
  const scene = new Scene("lost-changes");
  before(() => scene.start({ isSynchronous: false }));
  after(() => scene.stop());

  /** Waits until the server has read the position of the primary's log. */
  const watched = async () => {
    const { primary } = scene.pair;
    const since = (await primary.query("select clock_timestamp()::text as now"))[0]?.["now"];
    const reads = `select from pg_stat_activity where application_name = 'holdfast primary' and query_start > '${String(since)}'`;
    await eventually(
      "a read of the position",
      60_000,
      async () => (await primary.query(reads)).length > 0 || undefined,
    );
  };
  const losses = async () => {
    const { items } = await ok(scene.admin, "GET", "/admin/doctor");
    return JSON.stringify(items).split("lost changes at its failover").length - 1;
  };

  test("gets new epochs by a command, and devices keep their files and upload them again", async () => {
    await scene.login();
    const device = join(scene.folder, "device");
    mkdirSync(device);
    writeFileSync(join(device, "before.txt"), "before");
    const sync = async () => assert.equal((await scene.command(["sync", device, "--once"])).code, 0);
    await sync();
    await scene.pair.standby.stop();
    writeFileSync(join(device, "lost.txt"), "lost");
    writeFileSync(join(device, "before.txt"), "changed");
    await sync();
    await scene.pair.primary.run("select pg_logical_emit_message(true, 'test', repeat('lost', 100000))");
    await watched();
    const { epoch } = await ok(scene.admin, "GET", "/changes/snapshot");
    await scene.pair.primary.kill();
    await scene.pair.standby.start();
    await scene.pair.standby.promote();
    await eventually("a write on the new primary", 60_000, async () => {
      const { status } = await scene.admin.put("/other.txt", "other");
      return status < 300 ? true : undefined;
    });
    const statusOf = async (name: string) =>
      (await scene.admin.call("GET", `/metadata?path=${encodeURIComponent(name)}`)).status;
    assert.equal(await statusOf("/lost.txt"), 404);
    await eventually("the loss is reported", 60_000, async () => ((await losses()) > 0 ? true : undefined));
    const dry = await scene.command(["admin", "shards", "renew-epochs", "--all", "--dry-run"]);
    assert.match(dry.stdout, /^would renew the epochs of 1 space on main$/m);
    assert.equal((await ok(scene.admin, "GET", "/changes/snapshot")).epoch, epoch);
    const renewed = await scene.command(["admin", "shards", "renew-epochs", "main"]);
    assert.match(renewed.stdout, /^renewed the epochs of 1 space on main$/m);
    assert.notEqual((await ok(scene.admin, "GET", "/changes/snapshot")).epoch, epoch);
    assert.equal(await losses(), 0);
    await sync();
    assert.equal(readFileSync(join(device, "lost.txt"), "utf8"), "lost");
    assert.equal(readFileSync(join(device, "before.txt"), "utf8"), "changed");
    assert.ok(existsSync(join(device, "other.txt")));
    assert.equal(await statusOf("/lost.txt"), 200);
    assert.equal((await scene.admin.download("/before.txt")).body.toString(), "changed");
    const last = (await ok(scene.admin, "GET", "/changes/snapshot")).epoch;
    const direct = await scene.command([
      "admin",
      "shards",
      "renew-epochs",
      "--all",
      "--data",
      join(scene.folder, "data"),
    ]);
    assert.match(`${direct.stdout}${direct.stderr}`, /^renewed the epochs of 1 space on main$/m);
    assert.notEqual((await ok(scene.admin, "GET", "/changes/snapshot")).epoch, last);
    const wrong = await scene.command(["admin", "shards", "renew-epochs"]);
    assert.match(wrong.stderr, /Specify shards or --all/);
  });
});
