import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { limits } from "@holdfast/core/limits";
import { until } from "@holdfast/tools/bounded";
import type { Handlers } from "./handler.ts";
import { startTestServer, type TestServer } from "../testing.ts";
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

test("a stream is pulled only as fast as the client reads it, and ends when the client disconnects", async (t) => {
  let pulled = 0;
  const ended = Promise.withResolvers<void>();
  const server = await start(t, {
    download: () => ({
      status: 200,
      bytes: (async function* () {
        try {
          for (;;) {
            pulled += 1;
            assert.ok(pulled < 1024, "whatever there is is pulled");
            yield Buffer.alloc(1024 * 1024);
          }
        } finally {
          ended.resolve();
        }
      })(),
    }),
  });
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET /api/v1/files/x/download HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\n\r\n");
  await once(socket, "readable");
  for (let before = -1; before !== pulled; await new Promise((resolve) => setTimeout(resolve, 100))) before = pulled;
  assert.ok(pulled < 64, `${pulled} MiB were pulled`);
  socket.destroy();
  await ended.promise;
});

test("a client that does not read its response is disconnected", async (t) => {
  const ended = Promise.withResolvers<void>();
  const server = await start(
    t,
    {
      download: () => ({
        status: 200,
        bytes: (async function* () {
          try {
            for (;;) yield Buffer.alloc(1024 * 1024);
          } finally {
            ended.resolve();
          }
        })(),
      }),
    },
    { timeouts: { answerIdleTimeoutMs: 150 } },
  );
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("GET /api/v1/files/x/download HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\n\r\n");
  await ended.promise;
  socket.destroy();
});

test("a long response in one piece is cut for a stalled client, but not for a slow one", async (t) => {
  const pass = holdTime(t);
  const json = { items: Array.from({ length: 40 }, () => ({ id: "x".repeat(1024 * 1024), state: "gone" as const })) };
  const server = await start(t, { queryNodes: () => ({ status: 200, json }) });
  const body = '{"ids":[]}';
  const head = `POST /api/v1/nodes/query HTTP/1.1\r\nhost: a\r\nauthorization: Bearer user-token\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
  const slow = connect(server.port, "127.0.0.1");
  slow.write(head + body);
  let taken = 0;
  for await (const bytes of slow as AsyncIterable<Buffer>) {
    // Receiving a megabyte takes a tenth of the time limit for a slice.
    if (Math.floor((taken + bytes.length) / 2 ** 20) > Math.floor(taken / 2 ** 20))
      pass(limits.answerIdleTimeoutMs / 10);
    taken += bytes.length;
  }
  assert.ok(taken > 40 * 1024 * 1024, `${taken} bytes came`);
  const stalled = connect(server.port, "127.0.0.1");
  stalled.on("error", () => {});
  stalled.write(head + body);
  await once(stalled, "readable");
  await until("the first answer is logged", () => server.lines.length >= 1);
  pass(limits.answerIdleTimeoutMs + 1);
  await until("the stalled answer is logged", () => server.lines.length >= 2);
  stalled.destroy();
});
