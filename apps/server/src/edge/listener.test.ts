import assert from "node:assert/strict";
import dns from "node:dns/promises";
import { once } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { openListener } from "./listener.ts";

/** Systems differ in the addresses of the name. */
function setLocalhost(t: TestContext, addresses: readonly string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  t.mock.method(dns, "lookup", () => Promise.resolve(found));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

test("listens on every available address of localhost until it is closed", async (t) => {
  // The last one belongs to no machine (RFC 5737).
  setLocalhost(t, ["127.0.0.1", "127.0.0.2", "192.0.2.1"]);
  const listener = openListener({}, 5000, (request, response) => response.end(request.url));
  t.after(() => listener.close());
  const { port } = new URL(await listener.listen("localhost", 0));
  const urls = ["127.0.0.1", "127.0.0.2"].map((address) => `http://${address}:${port}/path`);
  for (const url of urls) assert.equal(await (await fetch(url)).text(), "/path", url);
  await listener.close();
  for (const url of urls) await assert.rejects(fetch(url), url);
});

test("reports an address that is in use", async () => {
  const first = openListener({}, 5000, (_request, response) => response.end());
  const { port } = new URL(await first.listen("127.0.0.1", 0));
  const second = openListener({}, 5000, (_request, response) => response.end());
  await assert.rejects(second.listen("127.0.0.1", Number(port)), { code: "EADDRINUSE" });
  await second.close();
  await first.close();
});

test("a connection without a TLS handshake does not delay the server's exit", async (t) => {
  const listener = openListener({ tls: { cert: "", key: "" } }, 5000, (_request, response) => response.end());
  const { port } = new URL(await listener.listen("127.0.0.1", 0));
  const socket = connect(Number(port), "127.0.0.1");
  t.after(() => socket.destroy());
  const accepted = once(listener.server, "connection");
  await Promise.all([once(socket, "connect"), accepted]);
  const closed = listener.close();
  listener.cut();
  await closed;
});

test("invalid bytes end a running response without an error page in it", async (t) => {
  const listener = openListener({}, 5000, (_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("begun");
  });
  t.after(() => {
    listener.cut();
    return listener.close();
  });
  const { port } = new URL(await listener.listen("127.0.0.1", 0));
  const socket = connect(Number(port), "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const [first] = (await once(socket, "data")) as [Buffer];
  socket.write("no request\r\n\r\n");
  const rest = await text(socket).catch(() => "");
  assert.match(`${first.toString()}${rest}`, /^HTTP\/1\.1 200 OK[^]*\r\n\r\nbegun$/);
});
