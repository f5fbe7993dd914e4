import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, ok, queryDatabase } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-shred", { HOLDFAST_SNAPSHOT_INTERVAL: "off" });
const { data, run } = command;

for (const [where, flags] of bothPlaces(command)) {
  // Beside the data, the command waits for periods of the server.
  const testOfTier = flags.length === 0 ? test : longTest;
  testOfTier(`${where}, a dry run lists what would be deleted, and --yes is required without a terminal`, async () => {
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
    // On the data folder the command does not wait; the server does the work.
    const done = await shred(user_id, ["--json"]);
    assert.deepEqual([done.code, JSON.parse(done.stdout).state], [0, "done"], done.stderr);
    assert.deepEqual(await disabled(user_id), []);
    const told = await shred(user_id, flags);
    assert.match(told.stdout, /^removed at .*\nEarlier backups, if there are any, still contain the data/, told.stderr);
  });
}

test("a dry run reports others' content in the account, lost access, and what stays in their spaces", async () => {
  const [owner, guest] = [await person("owner@example.com"), await person("guest@example.com")];
  await ok(owner, "POST", "/metadata", { path: "/shared/deep", kind: "folder", parents: true });
  const folder = await owner.idOf("/shared");
  await ok(owner, "POST", `/files/${folder}/share`, { email: "guest@example.com", role: "editor" });
  await ok(owner, "POST", `/files/${folder}/share`, { link: true, name: "the press", role: "viewer" });
  // The grant of an app password is stored as a link that nobody can open.
  const app = { name: "tv", scopes: ["files:read"], folder_id: folder, password: "a long password" };
  await ok(owner, "POST", "/tokens/app-passwords", app);
  await owner.put("/private", "only mine");
  await owner.put("/shared/mine", "mine");
  await owner.put("/shared/ours", "before");
  await into(guest, folder, "ours", "and after");
  await into(guest, folder, "theirs", "twelve bytes");
  const planned = await shred("owner@example.com", ["--dry-run", "--json"]);
  const { files, shared_with: recipients, others } = JSON.parse(planned.stdout);
  assert.equal(recipients, 2);
  assert.deepEqual(
    [files, others],
    [
      4,
      {
        written: { people: 1, files: 2, bytes: 21 },
        lost: { files: 3, folders: 2, bytes: 25 },
        receivers: [
          { kind: "user", name: "guest", email: "guest@example.com" },
          { kind: "link", name: "the press" },
        ],
        receiver_count: 2,
        stays: { files: 0, bytes: 0 },
      },
    ],
  );
  const { stdout } = await shred("owner@example.com", ["--dry-run"]);
  assert.match(stdout, /, shared with 2 recipients \(people, groups and links\)$/m);
  assert.match(stdout, /^2 of the 4 files \(21 B\) were last changed by 1 other account and would also be removed$/m);
  assert.match(
    stdout,
    /^others would lose access to 3 files \(25 B\) and 2 folders: guest@example.com, link the press$/m,
  );
  const { stdout: ofGuest } = await shred("guest@example.com", ["--dry-run"]);
  assert.match(ofGuest, /^2 files \(21 B\) that it wrote to folders of other accounts would stay there$/m);
});

test("a missing account and the last administrator are rejected with the reason", async () => {
  const unknown = await shred("nobody@example.com", ["--yes"]);
  assert.deepEqual([unknown.code, /no user nobody@example.com/.test(unknown.stderr)], [4, true], unknown.stderr);
  const last = await shred("admin@example.com", ["--yes"]);
  assert.deepEqual([last.code, /last administrator/.test(last.stderr)], [5, true], last.stderr);
});

async function person(email: string): Promise<Api> {
  const who = { email, password: "a long password" };
  await ok(await Api.signIn(command.server.url), "POST", "/admin/users", { ...who, name: email.split("@")[0] });
  return Api.signIn(command.server.url, who);
}

async function into(api: Api, folder: string, name: string, text: string): Promise<void> {
  const path = `/files/upload?uploadType=media&parent_id=${folder}&name=${name}&on_conflict=replace`;
  const headers = { "content-type": "application/octet-stream" };
  const { status, body } = await api.call("POST", path, undefined, { body: text, headers });
  assert.ok(status < 300, JSON.stringify(body));
}

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
