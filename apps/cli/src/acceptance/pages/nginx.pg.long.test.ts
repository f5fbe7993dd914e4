import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventually, holdfast, makeFolder, removeFolder, startServer } from "@holdfast/server/acceptance/testing";
import { findProgram } from "@holdfast/tools/components";
import { reservePort } from "@holdfast/tools/reserved-port";
import { root } from "./page-commands.ts";

const folder = makeFolder("nginx");
after(() => removeFolder(folder));
const email = "admin@example.com";
const password = "correct horse battery staple";
const sizeBytes = 20 << 20;

test("behind nginx, as docs/operation.md has it, large files, polls and syncs go on as without it", async (t) => {
  const nginx = findProgram("nginx");
  // Continuous integration has none, and is not asked for one.
  if (nginx === undefined) return t.skip("there is no nginx here");
  const server = await startServer({ dataFolder: join(folder, "data"), args: ["--behind-proxy"] });
  t.after(() => server.stop());
  const port = await reservePort();
  const configuration = configure(port, server.url);
  const checked = spawnSync(nginx, ["-t", "-c", configuration, "-e", join(folder, "errors")], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stderr);
  const child = spawn(nginx, ["-c", configuration, "-e", join(folder, "errors"), "-g", "daemon off;"]);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGTERM");
    await ended;
  });

  const fingerprint = new X509Certificate(readFileSync(join(folder, "crt"))).fingerprint256;
  const env = { HOLDFAST_CONFIG_DIR: join(folder, "config"), HOME: folder };
  const url = `https://127.0.0.1:${port}`;
  const login = ["login", url, "--email", email, "--fingerprint", `SHA256:${fingerprint}`, "--password-stdin"];
  const signedIn = await eventually("nginx answers", 60_000, async () => {
    const done = await holdfast(login, { env, input: `${password}\n` });
    return done.code === 7 ? undefined : done;
  });
  assert.equal(signedIn.code, 0, signedIn.stderr);

  const content = randomBytes(sizeBytes);
  const at = (name: string): string => join(folder, name);
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

  // Its link is the proxy's address, and it may be held as long as a poll is.
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
  // A poll that nobody wakes has an empty answer.
  assert.equal(JSON.parse(await held).changes, true);
  // What the log has is the client's address, and not the proxy's header as it came.
  assert.match(readFileSync(server.logFile, "utf8"), /"address":"127\.0\.0\.1"/);
});

/** The page's own block, with a certificate, ports and folders of this test. @returns the file */
function configure(port: number, upstream: string): string {
  const page = readFileSync(join(root, "docs/operation.md"), "utf8");
  const block = /```nginx\n([^]*?)```/.exec(page)?.[1] ?? assert.fail("docs/operation.md has no block of nginx");
  const [key, crt] = [join(folder, "key"), join(folder, "crt")];
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
      key,
      "-out",
      crt,
    ],
    { stdio: "ignore" },
  );
  const site = block
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate \S+;/, `ssl_certificate ${crt};`)
    .replace(/ssl_certificate_key \S+;/, `ssl_certificate_key ${key};`)
    .replace("http://127.0.0.1:8420", upstream);
  assert.ok(site.includes(upstream) && site.includes(`:${port} ssl`) && site.includes(crt));
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/temp-${name};`,
  );
  const file = join(folder, "nginx.conf");
  writeFileSync(file, `pid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${places.join("\n")}\n${site}}\n`);
  return file;
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
