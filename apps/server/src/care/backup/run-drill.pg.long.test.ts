import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { filesBelow } from "../../acceptance/files-below.ts";
import {
  Api,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "../../acceptance/testing.ts";
import { processesIn } from "../../base/db/embedded/leftover.ts";

let folder: string;
let data: string;
let server: RunningServer;
before(async () => {
  folder = makeFolder("run-drill");
  data = join(folder, "data");
  const env = { HOLDFAST_DRILL_PERIOD: "off", HOLDFAST_SNAPSHOT_INTERVAL: "off" };
  server = await startServer({ dataFolder: data, env });
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

test("a place that disappears during a drill is reported as unavailable, not as damaged", async () => {
  const [place, scratch] = [join(folder, "backups"), join(folder, "scratch")];
  mkdirSync(scratch);
  await (await Api.signIn(server.url)).put("/file", Buffer.alloc(300_000, "text"));
  const made = await holdfast(["admin", "backup", place, "--data", data]);
  assert.equal(made.code, 0, made.stderr);
  const drilling = holdfast(["admin", "drill", "--scratch", scratch, "--data", data]);
  await eventually("its database runs", 60_000, () => {
    const [name = ""] = readdirSync(scratch);
    return existsSync(join(scratch, name, "data", "postgres", "postmaster.pid")) || undefined;
  });
  renameSync(place, `${place} away`);
  const { code, stdout, stderr } = await drilling;
  assert.equal(code, 7, stderr);
  assert.match(stderr, /became unavailable.*could not be tested.*mounted/);
  assert.equal(stdout, "");
  assert.deepEqual(readdirSync(scratch), []);
});

test("an interrupted drill removes its database, and the next drill removes that of a killed one", async () => {
  const [place, scratch] = [join(folder, "backups to test"), join(folder, "interrupted")];
  mkdirSync(scratch);
  const made = await holdfast(["admin", "backup", place, "--data", data]);
  assert.equal(made.code, 0, made.stderr);
  const args = ["admin", "drill", place, "--scratch", scratch, "--data", data];
  const endedBy = async (signal: NodeJS.Signals) => {
    const child = spawn(launcher, args, { stdio: "ignore" });
    const ended = once(child, "exit");
    await eventually("its database runs", 60_000, () => {
      const [name = ""] = readdirSync(scratch);
      return processesIn(join(scratch, name)).length > 0 || undefined;
    });
    child.kill(signal);
    return ended;
  };
  assert.deepEqual(await endedBy("SIGINT"), [130, null]);
  assert.deepEqual([readdirSync(scratch), processesIn(scratch)], [[], []]);
  await endedBy("SIGKILL");
  assert.notDeepEqual(readdirSync(scratch), []);
  const { code, stderr } = await holdfast(args);
  assert.equal(code, 0, stderr);
  assert.deepEqual([readdirSync(scratch), processesIn(scratch)], [[], []]);
});

test("foreign content in the drill's place is kept", async () => {
  await server.stop();
  const [place, often] = [join(data, "drill"), { HOLDFAST_DRILL_PERIOD: "1s", HOLDFAST_SNAPSHOT_INTERVAL: "off" }];
  server = await startServer({ dataFolder: data, env: { ...often, HOLDFAST_DRILL_PERIOD: "off" } });
  const backups = join(folder, "scheduled");
  const made = await holdfast(["admin", "backup", backups, "--schedule", "1d", "--data", data]);
  assert.equal(made.code, 0, made.stderr);
  await server.stop();
  // Simulates a backup that was moved there by hand.
  cpSync(backups, place, { recursive: true });
  const files = filesBelow(place);
  server = await startServer({ dataFolder: data, env: often });
  const said = await eventually("a drill is refused", 60_000, async () => {
    const { stdout } = await holdfast(["admin", "doctor", "--json", "--data", data]);
    const items: { check: string; state: string; detail: string }[] = JSON.parse(stdout).items;
    return items.find(({ check, state }) => check === "drill" && state !== "ok");
  });
  assert.equal(said.state, "warn");
  assert.match(said.detail, /it already exists\. Move it away/);
  assert.deepEqual(
    files.filter((path) => !existsSync(path)),
    [],
  );

  await server.stop();
  const elsewhere = join(folder, "elsewhere");
  renameSync(place, elsewhere);
  symlinkSync(elsewhere, place);
  server = await startServer({ dataFolder: data, env: often });
  await eventually("it is refused again", 60_000, async () => {
    const { stdout } = await holdfast(["admin", "doctor", "--json", "--data", data]);
    return /it already exists/.test(stdout) || undefined;
  });
  assert.ok(existsSync(place));
});
