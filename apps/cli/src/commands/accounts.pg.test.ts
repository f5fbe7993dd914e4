import assert from "node:assert/strict";
import { test } from "node:test";
import { administrator, Api } from "@holdfast/server/acceptance/testing";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("accounts");
const { run, json } = command;

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, an administrator makes others administrators, and takes invitations back`, async () => {
    const email = `${where.replaceAll(" ", "-")}@example.org`;
    const admin = (...args: string[]) => json("admin", ...args, ...flags);
    await run(["admin", "users", "add", email, "--password-stdin", ...flags], "correct horse");
    assert.equal((await admin("users", "promote", email)).admin, true);
    assert.match((await run(["admin", "users", "demote", email, ...flags])).stdout, / is no administrator\n$/);
    assert.match((await admin("users", "invite", "new@example.org")).url, /#hfi_/);
    const [invitation, ...others] = (await admin("invites", "ls")).items;
    assert.deepEqual([invitation.email, others], ["new@example.org", []]);
    const { stdout } = await run(["admin", "invites", "ls", ...flags]);
    assert.match(stdout, new RegExp(`^${invitation.id} +new@example.org +until `));
    assert.deepEqual(await admin("invites", "rm", invitation.id), { id: invitation.id, removed: true });
    assert.deepEqual((await admin("invites", "ls")).items, []);
    assert.equal((await run(["admin", "invites", "rm", invitation.id, ...flags])).code, 4);
  });
}

test("passwd changes one's own password; this login goes on, others and tokens end", async () => {
  const { url } = command.server;
  const passwd = (lines: string) => run(["passwd", "--password-stdin"], lines);
  const signIn = (password: string) =>
    run(["login", url, "--email", administrator.email, "--password-stdin"], `${password}\n`);
  const other = await Api.signIn(url);
  const { token } = await json("token", "create", "script", "--scopes", "files:read");
  const wrong = await passwd("no such password\na longer password\n");
  assert.equal(wrong.code, 3, wrong.stderr);
  assert.match(wrong.stderr, /not your present password/);
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
