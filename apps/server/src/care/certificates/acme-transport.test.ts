import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { requireComponent } from "@holdfast/tools/components";
import { acmeTransport } from "./acme-transport.ts";

const problem = (type: string) => JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail: "too many" });

test("calls verify TLS, have a size limit, and return errors with their message and retry time", async (t) => {
  if (!requireComponent(t, "openssl")) return;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-transport-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key"), join(folder, "crt")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...name, "-keyout", keyFile, "-out", certFile], {
    stdio: "ignore",
  });
  const cert = readFileSync(certFile, "utf8");
  const server = createServer({ key: readFileSync(keyFile), cert }, (request, response) => {
    if (request.url === "/limited") response.writeHead(429, { "retry-after": "7200" }).end(problem("rateLimited"));
    else if (request.url === "/nonce") response.writeHead(400, { "replay-nonce": "n" }).end(problem("badNonce"));
    else if (request.url === "/html") response.writeHead(502).end("<html>Bad gateway</html>");
    else if (request.url === "/large") response.end("x".repeat(3_000_000));
    else response.end(JSON.stringify({ agent: request.headers["user-agent"], method: request.method }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  const options = { rootCertificate: cert, userAgent: "holdfast/1", signal: stop.signal };
  const call = acmeTransport(options);
  const get = (path: string, by = call) => by({ url: `https://localhost:${port}${path}`, method: "get" });
  const thrown = async (path: string, by = call): Promise<HoldfastError> => {
    const error = await get(path, by).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof HoldfastError, path);
    return error;
  };

  assert.deepEqual(JSON.parse((await get("/")).data), { agent: "holdfast/1", method: "GET" });
  const limited = await thrown("/limited");
  assert.deepEqual([limited.code, limited.retryAfterSeconds], ["rate_limited", 7200]);
  assert.equal((await get("/nonce")).status, 400, "the library tries again with the nonce that came");
  assert.match((await thrown("/html")).message, /refused \(502\)/);
  assert.match((await thrown("/large")).message, /longer than 1000000 bytes/);
  const trusting = acmeTransport({ ...options, rootCertificate: undefined });
  assert.match((await thrown("/", trusting)).message, /HOLDFAST_ACME_CA/);
  await assert.rejects(call({ url: `http://localhost:${port}/`, method: "get" }), /does not use https/);
  stop.abort();
  await assert.rejects(get("/"));
});
