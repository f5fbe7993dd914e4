import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import pg from "pg";
import type { EmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { startSharedDatabase } from "./shared-database.ts";
import {
  Api,
  type ApiAnswer,
  eventually,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  spawnServer,
  startServer,
} from "./testing.ts";

/** An unwoken poll ends after this with 204, so an answer with a change proves a wake-up. */
const timeoutSeconds = 60;
const redisServer = "redis-server";

describe("Several servers on one database and one store", () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let databaseUrl: string;
  const key = randomBytes(32).toString("base64");

  before(async () => {
    folder = makeFolder("several-servers");
    ({ postgres, url: databaseUrl } = await startSharedDatabase(folder));
  });
  after(async () => {
    await postgres?.stop();
    removeFolder(folder);
  });

  const start = (how: typeof startServer, name: string, args: readonly string[] = []): Promise<RunningServer> => {
    mkdirSync(`${folder}/${name}`, { recursive: true });
    return how({
      dataFolder: `${folder}/${name}/data`,
      args: ["--database-url", databaseUrl, "--store", `${folder}/store`, ...args],
      env: { HOLDFAST_KEY_ENCRYPTION_KEY: key },
    });
  };
  /** The second server starts after the first has created the schema. It is a separate process, so both share only the database. */
  const startPair = async (args: readonly string[] = []) => {
    const one = await start(startServer, "one", args);
    const two = await start(spawnServer, "two", args);
    const a = await Api.signIn(one.url);
    const b = await Api.signIn(two.url);
    await settled();
    return { a, b, stop: () => Promise.all([one.stop(), two.stop()]) };
  };
  /** The queue notifies the account of a new device at some time, which answers every poll, so this waits for it. */
  const settled = () =>
    eventually("nothing waits in the queue", 60_000, async () =>
      (await ask("select from shard.messages")).length === 0 ? true : undefined,
    );
  const ask = async (statement: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(postgres.connection);
    await client.connect();
    try {
      return (await client.query(statement)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const listeners = () => ask("select pid from pg_stat_activity where application_name like 'holdfast wakes%'");

  const hold = async (api: Api): Promise<{ answer: Promise<ApiAnswer> }> => {
    const token = (await api.call("GET", "/changes/start_token")).body.token as string;
    const answer = api.call("GET", `/notifications/poll?since_token=${token}`, undefined, {
      headers: { timeout: String(timeoutSeconds) },
    });
    await eventually("the poll is held", 60_000, async () => ((await gaugeOf(api)) === 1 ? true : undefined));
    return { answer };
  };
  const assertWoken = async (answer: Promise<ApiAnswer>, change: () => Promise<ApiAnswer>) => {
    const { status: done, body: node } = await change();
    assert.equal(done, 201, JSON.stringify(node));
    const { status, body } = await answer;
    assert.deepEqual([status, body.file_id, body.changes], [200, node.id, true], JSON.stringify(body));
  };

  describe("without Redis", () => {
    let pair: Awaited<ReturnType<typeof startPair>>;
    before(async () => {
      pair = await startPair();
    });
    after(async () => assert.deepEqual(await pair?.stop(), [0, 0]));

    test("a commit on one wakes a poll on the other by LISTEN and NOTIFY, even after that connection was cut", async () => {
      const { a, b } = pair;
      await eventually("both listen", 60_000, async () => ((await listeners()).length === 2 ? true : undefined));
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const { answer } = await hold(to);
        await assertWoken(answer, () => from.put(`/by-notify-${from === a}`, "x"));
      }
      const { answer } = await hold(b);
      const cut = await listeners();
      await ask("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'holdfast wakes%'");
      // Committed while no server listens. A later listener finds it by comparison.
      await assertWoken(answer, () => a.put("/while-cut", "x"));
      await eventually("both listen again", 60_000, async () => {
        const pids = (await listeners()).map((row) => row["pid"]);
        return pids.length === 2 && cut.every((row) => !pids.includes(row["pid"])) ? true : undefined;
      });
      const { answer: later } = await hold(b);
      await assertWoken(later, () => a.put("/after-the-cut", "x"));
    });

    test("a revocation on one applies to the next request on the other, and ends polls there", async () => {
      const { a, b } = pair;
      const account = { email: "person@example.com", password: "a sentence of theirs" };
      const { id } = await ok(a, "POST", "/admin/users", account);
      const signIn = () => Api.signIn(b.url, account);
      const there = ({ token }: Api) => new Api(a.url, token);
      const bySession = async () => ({ api: await signIn(), end: (of: Api) => of.call("DELETE", "/sessions/current") });
      const byDevice = async () => {
        const api = await signIn();
        const own = (await ok(api, "GET", "/devices")).items.find((each: { current: boolean }) => each.current);
        return { api, end: (of: Api) => of.call("DELETE", `/devices/${own.id}`) };
      };
      const byToken = async () => {
        const session = await signIn();
        const made = await ok(session, "POST", "/tokens", { name: "t", scopes: ["files:read"] });
        const api = new Api(b.url, made.token);
        return { api, end: () => there(session).call("DELETE", `/tokens/${made.id}`) };
      };
      const bySuspension = async () => ({
        api: await signIn(),
        end: () => a.call("PATCH", `/admin/users/${id}`, { disabled: true }),
      });
      for (const begin of [bySession, byDevice, byToken, bySuspension]) {
        const { api, end } = await begin();
        await settled();
        const { answer } = await hold(api);
        const ended = await end(there(api));
        assert.ok(ended.status < 300, `${begin.name}: ${ended.status}`);
        assert.equal((await api.call("GET", "/files/root")).status, 401, begin.name);
        assert.equal((await answer).status, 401, begin.name);
      }
    });
  });

  test("with Redis, commits wake polls through it, even after it was down", async (t) => {
    if (!requireComponent(t, redisServer)) return;
    const port = await reservePort();
    let redis = await startRedis(port, folder);
    const { a, b, stop } = await startPair(["--redis-url", `redis://127.0.0.1:${port}`]);
    try {
      assert.deepEqual(await listeners(), []);
      const { answer } = await hold(b);
      await assertWoken(answer, () => a.put("/by-redis", "x"));

      const { answer: waiting } = await hold(b);
      await stopRedis(redis);
      await assertWoken(waiting, async () => {
        const stored = await a.put("/while-redis-is-away", "x");
        redis = await startRedis(port, folder);
        return stored;
      });
      const { answer: later } = await hold(b);
      await assertWoken(later, () => a.put("/after-redis-came-back", "x"));
    } finally {
      assert.deepEqual(await stop(), [0, 0]);
      await stopRedis(redis);
    }
  });
});

async function gaugeOf(api: Api): Promise<number> {
  const { body } = await api.call("GET", `${api.url}/metrics`);
  return Number(/^active_notification_connections (\d+)$/m.exec(String(body))?.[1]);
}

async function startRedis(port: number, folder: string): Promise<ChildProcess> {
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const redis = spawn(redisServer, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: redis.stdout })) if (/ready to accept/i.test(line)) break;
  return redis;
}

async function stopRedis(redis: ChildProcess): Promise<void> {
  if (redis.exitCode !== null || redis.signalCode !== null) return;
  const exited = once(redis, "exit");
  redis.kill("SIGKILL");
  await exited;
}
