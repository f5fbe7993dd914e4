import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { after, before, describe, test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { longTest } from "@holdfast/tools/tiers";
import { sentBytes, startDownload, startUpload } from "./slow-transfers.ts";
import {
  Api,
  holdfast,
  makeFolder,
  removeFolder,
  type RunningServer,
  type ServerProcess,
  serveArguments,
  serveEnvironment,
  spawnServer,
  startServer,
} from "./testing.ts";

describe("One server per data folder", () => {
  let folder: string;
  let data: string;
  let first: ServerProcess;
  let server: RunningServer;

  before(async () => {
    folder = makeFolder("second-server");
    data = `${folder}/data`;
    server = first = await spawnServer({ dataFolder: data });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const serve = (args: readonly string[], dataFolder = data) =>
    holdfast(serveArguments({ dataFolder, args }), { env: serveEnvironment({}) });

  test("a second server fails with the first one's process ID, and the first keeps serving", async () => {
    const { code, stdout, stderr } = await serve([]);
    assert.equal(code, 1);
    assert.doesNotMatch(stdout, /ready/);
    assert.match(stderr, new RegExp(`${data} is in use by another Holdfast server \\(process ${first.pid}\\)`));
    assert.doesNotMatch(stderr, /\n\s+at /, "a stack is no message");
    const api = await Api.signIn(server.url);
    assert.equal((await api.put("/still-served", "yes")).status, 201);
  });

  test("a second server fails through a symbolic link too", async () => {
    execFileSync("ln", ["-s", data, `${folder}/link`]);
    const { code, stderr } = await serve([], `${folder}/link`);
    assert.equal(code, 1);
    assert.match(stderr, /in use by another Holdfast server/);
  });

  test("after kill -9, the next start succeeds despite the remaining database process", async () => {
    await first.kill();
    server = await startServer({ dataFolder: data });
    const api = await Api.signIn(server.url);
    assert.equal((await api.download("/still-served")).body.toString(), "yes");
  });

  test("a public address without TLS is rejected with advice", async () => {
    for (const listen of ["0.0.0.0:0", "[::]:0"]) {
      const { code, stderr } = await serve(["--listen", listen], `${folder}/other`);
      assert.equal(code, 2, stderr);
      assert.match(stderr, /--tls-cert/);
      assert.match(stderr, /--behind-proxy/);
    }
  });

  test("starts behind a proxy and with expected data, and ignores an invalid initial password later", async () => {
    await restart(["--listen", "0.0.0.0:0", "--behind-proxy", "--expect-data"], { HOLDFAST_ADMIN_PASSWORD: "short" });
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status, 200);
  });

  longTest("with its own certificate, serves only TLS", async (t) => {
    if (!requireComponent(t, "openssl")) return;
    const [certificate, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-days", "2"];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    });
    await restart(["--listen", "0.0.0.0:0", "--tls-cert", certificate, "--tls-key", key]);
    assert.match(server.url, /^https:/);
    // A wrong certificate would fail this request.
    const request = get({ host: "127.0.0.1", port: server.port, path: "/readyz", ca: readFileSync(certificate) });
    const [answer] = (await once(request, "response")) as [IncomingMessage];
    answer.resume();
    assert.equal(answer.statusCode, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${server.port}/readyz`), "it answered without TLS");
  });

  const mistakes: readonly (readonly [string, readonly string[], Record<string, string>, RegExp])[] = [
    ["a missing certificate", ["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"], {}, /nowhere\.pem/],
    ["an invalid key", [], { HOLDFAST_KEY_ENCRYPTION_KEY: "c2hvcnQ=" }, /HOLDFAST_KEY_ENCRYPTION_KEY/],
    [
      "an administrator with a short password",
      [],
      { HOLDFAST_ADMIN_EMAIL: "a@example.com", HOLDFAST_ADMIN_PASSWORD: "short" },
      /HOLDFAST_ADMIN_PASSWORD: must have at least 8 characters/,
    ],
  ];
  for (const [what, args, env, told] of mistakes) {
    test(`${what} is reported before a database is created`, async () => {
      const other = `${folder}/other`;
      mkdirSync(other, { recursive: true });
      await assert.rejects(startServer({ dataFolder: other, args, env }), { message: told });
      assert.equal(existsSync(`${other}/postgres`), false);
    });
  }

  test("a data folder with a key but no database, or without expected data, does not become a new server", async () => {
    const [lost, unmounted] = [`${folder}/lost`, `${folder}/unmounted`];
    for (const made of [lost, unmounted]) mkdirSync(made);
    writeFileSync(`${lost}/key-encryption-key`, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
    await assert.rejects(startServer({ dataFolder: lost }), {
      message: /lost\/postgres is missing, but there is the key .*admin rebuild/,
    });
    assert.equal(existsSync(`${lost}/postgres`), false);
    await assert.rejects(startServer({ dataFolder: unmounted, args: ["--expect-data"] }), {
      message: /There is no database in the data folder .*unmounted.* Is its disk mounted/,
    });
    assert.deepEqual(readdirSync(unmounted), [], "the refused start left something below the mount point");
  });

  longTest("stops during slow transfers, and the received bytes of an upload piece are durable", async () => {
    await restart([]);
    const api = await Api.signIn(server.url);
    const [large, pieces] = [randomBytes(40_000_000), randomBytes(6_000_000)];
    assert.equal((await api.put("/large", large)).status, 201);
    const { body: upload } = await api.call("POST", "/files/upload?uploadType=resumable", {
      path: "/pieces",
      size: pieces.length,
    });
    const slow = [
      await startDownload(server, api.token!, await api.idOf("/large")),
      await startUpload(server, api.token!, "POST /api/v1/files/upload?uploadType=media&path=/slow", large),
      await startUpload(server, api.token!, `PUT /api/v1/upload/${upload.upload_id}`, pieces),
    ];
    await server.stop();
    for (const socket of slow) socket.destroy();

    await restart([]);
    const again = await Api.signIn(server.url);
    assert.ok((await again.download("/large")).body.equals(large));
    assert.equal((await again.call("GET", "/metadata?path=/slow")).status, 404, "half an upload became a file");
    const { body: state } = await again.call("GET", `/upload/${upload.upload_id}`);
    assert.equal(state.size, sentBytes, "what arrived before the end is not durable");
    const rest = await again.call("PUT", `/upload/${upload.upload_id}`, undefined, {
      body: pieces.subarray(state.size),
      headers: { "content-range": `bytes ${state.size}-${pieces.length - 1}/${pieces.length}` },
    });
    assert.equal(rest.status, 201, JSON.stringify(rest.body));
    assert.ok((await again.download("/pieces")).body.equals(pieces));
  });

  async function restart(args: readonly string[], env: Record<string, string> = {}): Promise<void> {
    assert.equal(await server.stop(), 0);
    server = await startServer({ dataFolder: data, args, env });
  }
});
