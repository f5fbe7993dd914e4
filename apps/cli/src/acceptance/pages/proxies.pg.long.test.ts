import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { eventually, holdfast, makeFolder, removeFolder, startServer } from "@holdfast/server/acceptance/testing";
import { findProgram } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { root } from "./page-commands.ts";

const folder = makeFolder("proxies");
after(() => removeFolder(folder));
const email = "admin@example.com";
const password = "correct horse battery staple";
const sizeBytes = 20 << 20;

interface Site {
  readonly at: (name: string) => string;
  readonly port: number;
  readonly upstream: string;
}

interface Proxy {
  /** Returns the shipped configuration with the certificate, port and server of this test. */
  readonly configure: (site: Site) => string;
  readonly check: (configuration: string, site: Site) => readonly string[];
  readonly start: (configuration: string, site: Site) => readonly string[];
}

const proxies: Readonly<Record<string, Proxy>> = {
  nginx: {
    configure: nginxConfiguration,
    check: (configuration, { at }) => ["-t", "-c", configuration, "-e", at("errors")],
    start: (configuration, { at }) => ["-c", configuration, "-e", at("errors"), "-g", "daemon off;"],
  },
  caddy: {
    configure: caddyConfiguration,
    check: (configuration) => ["validate", "--adapter", "caddyfile", "--config", configuration],
    start: (configuration) => ["run", "--adapter", "caddyfile", "--config", configuration],
  },
};

for (const [name, proxy] of Object.entries(proxies))
  test(`behind ${name} with our configuration, large files, polls and syncs work`, async (t) => {
    const program = findProgram(name);
    // Skipped in continuous integration, which has no proxies.
    if (program === undefined) return t.skip(`there is no ${name} here`);
    const own = join(folder, name);
    mkdirSync(own);
    await useBehind(t, program, proxy, (each) => join(own, each));
  });

async function useBehind(t: TestContext, program: string, proxy: Proxy, at: Site["at"]): Promise<void> {
  const server = await startServer({ dataFolder: at("data"), args: ["--behind-proxy"] });
  t.after(() => server.stop());
  const site = { at, port: await reservePort(), upstream: server.url };
  const { port } = site;
  makeCertificate(site);
  writeFileSync(at("configuration"), proxy.configure(site));
  const environment = { ...process.env, HOME: at("home"), XDG_CONFIG_HOME: at("home"), XDG_DATA_HOME: at("home") };
  const options = { encoding: "utf8", env: environment } as const;
  const checked = spawnSync(program, proxy.check(at("configuration"), site), options);
  assert.equal(checked.status, 0, checked.stderr);
  const child = spawn(program, proxy.start(at("configuration"), site), { env: environment, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
  });

  const fingerprint = new X509Certificate(readFileSync(at("crt"))).fingerprint256;
  const env = { HOLDFAST_CONFIG_DIR: at("config"), HOME: at("home") };
  const url = `https://127.0.0.1:${port}`;
  const login = ["login", url, "--email", email, "--fingerprint", `SHA256:${fingerprint}`, "--password-stdin"];
  const signedIn = await eventually("the proxy answers", 60_000, async () => {
    const done = await holdfast(login, { env, input: `${password}\n` });
    return done.code === 7 ? undefined : done;
  });
  assert.equal(signedIn.code, 0, signedIn.stderr);

  const content = randomBytes(sizeBytes);
  writeFileSync(at("large"), content);
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await holdfast(args, { env });
    assert.equal(code, 0, `${args.join(" ")}\n${stderr}`);
    return stdout;
  };
  await run("put", at("large"), "/large");
  await run("get", "/large", at("back"));
  assert.equal(digest(readFileSync(at("back"))), digest(content));
  mkdirSync(at("drive"));
  await run("sync", at("drive"), "--once");
  assert.equal(digest(readFileSync(join(at("drive"), "large"))), digest(content));

  // Links must have the proxy's address, and a poll must stay open for its full time.
  assert.ok((await run("link", "/large")).startsWith(`${url}/s/`));
  const { token } = JSON.parse(await run("token", "create", "poll", "--scopes", "files:read,files:write", "--json"));
  const ask = (path: string): string =>
    execFileSync(
      "curl",
      ["-sSk", "--fail", `${url}/api/v1${path}`, "-H", `Authorization: Bearer ${token}`, "-H", "Timeout: 90"],
      {
        encoding: "utf8",
      },
    );
  const since = JSON.parse(ask("/changes/start_token")).token;
  const held = new Promise<string>((resolve, reject) => {
    const poll = spawn("curl", [
      "-sSk",
      "--fail",
      `${url}/api/v1/notifications/poll?since_token=${since}`,
      "-H",
      `Authorization: Bearer ${token}`,
      "-H",
      "Timeout: 90",
    ]);
    let text = "";
    poll.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
    poll.once("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`the poll ended with ${code}`))));
  });
  await run("mkdir", "/told");
  assert.equal(JSON.parse(await held).changes, true);
  // The log has the client's address, not the unchecked header of the proxy.
  assert.match(readFileSync(server.logFile, "utf8"), /"address":"127\.0\.0\.1"/);
}

function makeCertificate({ at }: Site): void {
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=drive.example.org",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
      "-keyout",
      at("key"),
      "-out",
      at("crt"),
    ],
    { stdio: "ignore" },
  );
}

function nginxConfiguration({ at, port, upstream }: Site): string {
  const page = readFileSync(join(root, "docs/operation.md"), "utf8");
  const block = /```nginx\n([^]*?)```/.exec(page)?.[1] ?? assert.fail("There is no configuration of nginx.");
  const site = block
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${at("crt")};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${at("key")};`)
    .replace("http://127.0.0.1:8420", upstream);
  assert.ok(site.includes(upstream) && site.includes(`:${port} ssl`) && site.includes(at("crt")));
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${at(`temp-${name}`)};`,
  );
  return `pid ${at("pid")};\nevents {}\nhttp {\naccess_log off;\n${places.join("\n")}\n${site}}\n`;
}

function caddyConfiguration({ at, port, upstream }: Site): string {
  const site = readFileSync(join(root, "deploy/caddy/Caddyfile"), "utf8")
    .replace("\n{$DOMAIN:drive.example.org} {", `\nhttps://127.0.0.1:${port} {\n    tls ${at("crt")} ${at("key")}`)
    .replace("127.0.0.1:8420", new URL(upstream).host);
  assert.ok(site.includes(new URL(upstream).host) && site.includes(at("crt")));
  // Without these options Caddy also listens on port 80 and on its administration port.
  return `{\n    admin off\n    auto_https disable_redirects\n}\n${site}`;
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
