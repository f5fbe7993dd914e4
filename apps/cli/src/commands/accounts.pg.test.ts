import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, Api, eventually } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("accounts");
const { run, json } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, an administrator promotes and demotes administrators, and revokes invitations`, async () => {
    const email = `${where.replaceAll(" ", "-")}@example.org`;
    const admin = (...args: string[]) => json("admin", ...args, ...flags);
    await run(["admin", "users", "add", email, "--password-stdin", ...flags], "correct horse");
    assert.equal((await admin("users", "promote", email)).admin, true);
    assert.match(
      (await run(["admin", "users", "demote", email, ...flags])).stdout,
      / is no longer an administrator\n$/,
    );
    assert.match((await admin("users", "invite", "new@example.org")).url, /#hfi_/);
    const again = await run(["admin", "users", "invite", "new@example.org", ...flags]);
    assert.match(again.stderr, /\n1 earlier invitation for new@example\.org can still be used/);
    const [newest] = (await admin("invites", "ls")).items;
    await admin("invites", "rm", newest.id);
    const [invitation, ...others] = (await admin("invites", "ls")).items;
    assert.deepEqual([invitation.email, others], ["new@example.org", []]);
    const { stdout } = await run(["admin", "invites", "ls", ...flags]);
    assert.match(stdout, new RegExp(`^${invitation.id} +new@example.org +until `));
    assert.deepEqual(await admin("invites", "rm", invitation.id), { id: invitation.id, removed: true });
    assert.deepEqual((await admin("invites", "ls")).items, []);
    assert.equal((await run(["admin", "invites", "rm", invitation.id, ...flags])).code, 4);
  });
}

for (const [where, flags] of bothPlaces(command)) {
  // Beside the data, the test waits until the server has read the changes.
  const testOfTier = flags.length === 0 ? test : longTest;
  testOfTier(`${where}, an account gets another address and name, and is deleted permanently`, async () => {
    const [old, taken] = [
      `old-${where.replaceAll(" ", "-")}@example.org`,
      `taken-${where.replaceAll(" ", "-")}@example.org`,
    ];
    const next = `new-${old}`;
    const users = (...args: string[]) => run(["admin", "users", ...args, ...flags]);
    for (const email of [old, taken])
      await run(["admin", "users", "add", email, "--password-stdin", ...flags], "correct horse");
    assert.equal((await users("rename", old, taken)).code, 5, "somebody else has it");
    assert.equal((await users("rename", old)).code, 2);
    const renamed = await users("rename", old, next, "--name", "Olga");
    assert.equal(renamed.stdout, `${old} is now ${next} (Olga)\n`, renamed.stderr);
    const { url } = command.server;
    const signIn = (email: string) => Api.signIn(url, { email, password: "correct horse" });
    const api = await eventually("the directory follows", 60_000, () => signIn(next).catch(() => undefined));
    const { body } = await api.call("GET", "/account");
    assert.deepEqual([body.email, body.name, body.confirmed], [next, "Olga", false]);
    await eventually("it is free", 60_000, async () => {
      const { code } = await run(["admin", "users", "add", old, "--password-stdin", ...flags], "correct horse");
      return code === 0 || undefined;
    });
    assert.equal((await users("rename", next, old.toUpperCase())).code, 5);
    assert.match((await users("rm", next, "--dry-run")).stdout, new RegExp(`^would remove ${next}: `));
    const removed = await users("rm", next, "--yes");
    assert.equal(removed.code, 0, removed.stderr);
    await assert.rejects(signIn(next));
  });
}

test("passwd changes the account's password, keeps this login and ends other sessions and tokens", async () => {
  const { url } = command.server;
  const passwd = (lines: string) => run(["passwd", "--password-stdin"], lines);
  const signIn = (password: string) =>
    run(["login", url, "--email", administrator.email, "--password-stdin"], `${password}\n`);
  const other = await Api.signIn(url);
  const { token } = await json("token", "create", "script", "--scopes", "files:read");
  const wrong = await passwd("no such password\na longer password\n");
  assert.equal(wrong.code, 3, wrong.stderr);
  assert.match(wrong.stderr, /Wrong current password/);
  assert.equal((await passwd(`${administrator.password}\nshort\n`)).code, 2);
  assert.equal((await passwd(`${administrator.password}\n`)).code, 2);
  const changed = await passwd(`${administrator.password}\na longer password\n`);
  assert.equal(changed.code, 0, changed.stderr);
  assert.equal((await json("whoami")).email, administrator.email);
  assert.equal((await other.call("GET", "/account")).status, 401);
  assert.equal((await new Api(url, token).call("GET", "/metadata?path=/")).status, 401);
  assert.equal((await signIn(administrator.password)).code, 3);
  assert.equal((await signIn("a longer password")).code, 0);
});
