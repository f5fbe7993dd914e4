import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { test, type TestContext } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { beginningsAround, hexText } from "@holdfast/codec/testing";
import { compressFrame } from "@holdfast/codec/zstd-compress";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Handlers } from "./exchange/handler.ts";
import { asUser, speakRaw, startTestServer, testTokens, type TestServer } from "./testing.ts";

const json = { "content-type": "application/json" };

async function start(
  t: TestContext,
  handlers: Handlers,
  options: Parameters<typeof startTestServer>[1] = {},
): Promise<TestServer> {
  const server = await startTestServer(handlers, options);
  t.after(() => server.close(0));
  return server;
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  return (await response.json()) as Record<string, unknown>;
}

test("a valid request reaches its handler typed, and its response is sent as JSON", async (t) => {
  const server = await start(t, {
    getStartToken: ({ caller }) => ({ status: 200, json: { token: caller.userId } }),
    queryNodes: ({ body }) => ({
      status: 200,
      json: { items: body.ids.map((id) => ({ id, state: "gone" as const })) },
    }),
  });
  const token = await fetch(`${server.url}/api/v1/changes/start_token`, { headers: asUser });
  assert.deepEqual(await token.json(), { token: testTokens["user-token"]?.userId });
  assert.ok(token.headers.get("x-request-id"));
  const nodes = await fetch(`${server.url}/api/v1/nodes/query`, {
    method: "POST",
    headers: { ...asUser, ...json },
    body: JSON.stringify({ ids: ["a"] }),
  });
  assert.deepEqual(await nodes.json(), { items: [{ id: "a", state: "gone" }] });
});

test("a route without a handler prevents the server from starting", async () => {
  await assert.rejects(startTestServer({}, { unmounted: new Set(["live"]) }), /have no handler: createSession/);
});

test("invalid input is reported with its field", async (t) => {
  const server = await start(t, {
    queryNodes: () => ({ status: 200, json: { items: [] } }),
    syncDelta: async ({ readJson }) => {
      const { routes } = await import("@holdfast/protocol/routes");
      const { operations } = await readJson(routes.syncDelta.body);
      return { status: 200, json: { results: [], seq: operations.length, epoch: "e" } };
    },
    listChanges: () => ({
      status: 200,
      json: { changes: [], next_token: "", has_more: false, epoch: "", share_seqs: {} },
    }),
    createNode: ({ body }) => {
      assert.ok(!Object.hasOwn(body.metadata ?? {}, "__proto__"));
      assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
      throw new HoldfastError("exists", "There is one.", { body: { node: { id: "n" } } });
    },
  });
  const post = (path: string, body: string, headers: object = json) =>
    fetch(`${server.url}/api/v1${path}`, { method: "POST", headers: { ...asUser, ...headers }, body });
  const cases: [Response, number, string, string | undefined][] = [
    [await post("/nodes/query", "{"), 400, "bad_request", undefined],
    [await post("/nodes/query", Buffer.from([0x22, 0xff, 0x22]) as never), 400, "bad_request", undefined],
    [await post("/nodes/query", "[".repeat(100_000) + "]".repeat(100_000)), 400, "bad_request", undefined],
    [await post("/nodes/query", ""), 422, "invalid_field", undefined],
    [
      await post("/nodes/query", "ids=a", { "content-type": "application/x-www-form-urlencoded" }),
      400,
      "bad_request",
      undefined,
    ],
    [await post("/nodes/query", '{"ids": ["a", 7]}'), 422, "invalid_field", "ids[1]"],
    [
      await post("/nodes/query", "<ids/>", { "content-type": "application/xml" }),
      415,
      "unsupported_media_type",
      "Content-Type",
    ],
    [
      await post(
        "/sync/delta",
        JSON.stringify({ operations: [{ op: "delete", operation_id: "0".repeat(32), file_id: "" }] }),
      ),
      422,
      "invalid_field",
      "operations[0].file_id",
    ],
    [
      await fetch(`${server.url}/api/v1/changes/list?since_token=a&limit=0`, { headers: asUser }),
      400,
      "bad_request",
      "limit",
    ],
    [await post("/metadata", '{"kind":"folder","metadata":{"__proto__":{"polluted":1}}}'), 409, "exists", undefined],
    [await fetch(`${server.url}/api/v1/nowhere`), 404, "not_found", undefined],
    [await fetch(`${server.url}/api/v1/files/%zz`), 400, "bad_request", undefined],
  ];
  for (const [response, status, code, field] of cases) {
    const problem = await problemOf(response);
    assert.deepEqual(
      [response.status, problem["status"], problem["code"], problem["field"]],
      [status, status, code, field],
    );
    assert.equal(problem["request_id"], response.headers.get("x-request-id"));
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
  }
  assert.deepEqual((await problemOf(await post("/metadata", '{"kind":"folder"}')))["node"], { id: "n" });
});

test("another method on a known URL gets 405 with the allowed ones", async (t) => {
  const server = await start(t, {
    getNode: () => Promise.reject(new HoldfastError("not_found", "no")),
    updateNode: () => Promise.reject(new HoldfastError("not_found", "no")),
  });
  const response = await fetch(`${server.url}/api/v1/files/x`, { method: "PUT", headers: asUser, body: "x" });
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD, PATCH");
});

test("a missing or invalid token gets 401, and a token is limited to its scopes", async (t) => {
  const server = await start(t, {
    getStartToken: () => ({ status: 200, json: { token: "t" } }),
    emptyTrash: () => ({ status: 200, json: { purged: 0 } }),
    adminGetScrub: () => Promise.reject(new HoldfastError("unavailable", "later", { retryAfterSeconds: 7 })),
  });
  const call = (path: string, method: string, authorization?: string) =>
    fetch(`${server.url}/api/v1${path}`, { method, headers: authorization === undefined ? {} : { authorization } });
  for (const authorization of [undefined, "Basic dTpw", "Bearer", "Bearer nobody"]) {
    const response = await call("/changes/start_token", "GET", authorization);
    assert.equal(response.status, 401);
    assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/);
  }
  assert.equal((await call("/changes/start_token", "GET", "Bearer reader-token")).status, 200);
  assert.equal((await call("/trash", "DELETE", "Bearer reader-token")).status, 403);
  assert.equal((await call("/admin/scrub", "GET", "Bearer user-token")).status, 403);
  const later = await call("/admin/scrub", "GET", "Bearer admin-token");
  assert.deepEqual([later.status, later.headers.get("retry-after")], [503, "7"]);
});

test("an unexpected error is 500 without details, and is logged with its stack", async (t) => {
  const server = await start(t, {
    getStartToken: () => {
      throw new TypeError("/etc/secret-place");
    },
  });
  const response = await fetch(`${server.url}/api/v1/changes/start_token`, { headers: asUser });
  const text = await response.text();
  assert.equal(response.status, 500);
  assert.ok(!text.includes("secret-place"));
  await response.body?.cancel().catch(() => {});
  await server.close(1000);
  const line = server.lines.find((one) => one["status"] === 500);
  assert.match(JSON.stringify(line?.["error"]), /secret-place/);
  assert.equal(line?.["request_id"], response.headers.get("x-request-id"));
});

test("HEAD returns the headers of GET without reading the stream, and a known ETag gets 304", async (t) => {
  let pulled = false;
  const server = await start(t, {
    download: () => ({
      status: 200,
      headers: { "content-length": 5, "content-type": "text/plain" },
      bytes: (async function* () {
        pulled = true;
        yield Buffer.from("hello");
      })(),
    }),
    queryManifests: () => ({ status: 200, json: { items: [] } }),
    getAccount: () => ({ status: 200, json: {} as never, headers: { etag: '"r1"' } }),
    updateNode: () => ({ status: 200, json: {} as never, headers: { etag: '"r1"' } }),
  });
  const head = await fetch(`${server.url}/api/v1/files/x/download`, { method: "HEAD", headers: asUser });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text(), pulled], [200, "5", "", false]);
  const get = await fetch(`${server.url}/api/v1/files/x/download`, { headers: asUser });
  assert.equal(await get.text(), "hello");
  const statusOf = async (tag: string): Promise<number> =>
    (await fetch(`${server.url}/api/v1/account`, { headers: { ...asUser, "if-none-match": tag } })).status;
  assert.deepEqual(await Promise.all(['W/"r1"', "*", '"r2", "r1"', '"r2"'].map(statusOf)), [304, 304, 304, 200]);
  const changed = await fetch(`${server.url}/api/v1/files/x`, {
    method: "PATCH",
    headers: { ...asUser, "content-type": "application/json", "if-none-match": '"r1"' },
    body: '{"name":"y"}',
  });
  assert.equal(changed.status, 200, "for a change it says nothing of the answer");
});

test("the log has one line per request, without secrets", async (t) => {
  const server = await start(t, {
    createSession: () => Promise.reject(new HoldfastError("unauthenticated", "no")),
    putSignedBlock: ({ log }) => {
      log.info({ grant: "the-grant", nested: { password: "hunter22" } }, "seen");
      return Promise.reject(new HoldfastError("not_found", "no"));
    },
    listChanges: () => ({
      status: 200,
      json: { changes: [], next_token: "", has_more: false, epoch: "", share_seqs: {} },
    }),
  });
  await fetch(`${server.url}/api/v1/sessions`, {
    method: "POST",
    headers: { ...json, authorization: "Bearer very-secret" },
    body: JSON.stringify({ email: "a@b", password: "hunter22" }),
  });
  await fetch(`${server.url}/api/v1/blocks/signed/the-grant`, { method: "PUT", body: "x" });
  await fetch(`${server.url}/api/v1/changes/list?since_token=the-cursor`, { headers: asUser });
  await fetch(`${server.url}/api/v1/nothing/the-grant`, { headers: asUser });
  await server.close(1000);
  assert.equal(server.lines.filter((line) => line["route"] !== undefined).length, 4);
  for (const secret of ["hunter22", "very-secret", "the-grant", "the-cursor", "user-token"]) {
    assert.ok(!server.logText().includes(secret), secret);
  }
});

test("requests with another host name or a query that is not UTF-8 reach no handler", async (t) => {
  const handlers: Handlers = {
    lookUpPath: () => Promise.reject(new HoldfastError("exists", "The handler was reached.")),
  };
  const ask = (port: number, host: string, query: string) =>
    speakRaw(
      port,
      `GET /api/v1/metadata?path=${query} HTTP/1.1\r\nhost: ${host}\r\nx-forwarded-for: 192.0.2.1\r\nauthorization: Bearer user-token\r\nconnection: close\r\n\r\n`,
    );
  const server = await start(t, handlers, { ownNames: ["drive.example"] });
  assert.match(await ask(server.port, "drive.example:8420", "a"), /The handler was reached/);
  assert.match(await ask(server.port, "evil.example", "a"), /^HTTP\/1.1 400 [^]*"field":"Host"/);
  assert.match(await ask(server.port, "127.0.0.1", "a%E9"), /^HTTP\/1.1 400 [^]*"field":"path"/);
  const proxied = await start(t, handlers, { ownNames: ["drive.example"], proxyHops: 1 });
  assert.match(await ask(proxied.port, "what.the.proxy.says", "a"), /The handler was reached/);
});

test("behind a proxy, a stopping server answers a request on an idle connection and closes it", async (t) => {
  const health = { live: () => ({ status: 200, json: { status: "ok" } }) } satisfies Handlers;
  const server = await start(t, health, { proxyHops: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const ask = async (path = "/healthz") => {
    const asked = request(`${server.url}${path}`, { agent });
    asked.end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    await once(answer.resume(), "end");
    return [answer.statusCode, answer.headers.connection];
  };
  assert.deepEqual(await ask("/nothing"), [404, "keep-alive"], "a refusal without a body is no reason to end it");
  assert.deepEqual(await ask(), [200, "keep-alive"]);
  const closed = server.close(5000);
  assert.deepEqual(await ask(), [200, "close"]);
  await closed;
  await assert.rejects(ask(), { code: "ECONNREFUSED" });
});

test("a full quota is logged as a request, and a full store as one warning without stacks", async (t) => {
  const server = await start(t, {
    getStartToken: () => Promise.reject(new HoldfastError("quota", "The quota is used up.")),
    queryNodes: () => Promise.reject(new HoldfastError("store_full", "The disk is full.")),
  });
  const { status } = await fetch(`${server.url}/api/v1/changes/start_token`, { headers: asUser });
  const full = await fetch(`${server.url}/api/v1/nodes/query`, { method: "POST", headers: asUser, body: '{"ids":[]}' });
  await server.close(1000);
  assert.deepEqual([status, full.status], [507, 503]);
  assert.deepEqual(
    server.lines.map(({ level, code, message, cause }) => [level, code, message, cause]),
    [
      ["info", "quota", "request", undefined],
      ["warn", undefined, "requests are rejected: the store is full", "The disk is full."],
      ["info", "store_full", "request", undefined],
    ],
  );
});

test("headers above the limit and broken HTTP get problem responses", async (t) => {
  const server = await start(t, {});
  const large = await speakRaw(server.port, `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(20_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1.1 431 [^]*header_too_large/);
  const broken = await speakRaw(server.port, "NONSENSE\r\n\r\n");
  assert.match(broken, /^HTTP\/1.1 400 [^]*x-content-type-options: nosniff[^]*bad_request/);
});

test("a body above the limit is rejected by its declared and by its actual length", async (t) => {
  const server = await start(t, { queryNodes: () => ({ status: 200, json: { items: [] } }) });
  const declared = await speakRaw(
    server.port,
    `POST /api/v1/nodes/query HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer user-token\r\ncontent-length: 99999999\r\n\r\n`,
  ).catch(() => "");
  assert.match(declared, /^HTTP\/1.1 413 [^]*too_large/);
  const piece = Buffer.alloc(1024 * 1024, " ");
  const body = new ReadableStream({
    start: () => {},
    pull: (controller) => controller.enqueue(piece),
  });
  const response = await fetch(`${server.url}/api/v1/nodes/query`, {
    method: "POST",
    headers: { ...asUser, ...json },
    body,
    duplex: "half",
  });
  assert.equal(response.status, 413);
});

test("JSON can be compressed with zstd in both directions, and oversized or damaged bodies are rejected", async (t) => {
  const server = await start(t, {
    queryNodes: ({ body }) => ({
      status: 200,
      json: { items: body.ids.map((id) => ({ id, state: "gone" as const })) },
    }),
  });
  const ids = Array.from({ length: 1000 }, (_, index) => `${index}`);
  const post = (body: Uint8Array | string, headers: object) =>
    fetch(`${server.url}/api/v1/nodes/query`, {
      method: "POST",
      headers: { ...asUser, ...json, "content-encoding": "zstd", "accept-encoding": "identity", ...headers },
      body: body as NonNullable<RequestInit["body"]>,
    });
  const text = JSON.stringify({ ids });
  const plain = await post(text, { "content-encoding": "identity" });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(plain.headers.get("vary"), "accept-encoding");
  const expected = await plain.text();
  const packed = await post(zstdCompressSync(text), { "accept-encoding": "gzip, zstd;q=0.5" });
  assert.equal(packed.headers.get("content-encoding"), "zstd");
  const bytes = Number(packed.headers.get("content-length"));
  assert.ok(bytes < expected.length / 4, `${bytes} of ${expected.length}`);
  assert.equal(await packed.text(), expected);
  assert.equal(
    (await post(zstdCompressSync(text), { "accept-encoding": "zstd;q=0" })).headers.get("content-encoding"),
    null,
  );
  for (const [body, code] of [
    [text, "bad_request"],
    [zstdCompressSync(text).subarray(0, 100), "bad_request"],
    [zstdCompressSync(Buffer.alloc(limits.requestJsonBytesMax + 1, " ")), "too_large"],
  ] as const) {
    assert.equal((await problemOf(await post(body, {})))["code"], code);
  }
});

test("a compressed response is one frame, for any length", async (t) => {
  const text = hexText("answer", 40_000);
  const answerOf = (length: number) => ({
    items: [{ id: text.toString("latin1", 0, length), state: "gone" as const }],
  });
  const server = await start(t, {
    queryNodes: ({ body }) => ({ status: 200, json: answerOf(Number(body.ids[0])) }),
  });
  const frameLengthOf = ({ length }: Uint8Array) =>
    compressFrame(Buffer.from(JSON.stringify(answerOf(length))), { level: 1 }).length;
  const met = new Set<number>();
  for (const { length } of beginningsAround(text, 16_384, frameLengthOf)) {
    const bytes = await undecoded(`${server.url}/api/v1/nodes/query`, { ids: [String(length)] });
    assert.deepEqual(JSON.parse(zstdDecompressSync(bytes).toString()), answerOf(length));
    assert.notEqual(bytes.toString("hex", bytes.length - 9), "28b52ffd2000010000");
    met.add(bytes.length);
  }
  assert.ok(met.has(16_384), `met only ${[...met].join(", ")}`);
});

async function undecoded(url: string, body: unknown): Promise<Buffer> {
  const asking = request(url, { method: "POST", headers: { ...asUser, ...json, "accept-encoding": "zstd" } });
  asking.end(JSON.stringify(body));
  const [answer] = (await once(asking, "response")) as [AsyncIterable<Buffer>];
  return Buffer.concat(await Array.fromAsync(answer));
}

test("an unreadable proxy address is reported once per request", async (t) => {
  const entries: string[] = [];
  const server = await start(t, {}, { proxyHops: 1, onUnreadableAddress: (entry) => entries.push(entry) });
  const send = async (headers: Record<string, string>) => {
    await (await fetch(`${server.url}/api/v1/nothing`, { headers })).text();
  };
  await send({ "x-forwarded-for": "192.0.2.1:443" });
  await send({ forwarded: 'for="[2001:db8::1]:443"' });
  await send({});
  await send({ "x-forwarded-for": "192.0.2.1, unknown" });
  await send({ forwarded: "for=_hidden" });
  assert.deepEqual(entries, ["unknown", "for=_hidden"]);
});
