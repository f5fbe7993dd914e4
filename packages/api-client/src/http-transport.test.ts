import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { requireComponent } from "@holdfast/tools/components";
import { openHttpTransport } from "./http-transport.ts";
import type { Transport } from "./transport.ts";

const mib = 1024 * 1024;
const timeoutMs = 800;

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

// Concurrent, because the tests mostly wait for timeouts.
describe("HTTP transport", { concurrency: true }, () => {
  test("limits the time of each part of a request body, not of the whole", async (t) => {
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

  test("detects a server that stops reading", async (t) => {
    const transport = await connected(t, (socket) => socket.once("data", () => socket.pause()));
    await assert.rejects(transport.send(upload(48 * mib)), isUnreachable);
  });

  test("detects a response that stops midway, and accepts a slow one", async (t) => {
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

test("an untrusted, expired or not yet valid certificate is reported as such", async (t) => {
  if (!requireComponent(t, "openssl")) return;
  const hours = (from: number): string =>
    new Date(Date.now() + from * 3600_000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  for (const [from, to, isTrusted, said] of [
    [
      -2,
      2,
      false,
      /is not signed by an authority that this computer trusts\. 'holdfast login https:.*set NODE_EXTRA_CA_CERTS to a file/,
    ],
    [-2, -1, true, /has expired\. The server's administrator has to renew it/],
    [1, 2, true, /is not valid yet\. Check the clocks/],
  ] as const) {
    const { key, cert } = makeCertificate(t, hours(from), hours(to));
    const server = createTlsServer({ key, cert }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const trust = isTrusted ? { caCert: cert } : undefined;
    const transport = openHttpTransport({ server: `https://127.0.0.1:${port}`, trust, connections: 1 });
    t.after(() => transport.close());
    await assert.rejects(transport.send(download), { code: "unreachable", message: said });
  }
});

/** Creates a self-signed certificate for 127.0.0.1. @param from and `to` in ASN.1 format: 20260131120000Z */
function makeCertificate(t: TestContext, from: string, to: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-certificate-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const settings = `[ca]\ndefault_ca=own\n[own]\ndatabase=index\nnew_certs_dir=.\nserial=serial\ndefault_md=sha256\npolicy=any
x509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=IP:127.0.0.1\n[req]\ndistinguished_name=any\n`;
  for (const [name, content] of Object.entries({ settings, index: "", serial: "01\n" }))
    writeFileSync(join(folder, name), content);
  const openssl = (command: string): unknown =>
    execFileSync("openssl", command.split(" "), { cwd: folder, stdio: "ignore" });
  openssl(
    "req -config settings -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key -subj /CN=own -out request",
  );
  openssl(
    `ca -batch -selfsign -config settings -keyfile key -in request -startdate ${from} -enddate ${to} -notext -out cert`,
  );
  return { key: readFileSync(join(folder, "key"), "utf8"), cert: readFileSync(join(folder, "cert"), "utf8") };
}

function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "unreachable";
}
