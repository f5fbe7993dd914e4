import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test, type TestContext } from "node:test";
import { openFetchTransport } from "./fetch-transport.ts";
import type { Transport, TransportRequest } from "./transport.ts";

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

async function connected(t: TestContext, serve: Serve, answerTimeoutMs?: number): Promise<Transport> {
  const server = createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return openFetchTransport({
    server: `http://127.0.0.1:${port}`,
    ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
  });
}

const get: TransportRequest = { method: "GET", path: "/a?b=1", headers: {}, body: undefined, signal: undefined };

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const slice of body) text += Buffer.from(slice).toString();
  return text;
}

test("a call sends its method, path, headers and body, and returns the server's response", async (t) => {
  const seen: unknown[] = [];
  const transport = await connected(t, (request, response) => {
    seen.push(request.method, request.url, request.headers["x-own"], request.headers["content-length"]);
    request.pipe(response.writeHead(201, { "x-answer": "yes" }));
  });
  const bytes = new TextEncoder().encode("pieces");
  const answer = await transport.send({
    method: "POST",
    path: "/a?b=1",
    headers: { "x-own": "1", "content-length": "6", "content-type": "text/plain" },
    body: [bytes.subarray(0, 2), bytes.subarray(2)],
    signal: undefined,
  });
  assert.deepEqual([answer.status, answer.header("x-answer"), answer.header("x-none")], [201, "yes", undefined]);
  assert.equal(await textOf(answer.body), "pieces");
  assert.deepEqual(seen, ["POST", "/a?b=1", "1", "6"]);
  assert.equal((await transport.send({ ...get, method: "POST", body: '{"a":1}' })).status, 201);
});

test("unreachable, interrupted and silent servers are unreachable, each with its details", async (t) => {
  const nowhere = openFetchTransport({ server: "http://127.0.0.1:1" });
  await assert.rejects(nowhere.send(get), { code: "unreachable", body: { network: "fetch" } });

  const cutting = await connected(t, (request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setImmediate(() => request.socket.destroy());
  });
  const { body } = await cutting.send(get);
  await assert.rejects(textOf(body), { code: "unreachable", body: { network: "cut" } });

  const silent = await connected(t, () => {}, 50);
  await assert.rejects(silent.send(get), { code: "unreachable", body: { network: "timeout" } });
});

test("a response that was delayed on request reports its time separately", async (t) => {
  const transport = await connected(t, (_, response) => void setTimeout(() => response.end("late"), 300), 50);
  const answer = await transport.send({ ...get, headers: { timeout: "60" } });
  assert.equal(await textOf(answer.body), "late");
});

test("an aborted call fails with the abort's reason, and leaving a body early ends the request", async (t) => {
  let closed: Promise<unknown> | undefined;
  const transport = await connected(t, (_, response) => {
    closed = once(response, "close");
    response.write("beginning");
  });
  const reason = new Error("left");
  const ended = transport.send({ ...get, signal: AbortSignal.abort(reason) });
  await assert.rejects(ended, (thrown) => thrown === reason);
  const slices = (await transport.send(get)).body[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await slices.next()).value as Uint8Array).toString(), "beginning");
  await slices.return?.();
  await closed;
});

test("a streamed request body is rejected before anything is sent", async (t) => {
  let arrived = 0;
  const transport = await connected(t, () => (arrived += 1));
  const source = (async function* () {
    yield new Uint8Array(1);
  })();
  await assert.rejects(transport.send({ ...get, method: "POST", body: source }), { code: "internal" });
  assert.equal(arrived, 0);
});

test("a response from another address than the requested one counts as a redirect", async (t) => {
  const transport = await connected(t, ({ url }, response) => {
    if (url === "/elsewhere") response.end('{"sign in": "here"}');
    else response.writeHead(302, { location: "/elsewhere" }).end();
  });
  assert.equal((await transport.send(get)).status, 302);
});
