import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test, type TestContext } from "node:test";
import { makeFolder, removeFolder } from "@holdfast/server/acceptance/testing";
import { runCommand } from "../commands/testing-run.ts";
import { writableByOthers } from "./install-server.ts";
import { serveUnit, systemDataFolder } from "./serve-unit.ts";
import { lineOf, wordsOf } from "./testing-unit.ts";

const folder = makeFolder("service");
after(() => removeFolder(folder));
const isRoot = process.getuid?.() === 0;
const data = join(folder, "my data");
const env = {
  HOME: folder,
  SYSTEMD_UNIT_PATH: join(folder, "etc/systemd/system"),
  XDG_CONFIG_HOME: join(folder, "etc"),
  HOLDFAST_CONFIG_DIR: join(folder, "config"),
};
const install = (...args: string[]) => runCommand(env, ["serve", "--data", data, "--install-service", ...args]);

test("a service is shown, and written where systemd finds it with a settings file that only its owner can read", async () => {
  const shown = await install("--print", "--listen", "127.0.0.1:0");
  assert.equal(shown.code, 0, shown.stderr);
  assert.equal(existsSync(join(folder, "etc")), false);
  const { stdout, code, stderr } = await install("--listen", "127.0.0.1:0", "--json");
  assert.equal(code, 0, stderr);
  const { path, environment_file: settings, commands } = JSON.parse(stdout);
  assert.equal(path, join(folder, isRoot ? "etc/systemd/system" : "etc/systemd/user", "holdfast.service"));
  assert.equal(readFileSync(path, "utf8"), shown.stdout);
  assert.equal(settings, join(folder, "etc/holdfast/serve.env"));
  assert.equal(statSync(settings).mode & 0o777, 0o600);
  assert.ok(commands.some((line: string) => line.includes("enable --now holdfast.service")));
  writeFileSync(settings, "HOLDFAST_LOG_LEVEL=debug\n");
  chmodSync(settings, 0o644);
  assert.equal((await install("--listen", "127.0.0.1:0")).code, 0);
  assert.equal(readFileSync(settings, "utf8"), "HOLDFAST_LOG_LEVEL=debug\n", "what somebody has set stays");
  assert.equal(statSync(settings).mode & 0o777, 0o600, "and nobody else reads it");
});

test("root is warned about a program that others can replace", { skip: !isRoot }, () => {
  const place = join(folder, "opt", "holdfast");
  mkdirSync(place, { recursive: true });
  const program = join(place, "holdfast");
  writeFileSync(program, "");
  const above = writableByOthers(place);
  assert.equal(writableByOthers(program), above);
  for (const path of [program, place]) {
    chmodSync(path, 0o777);
    assert.equal(writableByOthers(program), path);
    chmodSync(path, 0o755);
    chownSync(path, 65534, 65534);
    assert.equal(writableByOthers(program), path);
    chownSync(path, 0, 0);
  }
});

test("the unit runs a server, which stops cleanly under systemd", async (t) => {
  const unit = (await install("--print", "--listen", "127.0.0.1:0")).stdout;
  const [program = "", ...args] = wordsOf(lineOf(unit, "ExecStart"));
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", HOME: folder },
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let url = "";
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^holdfast ready at (\S+)$/.exec(line)?.[1] ?? "";
    if (url !== "") break;
  }
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  assert.ok(existsSync(join(data, "key-encryption-key")));
  child.kill("SIGTERM");
  assert.equal(await ended, 0);
});

test("a unit written beside a database never starts a new server, and a first unit advises writing it again later", async () => {
  assert.match(lineOf((await install("--print")).stdout, "ExecStart"), /--expect-data/);
  const other = await runCommand(env, ["serve", "--data", join(folder, "none yet"), "--install-service"]);
  assert.match(other.stdout, /run 'holdfast serve --install-service' again .*--expect-data/);
  assert.doesNotMatch(readFileSync(/^Wrote (.*?)\. /.exec(other.stdout)?.[1] ?? "", "utf8"), /--expect-data/);
  const outside = await install("--print", "--database-url", "postgres://host/db");
  assert.doesNotMatch(outside.stdout, /--expect-data/);
});

test("options apply in any working directory, and the unit has no secrets or foreign variables", async () => {
  const listed = await install(
    "--print",
    "--store",
    "packs",
    "--tls-cert",
    "c.pem",
    "--tls-key",
    "k.pem",
    "--behind-proxy",
  );
  assert.deepEqual(wordsOf(lineOf(listed.stdout, "ExecStart")).slice(3), [
    "--data",
    data,
    "--expect-data",
    `--store=${join(process.cwd(), "packs")}`,
    `--tls-cert=${join(process.cwd(), "c.pem")}`,
    `--tls-key=${join(process.cwd(), "k.pem")}`,
    "--behind-proxy",
  ]);
  for (const url of ["postgres://me:secret@host/db", "postgres://host/db?user=me&password=secret"]) {
    const secret = await install("--database-url", url);
    assert.equal(secret.code, 2);
    assert.match(secret.stderr, /--database-url contains a password/);
  }
  const unset = await runCommand({ ...env, HOLDFAST_SMTP_URL: "smtp://x" }, ["serve", "--install-service", "--print"]);
  assert.match(unset.stderr, /does not inherit HOLDFAST_SMTP_URL/);
  assert.equal((await runCommand(env, ["serve", "--print"])).code, 2);
});

for (const user of [undefined, "root", "daemon"]) {
  test(`systemd accepts the unit without complaint, ${user === undefined ? "for a user" : `for the system as ${user}`}`, (t) => {
    verify(t, user);
  });
}

function verify(t: TestContext, user: string | undefined): void {
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return t.skip("there is no systemd-analyze here");
  const place = join(folder, String(user));
  mkdirSync(place);
  const path = join(place, "holdfast.service");
  const options = { program: ["/bin/sh", "/bin/ls"], args: ["--behind-proxy"], environmentFile: join(place, "e 100%") };
  writeFileSync(path, serveUnit({ ...options, dataFolder: user === "daemon" ? systemDataFolder : data, user }));
  const scope = user === undefined ? ["--user"] : [];
  const { status, stderr } = spawnSync("systemd-analyze", [...scope, "verify", path], {
    env: { ...process.env, XDG_RUNTIME_DIR: place },
    encoding: "utf8",
  });
  assert.deepEqual({ status, stderr: user === undefined ? stderr : ours(stderr) }, { status: 0, stderr: "" });
}

function ours(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.includes("holdfast"))
    .join("\n");
}
