import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { openHttpTransport } from "./http-transport.ts";
import type { Transport } from "./transport.ts";

const mib = 1024 * 1024;
const timeoutMs = 800;

/** A server that does with a connection what it likes, and a transport that has little patience. */
async function connected(t: TestContext, serve: (socket: Socket) => void): Promise<Transport> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const transport = openHttpTransport({
    server: `http://127.0.0.1:${port}`,
    connections: 1,
    answerTimeoutMs: timeoutMs,
    bodyIdleTimeoutMs: timeoutMs,
  });
  t.after(async () => {
    await transport.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return transport;
}

function upload(sizeBytes: number) {
  const headers = { "content-length": String(sizeBytes) };
  return { method: "POST" as const, path: "/", headers, body: [Buffer.alloc(sizeBytes)], signal: undefined };
}

const download = { method: "GET" as const, path: "/", headers: {}, body: undefined, signal: undefined };

// Together, as each of them mostly waits for timeouts.
describe("a transport", { concurrency: true }, () => {
  test("gives a slow link its time for each part of a body, and not for the whole", async (t) => {
    const sizeBytes = 48 * mib;
    const pauses = 15;
    const pauseMs = timeoutMs / 10;
    const transport = await connected(t, (socket) => {
      let received = 0;
      let paused = 0;
      socket.on("data", (bytes) => {
        received += bytes.length;
        if (received >= sizeBytes) socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        if (received < ((paused + 1) * sizeBytes) / (pauses + 1)) return;
        paused += 1;
        socket.pause();
        setTimeout(() => socket.resume(), pauseMs);
      });
    });
    const started = performance.now();
    assert.equal((await transport.send(upload(sizeBytes))).status, 200);
    assert.ok(performance.now() - started > timeoutMs, "it took longer than the patience for one part");
  });

  test("notices a server that takes nothing any more", async (t) => {
    const transport = await connected(t, (socket) => socket.once("data", () => socket.pause()));
    await assert.rejects(transport.send(upload(48 * mib)), isUnreachable);
  });

  test("notices an answer that stops in the middle, and does not take one that trickles for it", async (t) => {
    const parts = 5;
    let dies = false;
    const transport = await connected(t, (socket) => {
      socket.on("data", () => void trickle(socket));
    });
    async function trickle(socket: Socket): Promise<void> {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${parts}\r\n\r\n`);
      for (let part = 0; part < (dies ? 1 : parts); part += 1) {
        await wait(timeoutMs / 4);
        socket.write("x");
      }
    }
    const read = async (): Promise<number> =>
      Buffer.concat(await Array.fromAsync((await transport.send(download)).body)).length;
    assert.equal(await read(), parts);
    dies = true;
    await assert.rejects(read(), isUnreachable);
  });
});

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "unreachable";
}
