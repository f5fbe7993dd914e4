import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { makeId, type MessageId, toBucket } from "@holdfast/core/ids";
import {
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";

const launcher = resolve(import.meta.dirname, "../../bin/holdfast");
const folder = makeFolder("admin-jobs");
const data = join(folder, "data");
let server: RunningServer;

before(async () => {
  server = await startServer({ dataFolder: data });
  const login = ["login", server.url, "--email", "admin@example.com", "--password-stdin"];
  assert.equal(run(login, "correct horse battery staple\n").status, 0);
});
after(async () => {
  await server?.stop();
  removeFolder(folder);
});

for (const [where, flags] of [
  ["signed in", []],
  ["beside the data", ["--data", data]],
] as const) {
  test(`${where}, jobs that were given up are listed, retried and removed`, async () => {
    const [dead, other] = [await putDead(), await putDead()];
    const list = (...args: string[]) => json("ls", ...args).items.map(({ id }: { id: string }) => id);
    assert.deepEqual(list("--dead"), [dead, other]);
    assert.match(
      run(["admin", "jobs", "ls", ...flags]).stdout,
      new RegExp(`${dead} +test +dead +7 attempts .*no answer`),
    );
    const retried = json("retry", dead);
    assert.deepEqual([retried.id, retried.state, retried.attempts, retried.due_at], [dead, "waiting", 0, null]);
    assert.deepEqual(list("--dead"), [other]);
    assert.deepEqual(list(), [dead, other]);
    for (const id of [dead, other]) assert.deepEqual(json("rm", id), { id, removed: true });
    assert.deepEqual(list(), []);
    for (const word of ["retry", "rm"]) {
      const missing = run(["admin", "jobs", word, dead, ...flags]);
      assert.equal(missing.status, 4);
      assert.match(missing.stderr, /There is no job/);
    }
  });

  function json(...args: string[]) {
    const { stdout, stderr } = run(["admin", "jobs", ...args, ...flags, "--json"]);
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout);
  }
}

/** Of a kind that no server works, so that it stays as it is. */
async function putDead(): Promise<string> {
  const id = makeId<MessageId>(toBucket(0), Date.now(), randomBytes(8));
  await queryDatabase(
    data,
    `insert into shard.messages (id, kind, payload, state, attempts, due_at, problem, died_at)
     values ('${id}', 'test', '{}', 'dead', 7, 0, 'no answer', ${Date.now() * 1000})`,
  );
  return id;
}

function run(args: string[], input = "") {
  const environment = { PATH: process.env["PATH"] ?? "", HOLDFAST_CONFIG_DIR: join(folder, "config") };
  const { status, stdout, stderr } = spawnSync(launcher, args, { env: environment, input, encoding: "utf8" });
  return { status, stdout, stderr };
}
