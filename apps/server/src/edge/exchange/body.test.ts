import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import type { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { until } from "@holdfast/tools/bounded";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Handlers } from "./handler.ts";
import { asUser, readToClose, speakRaw, startTestServer, type TestServer, testTokens } from "../testing.ts";
import { holdTime } from "./testing-time.ts";

async function start(
  t: TestContext,
  handlers: Handlers,
  options: Parameters<typeof startTestServer>[1] = {},
): Promise<TestServer> {
  const server = await startTestServer(handlers, options);
  t.after(() => server.close(0));
  return server;
}

function holdBody() {
  const arrived = Promise.withResolvers<Readable>();
  const answer = Promise.withResolvers<void>();
  const signal = Promise.withResolvers<AbortSignal>();
  const handlers: Handlers = {
    putBlocks: async (context) => {
      arrived.resolve(context.stream);
      signal.resolve(context.signal);
      await answer.promise;
      return { status: 200, json: { stored: 0 } };
    },
  };
  return { handlers, arrived: arrived.promise, signal: signal.promise, answer: () => answer.resolve() };
}

const headersOf = (lengthBytes: number) =>
  `POST /api/v1/blocks HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\ncontent-length: ${lengthBytes}\r\n\r\n`;
/** Headers for a test that reads until the connection ends. An idle connection stays open for more than a minute. */
const closingHeadersOf = (lengthBytes: number) =>
  headersOf(lengthBytes).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");

test("a body is not received faster than its handler reads it", async (t) => {
  const held = holdBody();
  const server = await start(t, held.handlers);
  const totalBytes = 64 * 1024 * 1024;
  const upload = httpRequest(`${server.url}/api/v1/blocks`, {
    method: "POST",
    headers: { ...asUser, "content-length": totalBytes },
  });
  upload.on("error", () => {});
  const piece = Buffer.alloc(1024 * 1024);
  let sentBytes = 0;
  const send = () => {
    while (sentBytes < totalBytes) {
      sentBytes += piece.length;
      if (!upload.write(piece)) return;
    }
    upload.end();
  };
  upload.on("drain", send);
  send();
  const stream = await held.arrived;
  await once(stream, "readable");
  let received = (stream.read(1) as Buffer).length;
  const socket = upload.socket;
  assert.ok(socket);
  // Nobody reads, so writing stops when the kernel's buffers on both sides are full.
  let before = -1;
  for (let quiet = 0; quiet < 5; before = socket.bytesWritten - socket.writableLength) {
    quiet = socket.bytesWritten - socket.writableLength === before ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(before < 32 * 1024 * 1024, `${before} bytes left the client`);
  for await (const bytes of stream as AsyncIterable<Buffer>) received += bytes.length;
  assert.equal(received, totalBytes);
  held.answer();
  const [response] = (await once(upload, "response")) as [{ statusCode: number; resume(): void }];
  response.resume();
  assert.equal(response.statusCode, 200);
});

test("a body that stalls ends with 408, and a slow one does not", async (t) => {
  const pass = holdTime(t);
  let stored = 0;
  const server = await start(
    t,
    {
      putBlocks: async ({ stream }) => {
        stored = 0;
        for await (const bytes of stream as AsyncIterable<Buffer>) stored += bytes.length;
        return { status: 200, json: { stored } };
      },
    },
    { timeouts: { bodyIdleTimeoutMs: 200 } },
  );
  const stalled = speakRaw(server.port, `${headersOf(100)}abc`);
  await until("three pieces are stored", () => stored === 3);
  pass(200);
  assert.match(await stalled, /^HTTP\/1.1 408 [^]*connection: close[^]*request_timeout/);
  const slow = connect(server.port, "127.0.0.1");
  slow.write(closingHeadersOf(8));
  const answer = readToClose(slow);
  for (let sent = 1; sent <= 8; sent++) {
    slow.write("x");
    await until("what was sent is stored", () => stored === sent || slow.destroyed);
    if (sent < 8) pass(199);
  }
  assert.match(await answer, /^HTTP\/1.1 200 [^]*"stored":8/);
});

test("a body below the minimum rate ends with 408, regardless of its pauses", async (t) => {
  const pass = holdTime(t);
  let stored = 0;
  const server = await start(t, {
    putBlocks: async ({ stream }) => {
      for await (const bytes of stream as AsyncIterable<Buffer>) stored += bytes.length;
      return { status: 200, json: { stored } };
    },
  });
  const socket = connect(server.port, "127.0.0.1");
  const answer = readToClose(socket);
  socket.write(headersOf(10_000_000));
  const drip = async (windows: number, bytes: number) => {
    const steps = 4;
    for (let step = 0; step < windows * steps; step += 1) {
      const from = stored;
      socket.write(Buffer.alloc(bytes / steps));
      await until("the part is stored", () => stored === from + bytes / steps || socket.destroyed);
      pass(limits.bodyRateWindowMs / steps);
    }
  };
  // Just fast enough, and never idle for too long.
  await drip(5, limits.bodyRateBytesMin);
  assert.equal(stored, 5 * limits.bodyRateBytesMin);
  await drip(1, limits.bodyRateBytesMin - 4);
  assert.match(await answer, /^HTTP\/1.1 408 [^]*request_timeout/);
});

test("a body ends within two seconds after its caller is revoked, but not because of an unresponsive database", async (t) => {
  const pass = holdTime(t);
  let stored = 0;
  let looks = 0;
  let look = async (caller: Caller): Promise<Caller | undefined> => caller;
  const server = await start(
    t,
    {
      putBlocks: async ({ stream }) => {
        for await (const bytes of stream as AsyncIterable<Buffer>) stored += bytes.length;
        return { status: 200, json: { stored } };
      },
    },
    {
      authenticator: {
        authenticate: (bearer) => Promise.resolve(testTokens[bearer] as Caller),
        authenticateApp: () => Promise.reject(new Error("nobody asks")),
        lookAgain: (caller) => {
          looks += 1;
          return look(caller);
        },
      },
    },
  );
  const short = await fetch(`${server.url}/api/v1/blocks`, { method: "POST", headers: asUser, body: Buffer.alloc(10) });
  assert.deepEqual([await short.json(), looks], [{ stored: 10 }, 0]);
  const socket = connect(server.port, "127.0.0.1");
  const answer = readToClose(socket);
  socket.write(closingHeadersOf(10_000_000));
  const send = async () => {
    const from = stored;
    socket.write(Buffer.alloc(1000));
    await until("it is stored", () => stored === from + 1000);
  };
  const passTo = async (expected: number) => {
    pass(1000);
    assert.equal(looks, expected - 1);
    pass(1000);
    await until("the caller is looked at", () => looks === expected);
    // The next check starts only after this one has its result.
    await new Promise(setImmediate);
  };
  await send();
  await passTo(1);
  look = () => Promise.reject(new HoldfastError("unavailable", "The database does not answer."));
  await send();
  await passTo(2);
  look = () => Promise.resolve(undefined);
  await send();
  await passTo(3);
  assert.match(await answer, /^HTTP\/1.1 401 [^]*while the body of the request was received/);
});

test("a client that is rejected during its body can read the whole response while it still sends", async (t) => {
  // Time stands still, so nothing times out.
  holdTime(t);
  const server = await start(t, holdBody().handlers);
  const head = headersOf(10_000_000);
  const refusals = { 401: head.replace("user-token", "wrong"), 404: head.replace("/blocks", "/no-such-route") };
  for (const [status, blocks] of [
    [401, 0],
    [401, 64],
    [404, 64],
  ] as const) {
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    t.after(() => socket.destroy());
    const heard: Buffer[] = [];
    const ended = once(
      socket.on("data", (bytes: Buffer) => heard.push(bytes)),
      "end",
    );
    socket.write(`${refusals[status]}abc`);
    await ended;
    assert.match(Buffer.concat(heard).toString(), new RegExp(`^HTTP/1.1 ${status} [^]*Connection: close[^]*}$`, "i"));
    for (let sent = 0; sent < blocks; sent += 1)
      await new Promise<void>((resolve, reject) =>
        socket.write(Buffer.alloc(64 * 1024), (error) => (error == null ? resolve() : reject(error))),
      );
    const closed = once(socket, "close");
    socket.end();
    await closed;
  }
});

test("requests after a rejected body on a closed connection are ignored", async (t) => {
  holdTime(t);
  let calls = 0;
  const count = () => {
    calls += 1;
    return { status: 200, json: { token: "next" } } as const;
  };
  const server = await start(t, { ...holdBody().handlers, getStartToken: count });
  const next = "GET /api/v1/changes/start_token HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\n\r\n";
  const head = headersOf(10);
  for (const refused of [head.replace("user-token", "wrong"), head.replace("/blocks", "/no-such-route")]) {
    const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    t.after(() => socket.destroy());
    const ended = once(socket.resume(), "end");
    socket.write(`${refused}abc`);
    await ended;
    const closed = once(socket, "close");
    socket.end(`defghij${next}${next}`);
    await closed;
  }
  assert.equal(calls, 0);
});

test("an account can send a limited number of long bodies at once, and the next one waits", async (t) => {
  const arrived: Readable[] = [];
  const server = await start(t, {
    putBlocks: async ({ stream }) => {
      arrived.push(stream);
      let stored = 0;
      for await (const bytes of stream as AsyncIterable<Buffer>) stored += bytes.length;
      return { status: 200, json: { stored } };
    },
  });
  const lengthBytes = 100_000;
  const sockets = Array.from({ length: limits.bodiesAtOnceMax + 1 }, () => connect(server.port, "127.0.0.1"));
  const answers = sockets.map(readToClose);
  for (const socket of sockets) socket.write(closingHeadersOf(lengthBytes));
  await until("as many bodies arrive as may", () => arrived.length >= limits.bodiesAtOnceMax);
  // Other accounts, and short bodies of the same one, are accepted meanwhile.
  const other = await fetch(`${server.url}/api/v1/blocks`, {
    method: "POST",
    headers: { authorization: "Bearer admin-token" },
    body: Buffer.alloc(lengthBytes),
  });
  assert.deepEqual(await other.json(), { stored: lengthBytes });
  const short = await fetch(`${server.url}/api/v1/blocks`, { method: "POST", headers: asUser, body: Buffer.alloc(10) });
  assert.deepEqual(await short.json(), { stored: 10 });
  assert.equal(arrived.length, limits.bodiesAtOnceMax + 2);
  for (const socket of sockets) socket.write(Buffer.alloc(lengthBytes));
  for (const answer of await Promise.all(answers)) assert.match(answer, /"stored":100000/);
});

test("a slow handler does not time out the client's upload", async (t) => {
  const pass = holdTime(t);
  const held = holdBody();
  const server = await start(t, held.handlers, { timeouts: { bodyIdleTimeoutMs: 50 } });
  const body = Buffer.alloc(1024 * 1024, "x");
  const socket = connect(server.port, "127.0.0.1");
  socket.write(closingHeadersOf(body.length));
  socket.write(body);
  const stream = await held.arrived;
  let received = 0;
  const take = (): boolean => {
    const bytes = stream.read() as Buffer | null;
    received += bytes?.length ?? 0;
    return bytes !== null;
  };
  pass(150);
  take();
  // The buffer is full, so the client waits for the handler.
  await until("as much waits as may", () => stream.readableLength >= stream.readableHighWaterMark);
  pass(150);
  while (received < body.length) if (!take()) await once(stream, "readable", { signal: AbortSignal.timeout(60_000) });
  held.answer();
  assert.match(await readToClose(socket), /^HTTP\/1.1 200 /);
});

test("incomplete headers get 408, and a silent connection is closed", async (t) => {
  const server = await start(t, {}, { timeouts: { headerTimeoutMs: 1000 } });
  const [half, silent] = await Promise.all([
    speakRaw(server.port, "GET / HTTP/1.1\r\nhost:"),
    speakRaw(server.port, ""),
  ]);
  assert.match(half, /^HTTP\/1.1 408 [^]*request_timeout/);
  assert.ok(silent === "" || silent.startsWith("HTTP/1.1 408"));
});

test("a client that disconnects aborts the handler's signal and ends its body with an error", async (t) => {
  const held = holdBody();
  const server = await start(t, held.handlers);
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`${headersOf(100)}abc`);
  const [stream, signal] = await Promise.all([held.arrived, held.signal]);
  const reading = (async () => {
    for await (const bytes of stream) assert.equal(String(bytes), "abc");
  })();
  const aborted = once(signal, "abort");
  socket.destroy();
  await assert.rejects(reading, /ended in the middle of the body/);
  await aborted;
  held.answer();
});

test("a response before the end of the body arrives, and the connection serves the next request", async (t) => {
  const server = await start(t, {
    putBlocks: async ({ stream }) => {
      await once(stream, "readable");
      assert.ok(stream.read() !== null);
      return { status: 200, json: { stored: 0 } };
    },
    getStartToken: () => ({ status: 200, json: { token: "next" } }),
  });
  const socket = connect(server.port, "127.0.0.1");
  const body = Buffer.alloc(4 * 1024 * 1024);
  socket.write(headersOf(body.length));
  socket.write(body);
  socket.write(
    "GET /api/v1/changes/start_token HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\nconnection: close\r\n\r\n",
  );
  assert.match(await readToClose(socket), /^HTTP\/1.1 200 [^]*"stored":0[^]*HTTP\/1.1 200 [^]*"token":"next"/);
});

test("a server that stops lets running requests finish, and cuts them after the deadline", async () => {
  const held = holdBody();
  const server = await startTestServer(held.handlers);
  const answered = speakRaw(server.port, `${headersOf(3)}abc`);
  await held.arrived;
  const closed = server.close(5000);
  held.answer();
  assert.match(await answered, /^HTTP\/1.1 200 [^]*[Cc]onnection: close/);
  await closed;

  const stuck = holdBody();
  const other = await startTestServer(stuck.handlers);
  const cut = speakRaw(other.port, `${headersOf(3)}abc`);
  const signal = await stuck.signal;
  await other.close(50);
  assert.equal(signal.aborted, true);
  assert.equal(await cut, "");
  stuck.answer();
});
