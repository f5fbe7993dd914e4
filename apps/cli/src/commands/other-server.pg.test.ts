import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import {
  administrator,
  Api,
  eventually,
  launcher,
  makeFolder,
  ok,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runCommand } from "./testing-run.ts";

const home = makeFolder("other-server");
const environment = { HOLDFAST_CONFIG_DIR: `${home}/config` };
let server: RunningServer;

before(async () => void (server = await startServer({ dataFolder: `${home}/first` })));
after(async () => {
  await server?.stop();
  removeFolder(home);
});

const run = (args: readonly string[], input?: string) => runCommand(environment, args, { input });

const login = () =>
  run(["login", server.url, "--email", administrator.email, "--password-stdin"], `${administrator.password}\n`);

async function namesOnServer(): Promise<string[]> {
  const { items } = await ok(await Api.signIn(server.url), "GET", "/changes/snapshot");
  return (items as { name: string; parent_id: string | null }[])
    .filter(({ parent_id }) => parent_id !== null)
    .map(({ name }) => name);
}

const serverId = async (): Promise<string> =>
  (await ok(await Api.signIn(server.url), "GET", "/account")).server_id as string;

test("another server at the same address is reported at login, to a running sync and at its start, and gets no file", async (t) => {
  const root = `${home}/folder`;
  mkdirSync(root);
  writeFileSync(`${root}/private`, "private");
  const first = await login();
  assert.equal(first.code, 0, first.stderr);
  assert.doesNotMatch(first.stderr, /Another server/);
  const running = spawn(launcher, ["sync", root], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => running.kill("SIGKILL"));
  const [said, ended] = [text(running.stderr), once(running, "exit")];
  await eventually("the file is there", 60_000, async () =>
    (await namesOnServer()).includes("private") ? true : undefined,
  );
  const known = await serverId();
  // Stopped until there is a login to the other server. Before that, the sync would end as signed out.
  running.kill("SIGSTOP");
  await server.stop();
  server = await startServer({ dataFolder: `${home}/second`, port: server.port });
  const answers = await serverId();
  assert.notEqual(answers, known);
  const both = new RegExp(`A different server now answers at ${server.url}: ${answers}, not ${known}\\.`);
  const again = await login();
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, both);
  assert.match(again.stderr, new RegExp(`Folders synced with another server: ${root}`));
  writeFileSync(`${root}/later`, "later");
  running.kill("SIGCONT");
  const [code] = (await ended) as [number];
  assert.equal(code, 3);
  assert.match(await said, both);
  const next = await run(["sync", root, "--once"]);
  assert.equal(next.code, 1, next.stderr);
  assert.match(
    next.stderr,
    new RegExp(`A different server answers: .*${known}.*${answers}.*No files were changed.*--forget`),
  );
  assert.deepEqual(await namesOnServer(), []);
  assert.deepEqual(readdirSync(root).toSorted(), [".holdfast", "later", "private"]);
});
