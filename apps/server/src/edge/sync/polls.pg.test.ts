import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { seededRandom } from "@holdfast/disk/seeded-random";
import { until } from "@holdfast/tools/bounded";
import { seed } from "@holdfast/tools/properties";
import type { Caller } from "../../features/accounts/context/caller.ts";
import { startTestDatabases, type TestDatabases } from "../../base/db/testing.ts";
import { startToken } from "../../tree/journal/start-token.ts";
import { makeTestSpace, type TestSpace } from "../../tree/testing/testing.ts";
import { HeldPolls } from "../../features/notify/held-polls.ts";
import { holdTicks, signInTo } from "../../features/notify/testing.ts";
import { notifyHandlers } from "./notify-handlers.ts";
import { openMemoryBuckets, openRateLimits } from "../exchange/rate-limits.ts";
import { startTestServer, type TestServer } from "../testing.ts";

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const unlimited = {
  calls: undefined,
  address: undefined,
  sign_in: undefined,
  sign_up: undefined,
  operations: undefined,
  uploads: undefined,
  bytes: undefined,
};

/** Maximum delay of a stopping server by a request: longer than a test file may run. */
const drainMs = 24 * 3_600_000;

interface PollServer {
  readonly server: TestServer;
  readonly polls: HeldPolls;
  readonly gauge: () => number;
}

describe("Polls over HTTP", () => {
  let databases: TestDatabases;
  let space: TestSpace;
  let caller: Caller;

  before(async () => {
    databases = await startTestDatabases({ fsync: false });
    space = await makeTestSpace(databases.shards);
    caller = await signInTo(space);
  });
  after(() => databases.stop());

  const start = async (pollsMax = 0): Promise<PollServer> => {
    let held = 0;
    const polls = new HeldPolls({
      shards: databases.shards,
      clock: space.clock,
      issuerBound: undefined,
      random: seededRandom(seed),
      log,
      onHeld: () => (held += 1),
      onReleased: () => (held -= 1),
    });
    const rateLimits = openRateLimits(
      unlimited,
      pollsMax,
      openMemoryBuckets(() => performance.now()),
    );
    const server = await startTestServer(notifyHandlers({ reads: databases.reads, polls, rateLimits }), {
      authenticator: {
        authenticate: () => Promise.resolve(caller),
        authenticateApp: () => Promise.resolve(caller),
        lookAgain: () => Promise.resolve(caller),
      },
    });
    return { server, polls, gauge: () => held };
  };
  const now = () => startToken(databases.shards, caller);
  const get = (server: TestServer, path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/v1${path}`, { headers: { authorization: "Bearer x", ...headers } });
  const settled = (condition: () => boolean) => until("the polls have settled", condition);

  longTest("2,000 polls wait at once and one commit answers all of them", async (t) => {
    const { server, polls, gauge } = await start();
    t.after(() => server.close(0));
    const sockets = await holdMany(server, await now(), 2000);
    await settled(() => polls.size === 2000);
    assert.equal(gauge(), 2000);
    const answers = sockets.map(readAnswer);
    const file = await space.put("root", "for all", "x");
    polls.wake(space.caller.spaceId);
    const texts = await Promise.all(answers);
    for (const answer of texts) {
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.ok(answer.includes(`"event_type":"file_create","file_id":"${file.id}"`), answer);
    }
    assert.deepEqual([polls.size, gauge()], [0, 0]);
    assert.ok(
      texts.some((text) => text.includes('"backoff":')),
      "all are let back at once",
    );
    for (const socket of sockets) socket.destroy();
  });

  test("closed connections free their polls", async (t) => {
    const { server, polls, gauge } = await start(300);
    t.after(() => server.close(0));
    const sockets = await holdMany(server, await now(), 300);
    await settled(() => polls.size === 300);
    const refused = await get(server, `/events?since_token=${await now()}`);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get("retry-after"), "1");
    for (const socket of sockets) socket.destroy();
    await settled(() => polls.size === 0);
    assert.equal(gauge(), 0);
    assert.equal((await get(server, `/events?since_token=${await now()}`, { timeout: "1" })).status, 204);
  });

  test("a stop answers all polls immediately with a staggered Retry-After", async () => {
    const { server, polls, gauge } = await start();
    const sockets = await holdMany(server, await now(), 500);
    await settled(() => polls.size === 500);
    const answers = sockets.map(readToEnd);
    await server.close(drainMs);
    const waits = new Set<string | undefined>();
    for (const answer of await Promise.all(answers)) {
      assert.match(answer, /^HTTP\/1\.1 204 /);
      assert.match(answer, /\r\nconnection: close\r\n/i);
      waits.add(/\r\nretry-after: ([1-5])\r\n/i.exec(answer)?.[1]);
    }
    assert.deepEqual(waits, new Set(["1", "2", "3", "4", "5"]));
    assert.equal(gauge(), 0);
  });

  test("the Timeout header sets 1 to 90 seconds, and an invalid value is rejected with its name", async (t) => {
    const { server, polls } = await start();
    t.after(() => server.close(0));
    const token = await now();
    for (const timeout of ["1.5", "-1", "abc", "", "1".repeat(16)]) {
      const answer = await get(server, `/notifications/poll?since_token=${token}`, { timeout });
      const body = (await answer.json()) as Record<string, unknown>;
      assert.deepEqual([answer.status, body["field"]], [422, "Timeout"], timeout);
    }
    const pass = holdTicks(t);
    for (const [timeout, heldMs] of [
      ["1", 1000],
      ["0", 1000],
      ["120", 90_000],
    ] as const) {
      const asked = get(server, `/notifications/poll?since_token=${token}`, { timeout });
      await until("the poll is held", () => polls.size > 0);
      for (let passedMs = 0; passedMs < heldMs; passedMs += 250) {
        assert.equal(polls.size, 1, `${timeout} is over after ${passedMs} ms`);
        pass(250);
      }
      assert.equal(polls.size, 0, timeout);
      const answer = await asked;
      assert.deepEqual([answer.status, await answer.text(), answer.headers.get("retry-after")], [204, "", null]);
    }
  });

  test("a poll returns the newest change, and errors of its cursor with their codes", async (t) => {
    const { server } = await start();
    t.after(() => server.close(0));
    holdTicks(t);
    const token = await now();
    const file = await space.put("root", "news", "x");
    for (const path of ["/notifications/poll", "/events"]) {
      const answer = await get(server, `${path}?since_token=${token}`);
      const { timestamp, ...body } = (await answer.json()) as { timestamp: string };
      assert.deepEqual(body, { event_type: "file_create", file_id: file.id, changes: true });
      assert.match(timestamp, /^20\d\d-.*Z$/);
    }
    const other = await makeTestSpace(databases.shards);
    const foreign = await get(server, `/events?since_token=${await startToken(databases.shards, other.caller)}`);
    assert.deepEqual([foreign.status, ((await foreign.json()) as { reason: string }).reason], [410, "epoch"]);
    assert.equal((await get(server, "/events?since_token=x")).status, 400);
    assert.equal((await get(server, "/events")).status, 400);
  });
});

async function holdMany(server: TestServer, token: string, count: number): Promise<Socket[]> {
  const request =
    `GET /api/v1/notifications/poll?since_token=${token} HTTP/1.1\r\n` +
    "host: localhost\r\nauthorization: Bearer x\r\ntimeout: 90\r\n\r\n";
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(server.port, "127.0.0.1");
    socket.setEncoding("latin1");
    socket.on("error", () => {});
    sockets.push(socket);
    socket.write(request);
    if (index % 250 === 249) await once(socket, "connect");
  }
  return sockets;
}

async function readAnswer(socket: Socket): Promise<string> {
  const [text] = (await once(socket, "data")) as [string];
  return text;
}

async function readToEnd(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (piece: string) => (text += piece));
  await once(socket, "close");
  return text;
}
