import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "@holdfast/tools/bounded";
import type { Caller } from "../features/accounts/context/caller.ts";
import { Admission, admissionLimits } from "./exchange/admission.ts";
import { asUser, startTestServer, testTokens } from "./testing.ts";

const asReader = { authorization: "Bearer reader-token" };
const inWorkMax = 8;

/** Starts a server with a limit, and with routes whose requests stay in work. */
async function startLimited(t: TestContext, waitingMax = 10) {
  const limits = {
    clientInWorkMax: Infinity,
    inWorkMsMax: Infinity,
    waitingMax,
    crowdedAbove: waitingMax,
    waitMs: Infinity,
  };
  let nowMs = 0;
  // Each call is later than clients are remembered.
  const admission = new Admission(limits, { most: 100, max: () => inWorkMax }, () => (nowMs += 100));
  const working: (() => void)[] = [];
  const observed: number[] = [];
  const work = () => new Promise<void>((resolve) => working.push(resolve));
  const server = await startTestServer(
    {
      // More than the buffers of a connection.
      openapi: () => ({ status: 200, json: { text: "x".repeat(12_000_000) } }),
      live: () => ({ status: 200, json: { status: "ok" } }),
      getStartToken: async () => {
        await work();
        return { status: 200, json: { token: "" } };
      },
      queryNodes: async () => {
        await work();
        return { status: 200, json: { items: [] } };
      },
      putBlocks: async ({ stream }) => {
        for await (const _ of stream);
        return { status: 200, json: { stored: 0 } };
      },
    },
    { admission, observe: ({ status }) => observed.push(status), onRejected: () => observed.push(503) },
  );
  t.after(() => server.close(0));
  const ask = (headers: Record<string, string>) => fetch(`${server.url}/api/v1/changes/start_token`, { headers });
  const write = (text: string): Socket => {
    const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
    socket.on("error", () => {});
    t.after(() => socket.destroy());
    return socket;
  };
  return { server, working, observed, ask, write };
}

type Limited = Awaited<ReturnType<typeof startLimited>>;

/** The account of a credential is known from its first request. */
async function introduce({ working, ask }: Limited): Promise<void> {
  const first = ask(asUser);
  await until("the first request is in work", () => working.length === 1);
  working.pop()?.();
  await first;
}

async function fill(limited: Limited): Promise<void> {
  const { working, ask } = limited;
  await introduce(limited);
  for (const answer of Array.from({ length: inWorkMax }, () => ask(asUser))) answer.catch(() => {});
  await until("the requests are in work", () => working.length === inWorkMax);
}

test("above the limit, a request is rejected before any work if too many wait, and probes are answered", async (t) => {
  const limited = await startLimited(t);
  await fill(limited);
  const waiting = Array.from({ length: 11 }, () => limited.ask(asUser));
  for (const answer of waiting) answer.catch(() => {});
  const rejected = await Promise.race(waiting);
  assert.equal(rejected.status, 503);
  assert.match(rejected.headers.get("retry-after") ?? "", /^[12]$/);
  assert.equal(((await rejected.json()) as { code: string }).code, "unavailable");
  assert.equal(limited.working.length, inWorkMax);
  assert.equal((await fetch(`${limited.server.url}/healthz`)).status, 200);
  const warned = limited.server.lines.filter(({ message }) => message === "requests are rejected: the server is busy");
  assert.deepEqual(
    warned.map(({ requests }) => requests),
    [1],
  );
  assert.deepEqual(limited.observed, [200, 503, 200]);
});

test("a waiting request is answered when another one ends", async (t) => {
  const limited = await startLimited(t);
  await fill(limited);
  const waiting = limited.ask(asReader);
  limited.working[0]?.();
  await until("the waiting request is in work", () => limited.working.length > inWorkMax);
  limited.working.at(-1)?.();
  assert.equal((await waiting).status, 200);
});

const head = (route: string, lengthBytes: number): string =>
  `${route.replace(" ", " /api/v1")} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\ncontent-type: application/json\r\ncontent-length: ${lengthBytes}\r\n\r\n{`;

for (const [route, lengthBytes] of [
  ["POST /nodes/query", 100],
  ["POST /nodes/query", 100_000],
  ["POST /blocks", 100],
  ["POST /blocks", 1_000_000],
] as const) {
  test(`bodies that arrive leave the places to other requests: ${route} with ${lengthBytes} bytes`, async (t) => {
    const limited = await startLimited(t);
    const { working, ask, write } = limited;
    await introduce(limited);
    for (let count = 0; count < 3 * inWorkMax; count += 1) write(head(route, lengthBytes));
    const answers = Array.from({ length: inWorkMax }, () => ask(asUser));
    await until("all places are free", () => working.length === inWorkMax);
    for (const end of working) end();
    for (const answer of answers) assert.equal((await answer).status, 200);
  });
}

test("a request whose body has arrived counts again", async (t) => {
  const limited = await startLimited(t);
  const { working, ask, write } = limited;
  await introduce(limited);
  const sockets = Array.from({ length: inWorkMax }, () => write(head("POST /nodes/query", 10)));
  // It waits until a body is stalled.
  const other = ask(asUser);
  await until("the other request is in work", () => working.length === 1);
  for (const socket of sockets) socket.write(`"ids":[]}`);
  await until("the places are taken", () => working.length === inWorkMax);
  const next = ask(asUser);
  assert.equal(await Promise.race([next, delay(100)]), undefined, "it waits");
  assert.equal(working.length, inWorkMax);
  for (const end of working) end();
  await until("the last body and the next request are in work", () => working.length === inWorkMax + 2);
  for (const end of working) end();
  assert.equal((await other).status, 200);
  assert.equal((await next).status, 200);
});

test("a request keeps its place if its route reads no body, and none arrives", async (t) => {
  const limited = await startLimited(t, 0);
  const { working, ask, write } = limited;
  await introduce(limited);
  for (let count = 0; count < inWorkMax; count += 1) write(head("GET /changes/start_token", 100));
  await until("the requests are in work", () => working.length === inWorkMax);
  assert.equal((await ask(asReader)).status, 503);
});

test("a request leaves its place before its response is received", async (t) => {
  const limited = await startLimited(t, 0);
  const { working, ask, write } = limited;
  await introduce(limited);
  const openapi = head("GET /openapi.json", 0).slice(0, -1).replace("/api/v1", "/api");
  const sockets = Array.from({ length: inWorkMax }, () => write(openapi));
  for (const socket of sockets)
    await once(
      socket.once("data", () => socket.pause()),
      "pause",
    );
  const answer = ask(asUser);
  await until("the next request is in work", () => working.length === 1);
  working[0]?.();
  assert.equal((await answer).status, 200);
  assert.deepEqual(limited.observed, [200, 200], "no other response is finished");
});

test("a connection with too many unanswered requests is cut", async (t) => {
  const limited = await startLimited(t, 1000);
  await introduce(limited);
  const request = head("GET /changes/start_token", 0).slice(0, -1);
  const some = limited.write(request.repeat(2));
  await until("both requests are in work", () => limited.working.length === 2);
  const socket = limited.write(request.repeat(3));
  await once(socket, "close");
  assert.equal(some.destroyed, false);
});

test("an invented token beside a signed URL does not name the account of the URL", async (t) => {
  const admission = new Admission(admissionLimits, { most: 8, max: () => 8 });
  const opened = t.mock.method(admission, "open");
  const server = await startTestServer(
    {
      openSignedUrl: async ({ countFor }) => {
        countFor(testTokens["user-token"] as Caller);
        return { status: 200, bytes: new Uint8Array(0) };
      },
    },
    { admission },
  );
  t.after(() => server.close(0));
  const invented = { headers: { authorization: "Bearer invented" } };
  for (let count = 0; count < 2; count += 1) await fetch(`${server.url}/api/v1/signed/a`, invented);
  const keys = opened.mock.calls.map((call) => call.arguments[0]);
  assert.equal(keys.length, 2);
  assert.equal(keys[0]?.key, keys[1]?.key);
});
