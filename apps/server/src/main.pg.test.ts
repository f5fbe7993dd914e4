import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { join } from "node:path";
import { bounded, until } from "@holdfast/tools/bounded";
import { copyTemplate, makeTestFolder } from "./base/db/testing.ts";
import { sameSignalMs } from "./main.ts";
import { serving, signalUntilExit, start } from "./testing-main.ts";
import { longTest } from "@holdfast/tools/tiers";

test("a new server starts, creates its administrator, drains at a stop, and restarts with closed secrets", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  mkdirSync(join(data, "lost+found"));
  const first = await start(t, data);
  const ready = await fetch(`${first.url}/readyz`);
  assert.deepEqual(await ready.json(), { status: "ok", checks: { database: "ok", store: "ok", room: "ok" } });
  const invite = first.setupUrl.split("#")[1] ?? "";
  const created = await fetch(`${first.url}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "a@example.org", password: "correct horse battery", name: "A", invite }),
  });
  assert.equal(created.status, 201, await created.text());

  const half = connect(Number(new URL(first.url).port), "127.0.0.1");
  const body = JSON.stringify({ email: "a@example.org", password: "correct horse battery" });
  half.write(`POST /api/v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 10)}`);
  await once(half, "connect");
  const stillInTime = bounded("the server is healthy");
  while ((await fetch(`${first.url}/healthz`)).status !== 200) stillInTime();
  first.child.kill("SIGTERM");
  await until("it says that it stops", () => first.log().includes('"stopping"'));
  half.write(body.slice(10));
  let answer = "";
  half.on("data", (bytes: Buffer) => (answer += String(bytes)));
  // "close" comes after all output and the whole answer have been read.
  const [[code]] = await Promise.all([once(first.child, "close"), once(half, "close")]);
  assert.equal(code, 0, first.log());
  assert.match(first.log(), /"level":"warn"[^\n]*creating a new server in this empty folder/);
  assert.doesNotMatch(first.log(), /the data folder has files/);
  assert.match(answer, /^HTTP\/1.1 200 [^]*access_token/);
  for (const secret of [invite, "correct horse battery"])
    assert.ok(!first.log().includes(secret), "the log has a secret");

  const secrets = ["key-encryption-key", "database-password"].map((name) => join(data, name));
  for (const path of secrets) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  for (const path of secrets) chmodSync(path, 0o644);
  const second = serving(data);
  t.after(() => second.kill("SIGKILL"));
  let said = "";
  for (const output of [second.stdout, second.stderr]) output.on("data", (text: Buffer) => (said += String(text)));
  await until("it is ready again", () => said.includes("holdfast ready at"));
  for (const path of secrets) assert.equal(statSync(path).mode & 0o777, 0o600, path);
  const closed = once(second, "close");
  second.kill("SIGTERM");
  await closed;
  for (const path of secrets)
    assert.match(said, new RegExp(`"path":"${path}","mode":"644".*other users could read a secret`));
});

longTest("a first start in a folder with other files is logged as a warning", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  writeFileSync(join(data, "notes.txt"), "not a server's");
  const { child, log } = await start(t, data);
  const closed = once(child, "close");
  child.kill("SIGTERM");
  await closed;
  assert.match(log(), /"level":"warn"[^\n]*the data folder has files and no database/);
  assert.doesNotMatch(log(), /in this empty folder/);
});

longTest("a signal during the start ends the server in order, and leaves no database running", async (t) => {
  const folder = makeTestFolder();
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, "new");
  const child = serving(data);
  t.after(() => child.kill("SIGKILL"));
  const said = { out: "", log: "" };
  child.stdout.on("data", (text: Buffer) => (said.out += String(text)));
  child.stderr.on("data", (text: Buffer) => (said.log += String(text)));
  const ended = once(child, "close");
  const pidFile = join(data, "postgres/postmaster.pid");
  await until("the database starts", () => existsSync(pidFile));
  const pid = Number(readFileSync(pidFile, "utf8").split("\n")[0]);
  child.kill("SIGINT");
  assert.deepEqual(await ended, [0, null], said.log);
  assert.equal(said.out, "", "nobody is told that it is ready");
  assert.match(said.log, /"stopped"/);
  assert.doesNotMatch(said.log, /creating a new/, "only a folder that was there may be the place of a disk");
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
});

longTest("a second signal ends the process, but not one that arrives with the first", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  await copyTemplate(data);
  const { child, url, log } = await start(t, data);
  const held = connect(Number(new URL(url).port), "127.0.0.1");
  held.on("error", () => {});
  await once(held, "connect");
  held.write("POST /api/v1/sessions HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{");
  await fetch(`${url}/healthz`);
  const toldMs = performance.now();
  child.kill("SIGTERM");
  await until("it says that it stops", () => log().includes('"stopping"'));
  // A signal right after the first counts as the same one, because npm forwards the signal that the terminal also sends.
  child.kill("SIGTERM");
  const [[code]] = await Promise.all([once(child, "exit"), signalUntilExit(child)]);
  const tookMs = performance.now() - toldMs;
  assert.equal(code, 1);
  // Checks the elapsed time like the server, because the number of sent signals also depends on this process's pauses.
  assert.ok(tookMs > sameSignalMs, `a repetition after ${tookMs} ms ended it`);
});

longTest("a signal repeated immediately counts once, and the last line reports the stop", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  await copyTemplate(data);
  const { child, log } = await start(t, data);
  for (let repeated = 0; repeated < 10; repeated += 1) child.kill("SIGTERM");
  const [code, signal] = await once(child, "close");
  assert.deepEqual([code, signal], [0, null], log());
  assert.match(log().trim().split("\n").at(-1) ?? "", /"message":"stopped"/);
});
