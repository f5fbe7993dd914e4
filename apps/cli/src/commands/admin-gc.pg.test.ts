import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { queryDatabase, startServer } from "@holdfast/server/acceptance/testing";
import { until } from "@holdfast/tools/bounded";
import { runHere } from "./testing-run.ts";
import { bothPlaces, useSignedInAt } from "./testing-signed-in.ts";

const command = useSignedInAt((options) => startServer({ ...options, jobsSoon: true }), "admin-gc", {
  HOLDFAST_RETENTION_VERSIONS: "2",
  HOLDFAST_RETENTION_VERSION_AGE: "12h",
  HOLDFAST_RETENTION_TRASH: "12h",
  HOLDFAST_LOG_LEVEL: "debug",
});
const { data, run } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, a dry run reports what --now then removes`, async () => {
    const log = () => readFileSync(command.server.logFile, "utf8");
    await until("the retention ran", () => /"job":"retention"/.test(log()), 180_000);
    const gc = async (...args: string[]): Promise<Record<string, number>> =>
      JSON.parse(await done(["admin", "gc", ...args, "--json", ...flags]));
    const name = where.replace(" ", "-");
    for (let version = 1; version <= 4; version += 1) await put(`/${name}`, `version ${version}`);
    await done(["mkdir", `/${name}-folder`]);
    await put(`/${name}-folder/file`, "text");
    await done(["rm", `/${name}-folder`]);
    await letTimePass();
    const { versions, nodes, ...store } = await gc("--dry-run");
    assert.deepEqual([versions, nodes, Object.keys(store).toSorted()], [2, 2, ["blocks", "bytes", "packs"]]);
    const again = await gc("--dry-run");
    assert.deepEqual([again["versions"], again["nodes"]], [2, 2]);
    const now = await gc("--now");
    assert.deepEqual([now["versions"], now["nodes"]], [2, 2]);
    const rest = await gc("--dry-run");
    assert.deepEqual([rest["versions"], rest["nodes"]], [0, 0]);
    assert.equal(await done(["cat", `/${name}`]), "version 4");
    const told = await done(["admin", "gc", "--dry-run", ...flags]);
    assert.match(told, /^would free .+: \d+ blocks?, \d+ packs?\nwould remove 0 old versions, and 0 files and folders/);
  });
}

test("unfinished uploads are listed by account, and removed after an hour without use", async () => {
  const address = { path: "/never-finished", size: 3_000_000 };
  const { token } = JSON.parse(await done(["token", "create", "uploads", "--scopes", "files:write", "--json"]));
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const started = await fetch(`${command.server.url}/api/v1/files/upload?uploadType=resumable`, {
    method: "POST",
    headers,
    body: JSON.stringify(address),
  });
  assert.equal(started.status, 200, await started.text());
  const gc = (...args: string[]) => done(["admin", "gc", "--unfinished", ...args]);
  assert.match(await gc("--now"), /^kept, in use: 1 upload \(0 B\) of .+@.+, last used .+\nfreed .+\nremoved .+\n$/);
  await queryDatabase(
    data,
    "update shard.upload_sessions set created_at = created_at - 7200000000, expires_at = expires_at - 7200000000",
  );
  const freed =
    "The space of unfinished uploads is freed after the periods in HOLDFAST_RETENTION_BLOCKS, _DOOMED and _PACKS";
  const [listed, then, ...rest] = (await gc("--dry-run")).split("\n");
  assert.match(listed ?? "", /^would remove unfinished: 1 upload \(0 B\) of /);
  assert.deepEqual([then, rest.length], [`${freed} (in the app: Administration, Settings).`, 3]);
  assert.match(await gc("--now"), /^removed unfinished: 1 upload \(0 B\) of /);
  assert.match(await gc("--dry-run"), /^There are no unfinished uploads\.\n/);
  const beside = await command.run(["admin", "gc", "--unfinished", "--now", "--data", data]);
  assert.notEqual(beside.code, 0);
  assert.match(beside.stderr, /A server runs on this data.*without --data/);
});

test("a run that frees nothing shows the command that frees space sooner, or advises waiting after that one", async () => {
  const variables = "HOLDFAST_RETENTION_BLOCKS=1h HOLDFAST_RETENTION_DOOMED=10m HOLDFAST_RETENTION_PACKS=10m";
  const shown = (folder: string) => `    ${variables} holdfast admin gc --now --data ${folder}`;
  const nothing = ["admin", "gc", "--dry-run"];
  assert.equal((await done(nothing)).trimEnd().split("\n").at(-1), shown("DIR"));
  assert.equal((await done([...nothing, "--data", data])).trimEnd().split("\n").at(-1), shown(data));
  const { bytes } = JSON.parse(await done([...nothing, "--json"]));
  assert.equal(bytes, 0);
  const shorter = Object.fromEntries(variables.split(" ").map((each) => each.split("=")));
  const waiting = await runHere({ ...process.env, ...shorter }, [...nothing, "--data", data]);
  assert.match(waiting.stdout, /\nNothing is old enough yet, even with the shorter periods\. Run .* in an hour\.\n$/);
});

test("either --now or --dry-run is required, and not both", async () => {
  for (const flags of [[], ["--now", "--dry-run"]]) {
    const { code, stderr } = await run(["admin", "gc", ...flags]);
    assert.deepEqual([code, /--now or --dry-run/.test(stderr)], [2, true], stderr);
  }
});

async function done(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(args, input);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function put(path: string, text: string): Promise<void> {
  await done(["put", "-", path], text);
}

async function letTimePass(): Promise<void> {
  const day = 24 * 3600_000_000;
  await queryDatabase(data, `update shard.versions set created_at = created_at - ${day}`);
  await queryDatabase(data, `update shard.nodes set trashed_at = trashed_at - ${day} where trashed_at is not null`);
}
