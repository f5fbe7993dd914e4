import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { openHttpTransport } from "@holdfast/api-client/http-transport";
import type { Transport } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import { watchedTransport } from "./watched-transport.ts";

const request = { method: "GET", path: "/", headers: {}, body: undefined, signal: undefined } as const;

test("a server that stops responding is reported once, and one that never responded is not", async () => {
  const answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
  const listener = createServer((socket) => socket.once("data", () => socket.end(answer)));
  await once(listener.listen(0, "127.0.0.1"), "listening");
  const server = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  let silences = 0;
  const watch = () => watchedTransport(openHttpTransport({ server, connections: 1 }), server, () => (silences += 1));
  const transport = watch();
  assert.equal((await transport.send(request)).status, 204);
  await once(listener.close(), "close");
  for (let attempt = 0; attempt < 3; attempt += 1)
    await assert.rejects(transport.send(request), { code: "unreachable" });
  assert.equal(silences, 1);
  const stranger = watch();
  await assert.rejects(stranger.send(request), { code: "unreachable" });
  assert.equal(silences, 1);
  await Promise.all([transport.close(), stranger.close()]);
});

test("a request ended by closing the transport does not count as a silent server", async () => {
  const pending = Promise.withResolvers<never>();
  const destroyed = new HoldfastError("unreachable", "closed", { body: { network: "UND_ERR_DESTROYED" } });
  const answers = [Promise.resolve({}), pending.promise];
  const inner = {
    send: () => answers.shift(),
    close: () => Promise.resolve(pending.reject(destroyed)),
  } as unknown as Transport;
  const transport = watchedTransport(inner, "http://127.0.0.1:1", () => assert.fail("silence is reported"));
  await transport.send(request);
  const sent = assert.rejects(transport.send(request), { code: "unreachable" });
  await transport.close();
  await sent;
});

test("a server without TLS at an https address is reported with the address to use", async (t) => {
  const failure = new HoldfastError("unreachable", "wrong version number", { body: { network: "EPROTO" } });
  const inner = { send: () => Promise.reject(failure), close: () => Promise.resolve() } as unknown as Transport;
  const transport = watchedTransport(inner, "https://drive.example:8420", () => undefined);
  t.after(() => transport.close());
  await assert.rejects(transport.send(request), {
    code: "unreachable",
    message: "The server at drive.example:8420 does not use TLS: use http://drive.example:8420.",
  });
});

test("a foreign content type in a message is truncated", async () => {
  const type = `text/html; charset=${"x".repeat(5000)}`;
  const headers = new Map([
    ["content-type", type],
    ["link", type],
  ]);
  const answer = { status: 200, header: (name: string) => headers.get(name), body: [] };
  const inner = { send: () => Promise.resolve(answer), close: () => Promise.resolve() } as unknown as Transport;
  const seen = await watchedTransport(inner, "http://127.0.0.1:1", () => undefined).send(request);
  assert.deepEqual(
    [seen.status, ...["content-type", "link", "date"].map((name) => seen.header(name))],
    [200, `${type.slice(0, 99)}…`, type, undefined],
  );
});
