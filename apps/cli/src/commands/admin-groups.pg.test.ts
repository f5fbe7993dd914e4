import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  administrator,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runCommand } from "./testing-run.ts";

const home = makeFolder("groups");
let server: RunningServer;

before(async () => {
  server = await startServer({ dataFolder: `${home}/data` });
  assert.equal((await signIn("admin", administrator.email, administrator.password)).code, 0);
  for (const [name, words] of [
    ["mia", "Mia Manager"],
    ["sam", "Sam Singer"],
  ] as const) {
    const added = await run("admin", [
      "admin",
      "users",
      "add",
      `${name}@example.org`,
      "--name",
      words,
      "--password-stdin",
    ]);
    assert.equal(added.code, 0, added.stderr);
    assert.equal((await signIn(name, `${name}@example.org`)).code, 0);
  }
});
after(async () => {
  await server?.stop();
  removeFolder(home);
});

const password = "correct horse battery";

function signIn(who: string, email: string, secret = password) {
  return run(who, ["login", server.url, "--email", email, "--password-stdin"], secret);
}

function run(who: string, args: string[], input = password) {
  return runCommand({ HOLDFAST_CONFIG_DIR: `${home}/${who}` }, args, { input: `${input}\n` });
}

async function json(who: string, ...args: string[]) {
  const { stdout, stderr } = await run(who, ["admin", "groups", ...args, "--json"]);
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}

test("an administrator creates a group and its manager, who adds members; each command has JSON output", async () => {
  const { id, name, members } = await json("admin", "create", "Choir");
  assert.deepEqual([name, members], ["Choir", 0]);
  assert.equal((await json("admin", "add", "Choir", "MIA@example.org", "--manager")).role, "manager");
  assert.equal((await json("mia", "add", id, "sam@example.org")).email, "sam@example.org");
  assert.deepEqual(
    (await json("sam", "ls")).items.map((group: { name: string; role: string; members: number }) => [
      group.name,
      group.role,
      group.members,
    ]),
    [["Choir", "member", 2]],
  );
  const emails = (await json("sam", "members", "Choir")).items.map((member: { email: string }) => member.email);
  assert.deepEqual(emails.toSorted(), ["mia@example.org", "sam@example.org"]);
  assert.equal((await json("mia", "rename", "Choir", "Big choir")).name, "Big choir");
  assert.equal((await json("mia", "remove", "Big choir", "sam@example.org")).removed, true);
  assert.deepEqual((await json("sam", "ls")).items, []);
  assert.deepEqual(await json("admin", "rm", "Big choir"), { id, deleted: true });
  assert.deepEqual((await json("mia", "ls")).items, []);
});

test("a group's plan applies to its members, in text and JSON", async () => {
  const { id } = await json("admin", "create", "Library");
  await json("admin", "add", id, "sam@example.org");
  const planned = await run("admin", ["admin", "groups", "plan", "Library", "plus"]);
  assert.deepEqual([planned.code, planned.stdout], [0, "the members of Library also have the plan plus\n"]);
  assert.deepEqual(
    (await json("sam", "ls")).items.map((group: { name: string; plan: string }) => [group.name, group.plan]),
    [["Library", "plus"]],
  );
  assert.match((await run("admin", ["admin", "groups", "ls"])).stdout, /Library +1 members +plus\n/);
  assert.equal((await json("admin", "plan", "Library", "--none")).plan, null);
  for (const args of [["Library"], ["Library", "plus", "--none"]]) {
    assert.equal((await run("admin", ["admin", "groups", "plan", ...args])).code, 2);
  }
  const unknown = await run("admin", ["admin", "groups", "plan", "Library", "gold"]);
  assert.deepEqual([unknown.code, /There is no plan "gold"/.test(unknown.stderr)], [2, true], unknown.stderr);
  await json("admin", "rm", "Library");
});

test("invalid requests are explained, with the exit code of their kind", async () => {
  await json("admin", "create", "Twice");
  const { id } = await json("admin", "create", "Twice");
  await json("admin", "add", id, "sam@example.org");
  for (const [who, args, status, words] of [
    ["admin", ["rm", "Twice"], 5, /Several groups are named Twice/],
    ["admin", ["rm", "Nowhere"], 4, /There is no group Nowhere/],
    ["admin", ["add", id, "nobody@example.org"], 4, /There is no such user/],
    ["admin", ["remove", id, "mia@example.org"], 4, /mia@example\.org is not in this group/],
    ["sam", ["rm", id], 3, /Only a manager/],
    ["sam", ["create", "Mine"], 3, /Only an administrator/],
    ["admin", ["create", " "], 2, /The name is empty/],
  ] as const) {
    const ran = await run(who, ["admin", "groups", ...args]);
    assert.deepEqual([ran.code, words.test(ran.stderr)], [status, true], `${args.join(" ")}: ${ran.stderr}`);
  }
  // The administrator has created the group, but is not a member.
  for (const group of ["Twice", "Nowhere"]) {
    const ran = await run("admin", ["share", "/", "--with", group, "--role", "viewer"]);
    assert.deepEqual(
      [ran.code, /is neither an e-mail address nor a group that you are in/.test(ran.stderr)],
      [4, true],
      ran.stderr,
    );
  }
});
