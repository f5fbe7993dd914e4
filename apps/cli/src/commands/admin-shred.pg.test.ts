import assert from "node:assert/strict";
import { test } from "node:test";
import { queryDatabase } from "@holdfast/server/acceptance/testing";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-shred", { HOLDFAST_SNAPSHOT_INTERVAL: "off" });
const { data, run } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, a dry run says what would go, and without a terminal --yes has to be said`, async () => {
    const email = `${where.replaceAll(" ", "-")}@example.com`;
    await add(email, flags);
    const planned = await shred(email, ["--dry-run", "--json", ...flags]);
    const { user_id, state, files, bytes } = JSON.parse(planned.stdout);
    assert.deepEqual([planned.code, state, files, bytes], [0, "dry_run", 0, 0], planned.stderr);
    const asked = await shred(email, flags);
    assert.deepEqual([asked.code, /--yes/.test(asked.stderr)], [2, true], asked.stderr);
    assert.deepEqual(await disabled(user_id), [false], "nothing was changed");
    const begun = await shred(email, ["--yes", "--json", ...flags]);
    assert.equal(begun.code, 0, begun.stderr);
    if (flags.length === 0) assert.equal(JSON.parse(begun.stdout).state, "done");
    // Beside the data nobody waits for it; the server does it.
    const done = await shred(user_id, ["--json"]);
    assert.deepEqual([done.code, JSON.parse(done.stdout).state], [0, "done"], done.stderr);
    assert.deepEqual(await disabled(user_id), []);
    const told = await shred(user_id, flags);
    assert.match(told.stdout, /^removed at .*\nIf there are backups from before, they hold it still/, told.stderr);
  });
}

test("an account that is not there, and the last administrator, are said", async () => {
  const unknown = await shred("nobody@example.com", ["--yes"]);
  assert.deepEqual([unknown.code, /no user nobody@example.com/.test(unknown.stderr)], [4, true], unknown.stderr);
  const last = await shred("admin@example.com", ["--yes"]);
  assert.deepEqual([last.code, /last administrator/.test(last.stderr)], [5, true], last.stderr);
});

function shred(account: string, flags: readonly string[]) {
  return run(["admin", "shred", account, ...flags]);
}

async function add(email: string, flags: readonly string[]): Promise<void> {
  const { code, stderr } = await run(
    ["admin", "users", "add", email, "--password-stdin", ...flags],
    "a long password\n",
  );
  assert.equal(code, 0, stderr);
}

async function disabled(id: string): Promise<boolean[]> {
  const rows = await queryDatabase(
    data,
    `select disabled_at is not null as disabled from shard.users where id = '${id}'`,
  );
  return rows.map((row) => row.disabled);
}
