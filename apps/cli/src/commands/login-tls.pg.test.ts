import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { get } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { after, before, test } from "node:test";
import {
  administrator,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { runCommand } from "./testing-run.ts";

const home = makeFolder("login-tls");
let server: RunningServer;
let secureUrl: string;

before(async () => {
  makeCertificate("own", "IP:127.0.0.1");
  makeCertificate("other", "DNS:elsewhere.example");
  server = await startServer({ dataFolder: `${home}/data`, args: tlsArguments("own") });
  secureUrl = `https://127.0.0.1:${server.port}`;
});
after(async () => {
  await server?.stop();
  removeFolder(home);
});

test("an untrusted certificate is reported with its fingerprint before the password is requested", async () => {
  const { code, stderr } = await signIn(secureUrl);
  assert.equal(code, 7, stderr);
  assert.match(stderr, /not signed by an authority that this computer trusts/);
  assert.ok(stderr.includes(`--fingerprint SHA256:${fingerprintOf("own")}`), stderr);
  const asOpenssl = fingerprintOf("own").toUpperCase().match(/../g)?.join(":");
  assert.ok(stderr.includes(`as openssl shows it: ${asOpenssl}.`), stderr);
});

test("without a login, an untrusted certificate is reported with working instructions to trust it", async () => {
  const link = `${secureUrl}/s/hfl_${"a".repeat(43)}`;
  const token = { HOLDFAST_SERVER: secureUrl, HOLDFAST_TOKEN: "hfp_none" };
  const config = { HOLDFAST_CONFIG_DIR: `${home}/no-login` };
  for (const [args, environment] of [
    [["get", link, "-"], config],
    [["ls"], { ...config, ...token }],
  ] as const) {
    const { code, stderr } = await runCommand(environment, args);
    assert.equal(code, 7, stderr);
    assert.match(
      stderr,
      /not signed by an authority that this computer trusts\. 'holdfast login https.*set NODE_EXTRA_CA_CERTS to a file/,
    );
  }
  const trusted = await holdfast(["get", link, "-"], { env: { ...config, NODE_EXTRA_CA_CERTS: `${home}/own.crt` } });
  assert.equal(trusted.code, 3, trusted.stderr);
  assert.match(trusted.stderr, /This link does not exist or is no longer valid/);
});

test("only the certificate with the given fingerprint is trusted, and the login stores it", async () => {
  const { port } = server;
  const signedIn = await signIn(
    secureUrl,
    "--fingerprint",
    `sha256:${fingerprintOf("own").toUpperCase().match(/../g)?.join(":")}`,
  );
  assert.equal(signedIn.code, 0, signedIn.stderr);
  assert.equal((await account()).certificate_sha256, fingerprintOf("own"), "for the command that the app shows");
  assert.equal((await run(["put", "-", "/note.txt"], "by TLS")).code, 0);
  assert.equal((await run(["cat", "/note.txt"])).stdout, "by TLS");
  mkdirSync(`${home}/drive`);
  const synced = await run(["sync", `${home}/drive`, "--once"]);
  assert.equal(synced.code, 0, synced.stderr);
  assert.equal(readFileSync(`${home}/drive/note.txt`, "utf8"), "by TLS");
  const wrong = await signIn(secureUrl, "--fingerprint", `SHA256:${fingerprintOf("other")}`);
  assert.equal(wrong.code, 7, wrong.stderr);
  const shown = `has the fingerprint SHA256:${fingerprintOf("own")}, not the one given with --fingerprint.`;
  assert.ok(wrong.stderr.includes(shown), wrong.stderr);
  assert.equal((await signIn(secureUrl, "--fingerprint", "SHA256:abc")).code, 2);

  await server.stop();
  server = await startServer({ dataFolder: `${home}/data`, port, args: tlsArguments("other") });
  const changed = await run(["ls"]);
  assert.equal(changed.code, 7, changed.stderr);
  assert.match(changed.stderr, /is not the one that this login trusts.*sign in again/);
  assert.ok(changed.stderr.includes(`SHA256:${fingerprintOf("other")}`), changed.stderr);
  await server.stop();
  server = await startServer({ dataFolder: `${home}/data`, port, args: tlsArguments("own") });
});

test("a certificate given as a file, or its issuer's, is trusted for its own name", async () => {
  const signedIn = await signIn(secureUrl, "--ca-cert", `${home}/own.crt`);
  assert.equal(signedIn.code, 0, signedIn.stderr);
  assert.equal((await run(["whoami"])).code, 0);
  assert.equal((await signIn(secureUrl, "--ca-cert", `${home}/other.crt`)).code, 7);
  writeFileSync(`${home}/no.crt`, "no certificate");
  assert.equal((await signIn(secureUrl, "--ca-cert", `${home}/no.crt`)).code, 2);
  assert.equal((await signIn(secureUrl, "--ca-cert", `${home}/own.crt`, "--fingerprint", "SHA256:abc")).code, 2);
});

longTest("a running sync adopts the fingerprint and the certificate trusted by a new login", async (t) => {
  const { port } = server;
  const fingerprint = (name: string): string[] => ["--fingerprint", `SHA256:${fingerprintOf(name)}`];
  assert.equal((await signIn(secureUrl, ...fingerprint("own"))).code, 0);
  const drive = `${home}/running`;
  const env = { ...process.env, HOLDFAST_CONFIG_DIR: `${home}/config` };
  const args = ["sync", drive, "--remote", "/running"];
  const sync = spawn(launcher, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(sync, "exit");
  t.after(async () => {
    sync.kill();
    await ended;
  });
  let said = "";
  sync.stderr.on("data", (bytes: Buffer) => (said += String(bytes)));
  const arrives = async (name: string): Promise<void> => {
    const put = await run(["put", "-", `/running/${name}`], name);
    assert.equal(put.code, 0, put.stderr);
    const isThere = (): true | undefined => (existsSync(`${drive}/${name}`) ? true : undefined);
    await eventually(`${name} arrives`, 90_000, isThere).catch((thrown: unknown) =>
      assert.fail(`${String(thrown)}: ${said}`),
    );
  };
  await eventually("the folder is made", 60_000, async () =>
    (await run(["ls", "/running"])).code === 0 ? true : undefined,
  );
  await arrives("before");
  for (const [name, trust] of [
    ["other", fingerprint("other")],
    ["own", ["--ca-cert", `${home}/own.crt`]],
  ] as const) {
    await server.stop();
    server = await startServer({ dataFolder: `${home}/data`, port, args: tlsArguments(name) });
    await eventually("the running client meets the certificate", 60_000, async () =>
      /certificate/.test((await run(["status"])).stdout) ? true : undefined,
    );
    const signedIn = await signIn(secureUrl, ...trust);
    assert.equal(signedIn.code, 0, signedIn.stderr);
    await arrives(name);
  }
});

test("plain http to a TLS port is reported, and so is another kind of server", async (t) => {
  const plain = await signIn(`http://127.0.0.1:${server.port}`);
  assert.equal(plain.code, 7, plain.stderr);
  assert.ok(plain.stderr.includes(`its address is ${secureUrl}`), plain.stderr);
  const router = createServer((_, answer) => answer.end("<h1>Your router</h1>")).listen(0, "127.0.0.1");
  t.after(() => router.close());
  await once(router, "listening");
  const url = `http://127.0.0.1:${(router.address() as AddressInfo).port}`;
  const login = ["login", url, "--email", administrator.email, "--password-stdin"];
  const { code, stderr } = await run(login, "a password\n");
  assert.equal(code, 7, stderr);
  assert.match(stderr, /is not a Holdfast server \(it answered 200, no content type\)/);
});

function tlsArguments(name: string): string[] {
  return ["--tls-cert", `${home}/${name}.crt`, "--tls-key", `${home}/${name}.key`];
}

function makeCertificate(name: string, alternativeName: string): void {
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", `/CN=${name}.example`, "-addext", `subjectAltName=${alternativeName}`];
  const files = ["-keyout", `${home}/${name}.key`, "-out", `${home}/${name}.crt`];
  execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...files], { stdio: "ignore" });
}

function fingerprintOf(name: string): string {
  const args = ["x509", "-noout", "-fingerprint", "-sha256", "-in", `${home}/${name}.crt`];
  const said = execFileSync("openssl", args, { encoding: "utf8" });
  return said.trim().split("=")[1]?.replaceAll(":", "").toLowerCase() ?? "";
}

async function account(): Promise<{ certificate_sha256?: string }> {
  const { accessToken } = JSON.parse(readFileSync(`${home}/config/login.json`, "utf8"));
  const headers = { authorization: `Bearer ${accessToken}` };
  const [answer] = await once(get(`${secureUrl}/api/v1/account`, { rejectUnauthorized: false, headers }), "response");
  return (await json(answer as IncomingMessage)) as { certificate_sha256?: string };
}

function signIn(url: string, ...more: string[]) {
  const login = ["login", url, "--email", administrator.email, "--password-stdin", ...more];
  return run(login, `${administrator.password}\n`);
}

function run(args: string[], input?: string) {
  return runCommand({ HOLDFAST_CONFIG_DIR: `${home}/config` }, args, { input });
}
