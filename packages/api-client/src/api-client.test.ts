import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { SessionTokens, fixedToken } from "./access-tokens.ts";
import type { AccessTokens, SavedSession } from "./access-tokens.ts";
import { readBySchemas } from "./answer-schemas.ts";
import { ApiClient } from "./api-client.ts";
import { openHttpTransport } from "./http-transport.ts";
import type { RetryOptions } from "./retry.ts";

const notSignedIn = () => new HoldfastError("unauthenticated", "not signed in");

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const waits: number[] = [];
const closing: (() => Promise<unknown>)[] = [];
after(() => Promise.all(closing.map((close) => close())));

async function against(
  answers: Answer[],
  tokens: AccessTokens = fixedToken("secret"),
  pause: RetryOptions["wait"] = () => Promise.resolve(),
) {
  const seen: { url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      seen.push({ url: `${request.method} ${request.url}`, headers: request.headers, body });
      answers[Math.min(seen.length, answers.length) - 1]?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, nowMicros: () => nowMs * 1000 };
  const retryWait: RetryOptions["wait"] = (delayMs, signal) => {
    nowMs += delayMs;
    waits.push(delayMs);
    return pause(delayMs, signal);
  };
  const transport = openHttpTransport({
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 2,
  });
  const retry = { clock, wait: retryWait, attemptsMax: 4, patienceMs: 5000 };
  const random = (length: number) => new Uint8Array(length).fill(128);
  const client = new ApiClient({ transport, tokens, retry, random, readAnswer: readBySchemas });
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  closing.push(() => client.close(), stop);
  return { client, seen, stop };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
const id = "0198c5a0-1234-8abc-9def-0123456789ab";
const device = {
  id,
  name: "laptop",
  created_at: "2026-01-01T00:00:00Z",
  last_seen_at: null,
  current: true,
  browser: false,
};
const devices = json(200, { items: [device], next_cursor: null });
const problem = (status: number, code: string, more: object = {}) =>
  json(status, { type: "about:blank", title: code, status, detail: `it was ${code}`, code, retryable: false, ...more });

test("a call fills in the path, the query and the token, and returns the checked JSON", async () => {
  const { client, seen } = await against([json(200, { items: [], next_cursor: null, t: "tag" })]);
  const answer = await client.call("listFolder", {
    params: { id: "a/b" },
    query: { limit: 10, recursive: "true", cursor: undefined },
  });
  assert.deepEqual(answer, { items: [], next_cursor: null, t: "tag" });
  assert.equal(seen[0]?.url, "GET /api/v1/folders/a%2Fb/contents?limit=10&recursive=true");
  assert.equal(seen[0].headers.authorization, "Bearer secret");
});

test("an empty response is undefined", async () => {
  const { client } = await against([(_, response) => response.writeHead(204).end()]);
  assert.equal(await client.call("deleteToken", { params: { id: "x" } }), undefined);
});

test("a problem response becomes an error with its code, field and body", async () => {
  const { client } = await against([problem(409, "exists", { field: "name", node: { id } })]);
  await assert.rejects(client.call("createNode", { body: { kind: "folder", path: "/a" } }), (thrown) => {
    assert.ok(thrown instanceof HoldfastError);
    assert.equal(thrown.code, "exists");
    assert.equal(thrown.message, "it was exists");
    assert.equal(thrown.field, "name");
    assert.deepEqual(thrown.body["node"], { id });
    return true;
  });
});

test("an error response without a problem document becomes an error by its status", async () => {
  const { client } = await against([(_, response) => response.writeHead(404).end("<h1>nginx</h1>")]);
  await assert.rejects(client.call("getAccount"), { code: "not_found" });
});

test("a bare 503 of a stopping server is retried", async () => {
  const { client, seen } = await against([(_, response) => response.writeHead(503).end("{}"), devices]);
  await client.call("listDevices");
  assert.equal(seen.length, 2);
});

test("a response that violates the route's schema is rejected", async () => {
  const { client } = await against([json(200, { items: [{ id: 1 }], next_cursor: null })]);
  await assert.rejects(client.call("listDevices"), { code: "failed" });
});

test("a response with more bytes than requested is rejected", async () => {
  const { client } = await against([(_, response) => response.writeHead(200).end("12345")]);
  assert.equal(Buffer.concat(await client.bytes("download", { params: { id } }, 5)).toString(), "12345");
  await assert.rejects(client.bytes("download", { params: { id } }, 4), { code: "failed" });
});

test("a changing call is repeated with the same key when the connection breaks before the response", async () => {
  const { client, seen } = await against([devices, (request) => request.socket.destroy(), json(200, { purged: 1 })]);
  await client.call("listDevices");
  assert.deepEqual(await client.call("emptyTrash"), { purged: 1 });
  assert.match(String(seen[1]?.headers["idempotency-key"]), /^[0-9a-f]{32}$/);
  assert.equal(seen[1]?.headers["idempotency-key"], seen[2]?.headers["idempotency-key"]);
});

test("a call without a key is not repeated when its response is lost", async () => {
  const { client, seen } = await against([devices, (request) => request.socket.destroy()]);
  await client.call("listDevices");
  await assert.rejects(client.call("createToken", { body: { name: "t", scopes: ["account"] } }), {
    code: "unreachable",
  });
  assert.equal(seen.length, 2);
});

test("a rate limit is waited for as long as the server asks, and attempts are bounded", async () => {
  waits.length = 0;
  const { client, seen } = await against([
    problem(429, "rate_limited"),
    json(429, { code: "rate_limited" }, { "retry-after": "3" }),
    devices,
  ]);
  await client.call("listDevices");
  assert.equal(seen.length, 3);
  assert.ok(waits[0] !== undefined && waits[0] > 0 && waits[0] <= 250);
  assert.ok(waits[1] !== undefined && waits[1] >= 3000);

  const never = await against([problem(503, "unavailable")]);
  await assert.rejects(never.client.call("listDevices"), { code: "unavailable" });
  assert.equal(never.seen.length, 4);
});

test("a server that never responded fails immediately, and one that disappeared is waited for within the patience", async () => {
  waits.length = 0;
  const { client, stop } = await against([devices]);
  await client.call("listDevices");
  await stop();
  await assert.rejects(client.call("listDevices"), { code: "unreachable" });
  assert.ok(waits.length > 2);

  waits.length = 0;
  const gone = await against([devices]);
  await gone.stop();
  await assert.rejects(gone.client.call("listDevices"), { code: "unreachable", exitCode: 7 });
  assert.deepEqual(waits, []);
});

test("an interrupted response body is requested again completely", async () => {
  const cut: Answer = (request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setImmediate(() => request.socket.destroy());
  };
  const { client } = await against([cut, (_, response) => response.writeHead(200).end("whole")]);
  const slices = await client.bytes("fetchBlocks", { body: { items: [] } }, 1000);
  assert.equal(Buffer.concat(slices).toString(), "whole");
});

test("a complete response that is not JSON ends the call", async () => {
  const { client, seen } = await against([
    devices,
    (_, response) => response.writeHead(200, { "content-type": "application/json" }).end('{"items":['),
    devices,
  ]);
  await client.call("listDevices");
  await assert.rejects(client.call("listDevices"), {
    code: "unreachable",
    message: /^Something other than a Holdfast server .* \(200, application\/json, not JSON\)\./,
  });
  assert.equal(seen.length, 2);
});

test("a rejected token is renewed once, saved before use, and shared by calls that fail together", async () => {
  const steps: string[] = [];
  let stored: SavedSession | undefined = { accessToken: "old", accessTokenEndsMs: 1e12, refreshToken: "r1" };
  const store = {
    read: () => Promise.resolve(stored),
    async update(change: (session: SavedSession | undefined) => Promise<SavedSession | undefined>) {
      stored = await change(stored);
      steps.push(`saved ${stored?.accessToken}`);
      return stored;
    },
  };
  const exchange = (refreshToken: string) => {
    steps.push(`exchanged ${refreshToken}`);
    return Promise.resolve({ accessToken: "new", accessTokenEndsMs: 1e12, refreshToken: "r2" });
  };
  const tokens = new SessionTokens(store, exchange, { nowMs: () => 0, nowMicros: () => 0 }, notSignedIn);
  const answer: Answer = (request, response, body) => {
    steps.push(String(request.headers.authorization));
    const good = request.headers.authorization === "Bearer new";
    (good ? devices : problem(401, "unauthenticated"))(request, response, body);
  };
  const { client } = await against([answer], tokens);
  await Promise.all([client.call("listDevices"), client.call("listDevices")]);
  assert.deepEqual(
    steps.filter((step) => step.startsWith("exchanged")),
    ["exchanged r1"],
  );
  assert.ok(steps.indexOf("saved new") < steps.indexOf("Bearer new"));
});

test("a token renewed by another process is adopted, not exchanged again", async () => {
  const read: SavedSession = { accessToken: "old", accessTokenEndsMs: 1e12, refreshToken: "r1" };
  const newer: SavedSession = { accessToken: "newer", accessTokenEndsMs: 1e12, refreshToken: "r2" };
  const store = {
    read: () => Promise.resolve(read),
    update: (change: (s: SavedSession) => Promise<SavedSession | undefined>) => change(newer),
  };
  const exchange = () => Promise.reject(new Error("must not be called"));
  const tokens = new SessionTokens(store, exchange, { nowMs: () => 0, nowMicros: () => 0 }, notSignedIn);
  assert.equal(await tokens.current(), "old");
  assert.equal(await tokens.renew("old"), "newer");
});

test("a response body is written into the caller's buffer up to a break, and a longer one is rejected", async () => {
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  const { client } = await against([
    (_, response) => response.writeHead(200, { "content-length": "400000" }).write(body, () => response.destroy()),
    (_, response) => response.writeHead(200, { "content-length": String(body.length) }).end(body),
  ]);
  const request = { body: { items: [] } };
  const target = new Uint8Array(new SharedArrayBuffer(300_001)).fill(7);
  const cut = await client.bytesUntilBreak("fetchBlocks", request, () => new Uint8Array(400_000));
  assert.ok(cut.bytes <= 300_000 && cut.failure?.code === "unreachable", "what broke off is told");
  const whole = await client.bytesUntilBreak("fetchBlocks", request, () => target);
  assert.deepEqual(whole, { status: 200, bytes: 300_000, failure: undefined });
  assert.ok(body.equals(Buffer.from(target.subarray(0, 300_000))) && target[300_000] === 7, "the bytes differ");
  await assert.rejects(
    client.bytesUntilBreak("fetchBlocks", request, () => new Uint8Array(299_999)),
    (thrown) => thrown instanceof HoldfastError && thrown.code === "failed",
  );
});

test("closing a client ends a call in progress, without a retry", async () => {
  const arrived = Promise.withResolvers<void>();
  const { client } = await against([devices, () => arrived.resolve()]);
  await client.call("listDevices");
  waits.length = 0;
  const call = assert.rejects(client.call("listDevices"), { code: "unreachable" });
  await arrived.promise;
  await client.close();
  await call;
  assert.deepEqual(waits, []);
});

test("closing a client ends a call that waits for its next attempt", async () => {
  const waiting = Promise.withResolvers<void>();
  const pause = (_: number, signal?: AbortSignal) => {
    waiting.resolve();
    return signal === undefined ? Promise.resolve() : wait(60_000, undefined, { signal });
  };
  const { client, seen } = await against([problem(503, "unavailable", { retryable: true })], undefined, pause);
  const call = assert.rejects(client.call("listDevices"), { code: "unavailable" });
  await waiting.promise;
  await client.close();
  await call;
  assert.equal(seen.length, 1);
});

test("the server's time is that of its last response, independent of the local clock", async () => {
  const date = "Sat, 27 Feb 2027 12:00:00 GMT";
  const { client, seen } = await against([json(200, { status: "ok" }, { date })]);
  const first = await client.serverNowMs();
  const second = await client.serverNowMs();
  for (const atMs of [first, second]) assert.equal(new Date(atMs).toISOString().slice(0, 10), "2027-02-27");
  assert.ok(second >= first && first >= Date.parse(date));
  assert.deepEqual(
    seen.map(({ url }) => url),
    ["GET /healthz"],
    "asked once",
  );
});
