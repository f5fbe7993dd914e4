import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import type { ErrorCode } from "@holdfast/core/errors";
import { makeS3Store } from "./s3-store.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Runs against a server with scripted responses that no real server gives on demand.
 * @param patienceMs short only for silent servers: the server is in this process and shares its pauses
 */
async function withServer(
  answer: RequestListener,
  body: (store: ObjectStore) => Promise<void>,
  patienceMs = 60_000,
): Promise<void> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const endpoint = `http://127.0.0.1:${address.port}`;
  const location = { bucket: "b", prefix: "p/", endpoint, region: "r", pathStyle: true };
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  try {
    const timeouts = { connectTimeoutMs: patienceMs, answerTimeoutMs: patienceMs, idleTimeoutMs: patienceMs };
    await body(makeS3Store({ location, credentials, ...timeouts }));
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}

const problem =
  (status: number, code: string): RequestListener =>
  (request, response) => {
    request.resume().on("end", () => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
    });
  };

test("server errors become codes by the action they require", async () => {
  const expected: readonly (readonly [number, string, ErrorCode])[] = [
    [500, "InternalError", "unavailable"],
    [503, "SlowDown", "unavailable"],
    [429, "TooManyRequests", "unavailable"],
    [400, "BadDigest", "unavailable"],
    [400, "XAmzContentSHA256Mismatch", "unavailable"],
    [507, "InsufficientStorage", "store_full"],
    [403, "QuotaExceeded", "store_full"],
    [403, "AccessDenied", "failed"],
    [404, "NoSuchBucket", "failed"],
    [404, "NoSuchKey", "not_found"],
  ];
  for (const [status, name, code] of expected) {
    await withServer(problem(status, name), async (store) => {
      await assert.rejects(store.get("a"), { code, name: "HoldfastError" }, name);
    });
  }
});

test("no response, a truncated one and a silent server are unavailable, and no attempt is repeated", async () => {
  const broken: RequestListener[] = [
    (request) => request.socket.destroy(),
    (_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("only this");
      setImmediate(() => response.destroy());
    },
    (_request, response) => void response.writeHead(502, { "content-type": "text/html" }).end("<p>no XML"),
  ];
  for (const listener of broken) assert.equal(await requestsUntilUnavailable(listener), 1);
  const silent: RequestListener[] = [
    () => undefined,
    (_request, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("and then silence");
    },
  ];
  // If this process pauses, the time may be over before the server sees the first request.
  for (const listener of silent) assert.ok((await requestsUntilUnavailable(listener, 200)) <= 1);
  let refused: ObjectStore | undefined;
  await withServer(problem(500, "x"), async (store) => void (refused = store));
  await assert.rejects(refused?.put("a", Buffer.from("x")) ?? Promise.resolve(), { code: "unavailable" });
});

test("a range is read only up to its end, and a server that sends the whole object is rejected", async () => {
  const whole: RequestListener = (_request, response) => void response.writeHead(200).end("0123456789");
  await withServer(whole, async (store) => {
    await assert.rejects(store.get("a", { range: { start: 2, end: 5 } }), { code: "unavailable" });
  });
});

test("a put is one PUT that signs the content's SHA-256, without headers that other servers reject", async () => {
  const headers: Record<string, unknown>[] = [];
  const accept: RequestListener = (request, response) => {
    headers.push({ method: request.method, url: request.url, ...request.headers });
    request.resume().on("end", () => response.writeHead(200).end());
  };
  await withServer(accept, (store) => store.put("a/b", [Buffer.from("he"), Buffer.from("llo")]));
  assert.equal(headers.length, 1);
  const [sent = {}] = headers;
  assert.equal(sent["method"], "PUT");
  assert.equal(String(sent["url"]).split("?")[0], "/b/p/a/b");
  assert.equal(sent["content-length"], "5");
  // sha256sum of "hello"
  assert.equal(sent["x-amz-content-sha256"], "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  assert.match(String(sent["authorization"]), /SignedHeaders=[^,]*x-amz-content-sha256/);
  assert.equal(sent["content-encoding"], undefined);
  assert.equal(sent["x-amz-trailer"], undefined);
});

test("an aborted call in progress ends", async () => {
  const controller = new AbortController();
  await withServer(
    () => controller.abort(),
    async (store) => {
      await assert.rejects(store.get("a", { signal: controller.signal }), { code: "request_timeout" });
    },
  );
});

async function requestsUntilUnavailable(listener: RequestListener, patienceMs?: number): Promise<number> {
  let requests = 0;
  const counted: RequestListener = (request, response) => {
    requests += 1;
    listener(request, response);
  };
  const get = (store: ObjectStore): Promise<void> =>
    assert.rejects(store.get("a"), { code: "unavailable", name: "HoldfastError" }, listener.toString());
  await withServer(counted, get, patienceMs);
  return requests;
}
