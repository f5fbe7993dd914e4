import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import {
  administrator,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal, type PseudoTerminal } from "@holdfast/tools/pseudo-terminal";
import { reservePort } from "@holdfast/tools/reserved-port";

const withAdministrator = {
  HOLDFAST_ADMIN_EMAIL: administrator.email,
  HOLDFAST_ADMIN_PASSWORD: administrator.password,
};
const withoutAdministrator = { HOLDFAST_ADMIN_EMAIL: undefined, HOLDFAST_ADMIN_PASSWORD: undefined };

async function serveOnTerminal(t: TestContext, dataFolder: string, columns: number, env = {}): Promise<PseudoTerminal> {
  const port = await reservePort();
  const arguments_ = ["serve", "--data", dataFolder, "--listen", `127.0.0.1:${port}`];
  const terminal = onTerminal([launcher, ...arguments_], { columns, env });
  t.after(async () => {
    terminal.type("\u0003");
    await terminal.ended;
  });
  await eventually("the link is shown", 180_000, () => /setup#\S+[^]*─\r\n$/.test(terminal.raw()) || undefined);
  return terminal;
}

function golden(lines: readonly string[], folder: string): string[] {
  return lines.map((line) =>
    line
      .replaceAll(folder, "FOLDER")
      .replace(/^\d\d:\d\d:\d\d/, "HH:MM:SS")
      .replace(/127\.0\.0\.1:\d+/, "ADDRESS")
      .replace(/setup#\S+/, "setup#TOKEN"),
  );
}

/** Excludes a line about the database's user, which appears only for root. */
const isOfEveryUser = (line: string) => !/PostgreSQL's programs/.test(line);

test("serve shows events and at last the link in a frame, also in 40 columns", async (t) => {
  if (!requireComponent(t, "python3")) return;
  const folder = makeFolder("serve-screen");
  t.after(() => removeFolder(folder));
  const terminal = await serveOnTerminal(t, `${folder}/data`, 300, { NO_COLOR: "1" });
  assert.deepEqual(golden(terminal.lines(), folder).filter(isOfEveryUser), [
    "HH:MM:SS creating the database folder=FOLDER/data/postgres",
    "HH:MM:SS no e-mail is sent: HOLDFAST_SMTP_URL is not set; administrators have to send the links themselves",
    "holdfast ready at http://ADDRESS",
    "─".repeat(72),
    "Open this link once to create the administrator:",
    "",
    "http://ADDRESS/setup#TOKEN",
    "",
    "Valid for 7 days. To get another one: holdfast admin setup-link --data FOLDER/data",
    "─".repeat(72),
  ]);
  assert.ok(!terminal.raw().includes("\u001b"), "NO_COLOR asks for no colors");
  const url = /holdfast ready at (\S+)/.exec(terminal.raw())?.[1] ?? "";
  assert.equal((await fetch(`${url}/api/v1/account`)).status, 401);
  terminal.type("\u0003");
  assert.equal(await terminal.ended, 0);
  // The echo of Ctrl-C may precede the first line.
  assert.match(terminal.lines().slice(-2).join("\n"), /[\d:]{8} stopping signal=SIGINT\n[\d:]{8} stopped$/);

  // Like `npm start`: `npx` finds the command without an entry in PATH.
  const narrow = await serveOnTerminal(t, `${folder}/data`, 40, { npm_lifecycle_event: "start" });
  assert.ok(narrow.raw().includes("\u001b[2m"), "colours are shown");
  const lines = golden(narrow.lines(), folder);
  assert.deepEqual(lines, [
    "HH:MM:SS no e-mail is sent:",
    "         HOLDFAST_SMTP_URL is not set;",
    "         administrators have to send the",
    "         links themselves",
    "holdfast ready at http://ADDRESS",
    "─".repeat(40),
    "Open this link once to create the",
    "administrator:",
    "",
    "http://ADDRESS/setup#TOKEN",
    "",
    "Valid for 7 days. To get another one:",
    "npx holdfast admin setup-link --data FOLDER/data",
    "─".repeat(40),
  ]);
});

test("without a terminal the log is plain JSON without the database's output", async (t) => {
  const folder = makeFolder("serve-log");
  t.after(() => removeFolder(folder));
  const server = await startServer({ dataFolder: `${folder}/data` });
  t.after(() => server.stop());
  await fetch(`${server.url}/api/v1/account`);
  // Read before the stop, during which the database may report errors.
  const running = readFileSync(server.logFile, "utf8");
  await server.stop();
  const lines = readFileSync(server.logFile, "utf8").trimEnd().split("\n");
  const messages = lines.map((line) => String((JSON.parse(line) as { message: unknown }).message));
  assert.ok(messages.includes("request") && messages.includes("stopped"), messages.join("\n"));
  assert.ok(!running.includes("the database reports"), running);
});

test("admin setup-link makes a new link with or without a running server, and exits with 5 if none is needed", async (t) => {
  const folder = makeFolder("setup-link");
  t.after(() => removeFolder(folder));
  const dataFolder = `${folder}/data`;
  const first = await startServer({ dataFolder, env: withoutAdministrator });
  t.after(() => first.stop());
  const printed = await first.setupUrl;
  const link = async () => {
    const run = await holdfast(["admin", "setup-link", "--data", dataFolder], {});
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^Open this link once to create the administrator: http:\S+\/setup#\S+\n$/);
    assert.match(run.stderr, /^Earlier links no longer work\.$/m);
    return run.stdout.trim().split(" ").at(-1) ?? "";
  };
  const early = ["login", first.url, "--email", administrator.email, "--password-stdin"];
  const unknown = await holdfast(early, {
    env: { HOLDFAST_CONFIG_DIR: `${folder}/config` },
    input: `${administrator.password}\n`,
  });
  assert.equal(unknown.code, 3);
  assert.match(unknown.stderr, /has not been set up yet.*holdfast admin setup-link$/m);
  const second = await link();
  assert.equal(second.split("/setup")[0], first.url);
  assert.equal(await statusOfSignUp(first.url, printed), 403);
  await first.stop();

  const third = await link();
  assert.equal(third.split("/setup")[0], first.url);
  const again = await startServer({ dataFolder, port: first.port, env: withoutAdministrator });
  t.after(() => again.stop());
  assert.equal(await statusOfSignUp(again.url, second), 403);
  assert.equal(await statusOfSignUp(again.url, third), 201);
  assert.equal(await statusOfSignUp(again.url, await again.setupUrl), 403);
  const refused = await holdfast(["admin", "setup-link", "--json", "--data", dataFolder], {});
  assert.equal(refused.code, 5, refused.stderr);
  assert.match(refused.stderr, /has an administrator[^]*admin users ls/);
  assert.equal((JSON.parse(refused.stdout) as { error: { code: string } }).error.code, "conflict");
});

async function statusOfSignUp(url: string, link: string): Promise<number> {
  const { email, password } = administrator;
  const answer = await fetch(`${url}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email, password, name: "A", invite: link.split("#")[1] }),
  });
  await answer.body?.cancel();
  return answer.status;
}

test("a server whose terminal closes stops cleanly, and its folder is free again", async (t) => {
  if (!requireComponent(t, "python3")) return;
  const folder = makeFolder("closed-terminal");
  t.after(() => removeFolder(folder));
  const port = await reservePort();
  const arguments_ = ["serve", "--data", `${folder}/data`, "--listen", `127.0.0.1:${port}`];
  const terminal = onTerminal([launcher, ...arguments_], { env: withAdministrator });
  const url = await eventually(
    "it serves",
    180_000,
    () => /holdfast ready at (\S+)\r\n/.exec(terminal.raw())?.[1] ?? undefined,
  );
  const pidFile = `${folder}/data/postgres/postmaster.pid`;
  assert.ok(existsSync(pidFile));
  terminal.hangUp();
  await eventually("nobody serves", 60_000, () =>
    fetch(url).then(
      () => undefined,
      () => true,
    ),
  );
  await eventually("the database has ended", 60_000, () => !existsSync(pidFile) || undefined);
  const { code, stderr } = await holdfast(["admin", "users", "ls", "--data", `${folder}/data`]);
  assert.equal(code, 0, stderr);
});
