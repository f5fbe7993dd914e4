import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { administrator, Api, eventually, queryDatabase } from "@holdfast/server/acceptance/testing";
import { useTwoPeople } from "./testing-signed-in.ts";

describe("holdfast account address", () => {
  const people = useTwoPeople("account-address");
  const { guest, ann, done } = people;
  const move = (email: string, password: string, ...more: string[]) =>
    guest(["account", "address", email, "--password-stdin", ...more], `${password}\n`);

  test("requests a change, which the link in the mail confirms, and cancels it", async () => {
    const admin = await Api.signIn(people.server.url);
    const wrong = await move("ann@new.example", "a guess");
    assert.equal(wrong.code, 3, wrong.stderr);
    assert.match(wrong.stderr, /Wrong password/);
    const asked = await move("ann@new.example", ann.password);
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(asked.stdout, /A confirmation e-mail was sent to ann@new\.example.*still ann@example\.com/);
    const link = await eventually("the link is there to hand on", 60_000, async () => {
      const { body } = await admin.call("GET", "/admin/unsent-links");
      return body.items.find(({ to }: { to: string }) => to === "ann@new.example")?.url as string | undefined;
    });
    const back = await move("ann@example.com", ann.password);
    assert.match(back.stdout, /The address of your account is still ann@example\.com/);
    const token = link.slice(link.indexOf("#") + 1);
    const own = await Api.signIn(people.server.url, ann);
    assert.equal((await own.call("POST", "/account/confirm", { token })).status, 422);
    const json = await move("ann@new.example", ann.password, "--json");
    assert.deepEqual(JSON.parse(json.stdout), { email: "ann@example.com", next_email: "ann@new.example" });
    assert.equal((await own.call("POST", "/account/confirm", { token })).status, 200);
    assert.match(await done(guest, ["whoami"]), /ann@new\.example/);
  });
});

describe("holdfast account delete", () => {
  const people = useTwoPeople("account-command");
  const { owner, guest, ann, done } = people;
  const login = (...more: string[]) =>
    guest(["login", people.server.url, "--email", ann.email, "--password-stdin", ...more], `${ann.password}\n`);
  const remove = () => guest(["account", "delete", "--password-stdin"], `${ann.password}\n`);

  test("ends all sessions and tokens immediately, and hides what was shared", async () => {
    await done(guest, ["mkdir", "/given"]);
    await done(guest, ["share", "/given", "--with", administrator.email, "--role", "viewer"]);
    const link = JSON.parse(await done(guest, ["link", "/given", "--json"]));
    const api = await Api.signIn(people.server.url, ann);
    const made = await api.call("POST", "/tokens", { name: "mine", scopes: ["account", "files:read"] });
    const byToken = new Api(people.server.url, made.body.token);
    const refused = await byToken.call("DELETE", "/account", { password: ann.password });
    assert.deepEqual([refused.status, refused.body.code], [403, "forbidden"]);
    const wrong = await guest(["account", "delete", "--password-stdin"], "not the password\n");
    assert.equal(wrong.code, 3, wrong.stderr);
    await eventually("the share is listed", 60_000, async () =>
      /given/.test(await done(owner, ["shared"])) ? true : undefined,
    );

    const { code, stdout, stderr } = await remove();
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^ann@example\.com is deleted, and will be removed permanently after \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\./,
    );
    assert.ok(stdout.includes(`'holdfast login ${people.server.url} --keep-account'`), stdout);
    assert.equal((await api.call("GET", "/account")).status, 401);
    assert.equal((await byToken.call("GET", "/account")).status, 401);
    assert.equal((await guest(["ls"])).code, 3);
    assert.doesNotMatch(await done(owner, ["shared"]), /given/);
    const opened = await fetch(link.url);
    assert.equal(opened.status, 404);
    assert.match(await done(owner, ["admin", "users", "ls"]), /ann@example\.com.*deleted, removed on \d{4}/);
  });

  test("reports itself only after the right password, and is cancelled by login --keep-account", async () => {
    const stranger = await new Api(people.server.url).call("POST", "/sessions", {
      email: ann.email,
      password: "guess",
    });
    assert.deepEqual([stranger.status, stranger.body.code], [401, "unauthenticated"]);
    const answer = await new Api(people.server.url).call("POST", "/sessions", ann);
    assert.deepEqual([answer.status, answer.body.code], [403, "account_leaving"]);
    const daysLeft = (Date.parse(answer.body.until) - Date.now()) / 86_400_000;
    assert.ok(daysLeft > 29.9 && daysLeft <= 30, String(daysLeft));
    const leaving = await login();
    assert.equal(leaving.code, 3, leaving.stderr);
    assert.match(leaving.stderr, /--keep-account/);
    const kept = await login("--keep-account");
    assert.equal(kept.code, 0, kept.stderr);
    assert.match(await done(guest, ["ls"]), /given/);
    assert.match(await done(owner, ["shared"]), /given/);
  });

  test("can be cancelled or made final by an administrator", async () => {
    assert.equal((await remove()).code, 0);
    await done(owner, ["admin", "users", "enable", ann.email]);
    assert.equal((await login()).code, 0);
    assert.equal((await remove()).code, 0);
    await done(owner, ["admin", "users", "disable", ann.email]);
    const out = await login("--keep-account");
    assert.equal(out.code, 3, out.stderr);
    assert.match(out.stderr, /disabled/);
    await done(owner, ["admin", "users", "enable", ann.email]);
    assert.equal((await login()).code, 0);
  });

  test("is rejected for the last administrator", async () => {
    const { code, stderr } = await owner(["account", "delete", "--password-stdin"], `${administrator.password}\n`);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /last administrator.*Add another one first.*To remove the whole server, stop it and delete/);
    // Fails before any question, which would end with 2 without a terminal.
    assert.equal((await owner(["account", "delete"])).code, 5);
    await done(owner, ["whoami"]);
  });

  test("asks for the address on a terminal, and fails without one", async () => {
    const { code, stderr } = await guest(["account", "delete"]);
    assert.match(stderr, /Without a terminal, use --password-stdin/);
    assert.equal(code, 2);
    await done(guest, ["whoami"]);
  });

  test("cannot be cancelled once shredding has begun", async () => {
    assert.equal((await remove()).code, 0);
    const data = `${people.folder}/data`;
    await queryDatabase(
      data,
      `insert into shard.shreddings (user_id, space_id, step, known, figures, asked_at, waits_for)
       select id, space_id, 'rights', '{"email":"","mounts":[]}', '{}', 0, 'a test' from shard.users where email = '${ann.email}'`,
    );
    assert.equal((await login("--keep-account")).code, 3);
  });
});
