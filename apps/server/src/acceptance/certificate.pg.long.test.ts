/** `holdfast serve --acme` with a real authority, which checks the server's name. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { after, afterEach, before, describe, test } from "node:test";
import { requireComponent } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { answerOf, type Authority, type Names, startAuthority, startNames } from "./testing-authority.ts";
import {
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  serveArguments,
  serveEnvironment,
  spawnServer,
} from "./testing.ts";

const domain = "drive.example.org";
const hasAll = ["pebble", "pebble-challtestsrv", "openssl"];

describe("Server with a certificate from an ACME authority", () => {
  let folder: string;
  let names: Names | undefined;
  let port: number;
  const opened: (() => Promise<unknown>)[] = [];

  before(async () => {
    folder = makeFolder("certificate");
    port = await reservePort();
  });
  afterEach(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });
  after(async () => {
    await names?.stop();
    removeFolder(folder);
  });

  const authorityOf = async (name: string, validSeconds: number): Promise<Authority> => {
    names ??= await startNames();
    const authority = await startAuthority({ folder: join(folder, name), tlsPort: port, names, validSeconds });
    opened.push(() => authority.stop());
    return authority;
  };
  const start = async (name: string, authority: Authority, args = ["--acme", domain]) => {
    const server = await spawnServer({ dataFolder: join(folder, name), port, args, env: authority.env });
    opened.push(() => server.kill());
    return server;
  };
  const seen = async (root: string, agent: Agent | false = false) => {
    const answer = await answerOf({ host: "127.0.0.1", port, servername: domain, path: "/readyz", ca: root, agent });
    answer.resume();
    const { raw } = (answer.socket as TLSSocket).getPeerCertificate();
    return { status: answer.statusCode, certificate: new X509Certificate(raw) };
  };

  test("obtains it at the first start, stores it and reuses it without the authority", async (t) => {
    if (!hasAll.every((name) => requireComponent(t, name))) return;
    const authority = await authorityOf("authority", 3600);
    const root = await authority.root();
    const server = await start("data", authority, [
      "--acme",
      `${domain},www.example.org`,
      "--acme-email",
      "me@example.org",
    ]);
    assert.equal(server.url, `https://${domain}`);
    const { status, certificate } = await seen(root);
    assert.equal(status, 200);
    assert.equal(certificate.checkHost("www.example.org"), "www.example.org");

    const [of = ""] = readdirSync(join(folder, "data/acme"));
    for (const name of ["account.json", "certificate.json", "tries.json"])
      assert.equal(statSync(join(folder, "data/acme", of, name)).mode & 0o777, 0o600, name);
    assert.equal(statSync(join(folder, "data/acme", of)).mode & 0o777, 0o700);
    const result = await holdfast(["admin", "doctor", "--json", "--data", join(folder, "data")]);
    const { items } = JSON.parse(result.stdout) as { items: { check: string; state: string; detail: string }[] };
    assert.deepEqual(
      items.filter(({ check }) => check === "certificate").map(({ state }) => state),
      ["ok"],
    );

    assert.equal(await server.stop(), 0);
    await authority.stop();
    const again = await start("data", authority, ["--acme", domain]);
    assert.equal((await seen(root)).certificate.serialNumber, certificate.serialNumber, "another one than the kept");
    assert.equal(await again.stop(), 0);
  });

  test("renews it while running, even if the authority lost the account, without breaking connections", async (t) => {
    if (!hasAll.every((name) => requireComponent(t, name))) return;
    const authority = await authorityOf("short", 60);
    const server = await start("renewed", authority);
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const oldRoot = await authority.root();
    const first = await seen(oldRoot, kept);
    await authority.stop();
    await authority.start();
    const root = await authority.root();
    const renewed = await eventually("it is renewed", 240_000, async () => {
      // A new connection would fail from then on: the new certificate has another root.
      assert.equal((await seen(oldRoot, kept)).certificate.serialNumber, first.certificate.serialNumber);
      return seen(root).catch(() => undefined);
    });
    assert.notEqual(renewed.certificate.serialNumber, first.certificate.serialNumber);
    assert.equal((await seen(oldRoot, kept)).status, 200, "the old connection goes on");
    kept.destroy();
    assert.equal(await server.stop(), 0);
  });

  const failing = async (name: string, authority: Authority, args: string[], said: RegExp, isOver = false) => {
    const serving = serveArguments({ dataFolder: join(folder, name), port, args });
    const env = { ...process.env, ...serveEnvironment({ env: authority.env }) };
    const child = spawn(launcher, serving, { env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout.on("data", (piece) => (text += piece));
    child.stderr.on("data", (piece) => (text += piece));
    const closed = once(child, "close");
    const isSaid = eventually(
      "it says why",
      120_000,
      () => (!isOver && said.test(text)) || child.exitCode !== null || undefined,
    );
    try {
      await isSaid;
    } finally {
      if (child.exitCode === null) child.kill("SIGTERM");
      await closed;
    }
    assert.match(text, said);
    assert.doesNotMatch(text, /holdfast ready at/);
    return child.exitCode;
  };

  test("explains names that point elsewhere or to no server, and retries immediately after a restart", async (t) => {
    if (!hasAll.every((name) => requireComponent(t, name))) return;
    const authority = await authorityOf("elsewhere", 3600);
    await names?.point("away.example.org", ["127.0.0.2"]);
    const away = ["--acme", "away.example.org"];
    const nothing = `there is no certificate yet: .* could not verify that .*port 443 to port ${port} of this machine`;
    assert.equal(await failing("away", authority, away, new RegExp(nothing)), 0);
    const [cert, key] = ["own.crt", "own.key"].map((file) => readFileSync(join(folder, "elsewhere", file)));
    const other = createServer({ cert, key }).on("tlsClientError", () => {});
    await once(other.listen(port, "127.0.0.2"), "listening");
    await failing(
      "away",
      authority,
      away,
      /Another server answers there: away\.example\.org points to a different machine/,
    );
    other.close();
    await names?.point("late.example.org", ["127.0.0.1"]);
    const server = await start("away", authority, ["--acme", "late.example.org"]);
    assert.equal(server.url, "https://late.example.org");
    assert.equal(await server.stop(), 0);
  });

  test("exits for a permanently rejected name, and keeps trying while the authority is unreachable", async (t) => {
    if (!hasAll.every((name) => requireComponent(t, name))) return;
    const authority = await authorityOf("refusing", 3600);
    const refused = ["--acme", "refused.example.org"];
    assert.equal(await failing("refused", authority, refused, /Use another with --acme/, true), 2);
    await authority.stop();
    await failing("refused", authority, ["--acme", domain], /The authority at localhost:\d+ cannot be reached/);
  });
});
