import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Api, eventually } from "@holdfast/server/acceptance/testing";
import { Secret, TOTP } from "otpauth";
import { runCommand } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

function codeOf(secret: string): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate();
}

describe("admin require-second-factor and allow-addresses", () => {
  // Runs behind a proxy, so that tests can use any address.
  const command = useSignedIn("access-rules", { HOLDFAST_BEHIND_PROXY: "1" });
  const { run, json } = command;
  let people = 0;

  async function newPerson() {
    const account = { email: `person${++people}@example.org`, password: "the password of a person" };
    const admin = await Api.signIn(command.server.url);
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    const env = { HOLDFAST_CONFIG_DIR: `${command.folder}/${account.email}` };
    const say = (args: string[], input = `${account.password}\n`) => runCommand(env, args, { input });
    const login = () => say(["login", command.server.url, "--email", account.email, "--password-stdin"]);
    const first = await login();
    assert.equal(first.code, 0, first.stderr);
    return { ...account, env, say, login };
  }

  test("explain the requirement to people until they enroll, and give scripts a code", async () => {
    const person = await newPerson();
    const { token } = JSON.parse(
      (await person.say(["token", "create", "script", "--scopes", "files:read", "--json"])).stdout,
    );
    const script = (...args: string[]) =>
      runCommand(
        {
          HOLDFAST_SERVER: command.server.url,
          HOLDFAST_TOKEN: token,
          HOLDFAST_CONFIG_DIR: `${command.folder}/script`,
        },
        args,
      );
    const ordered = await run(["admin", "require-second-factor", "on", "--user", person.email, "--grace", "14d"]);
    assert.match(ordered.stdout, new RegExp(`^${person.email} must have a second factor from `));
    const during = await person.login();
    assert.equal(during.code, 0, during.stderr);
    assert.match(during.stderr, /must have a second factor from .*'holdfast second-factor on'/);
    assert.match((await person.say(["whoami"])).stderr, /must have a second factor from /);
    assert.equal((await person.say(["ls", "/"])).code, 0);
    assert.equal((await script("ls", "/")).code, 0);

    await run(["admin", "require-second-factor", "on", "--user", person.email]);
    assert.match((await run(["admin", "require-second-factor"])).stdout, new RegExp(`user +${person.email}`));
    for (const refused of [await person.say(["ls", "/"]), await script("ls", "/")]) {
      assert.equal(refused.code, 3);
      assert.match(
        refused.stderr,
        /must have a second factor before it can be used\. Set one up: 'holdfast second-factor on'/,
      );
    }
    assert.equal(JSON.parse((await person.say(["ls", "/", "--json"])).stdout).error.code, "second_factor_required");
    assert.match((await person.login()).stderr, /must have a second factor before you can use it/);

    const { secret } = JSON.parse((await person.say(["second-factor", "on", "--password-stdin", "--json"])).stdout);
    assert.equal((await person.say(["second-factor", "confirm", codeOf(secret)])).code, 0);
    assert.equal((await person.say(["ls", "/"])).code, 0);
    assert.equal((await script("ls", "/")).code, 0);
    assert.match((await person.say(["second-factor"])).stdout, /An administrator requires a second factor/);
    const off = await person.say(["second-factor", "off", "--password-stdin", "--totp", codeOf(secret)]);
    assert.notEqual(off.code, 0);
    const lifted = await run(["admin", "require-second-factor", "off", "--user", person.email]);
    assert.match(lifted.stdout, /no longer needs a second factor under this rule/);
  });

  test("work on the data folder without a login, and on a group by its name", async () => {
    const person = await newPerson();
    await run(["admin", "groups", "create", "Office"]);
    await run(["admin", "groups", "add", "Office", person.email]);
    const beside = await run(["admin", "allow-addresses", "10.0.0.0/8", "--group", "Office", "--data", command.data]);
    assert.match(beside.stdout, /^Every account in Office can only be used from 10\.0\.0\.0\/8\.\n$/);
    const refused = await person.say(["ls", "/"]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /cannot be used from 127\.0\.0\.1/);
    assert.equal((await person.login()).code, 3);
    await run(["admin", "allow-addresses", "--anywhere", "--group", "Office"]);
    assert.equal((await person.say(["ls", "/"])).code, 0);
    const shut = await run(["admin", "allow-addresses", "10.0.0.0/8"]);
    assert.equal(shut.code, 5);
    assert.match(shut.stderr, /This would lock you out: your address 127\.0\.0\.1/);
    assert.deepEqual((await json("admin", "allow-addresses")).items, []);
  });

  test("use only the address written by the proxy", async () => {
    const person = await newPerson();
    await run(["admin", "allow-addresses", "192.0.2.0/24", "--user", person.email]);
    const ask = (forwarded: string) =>
      fetch(`${command.server.url}/api/v1/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": forwarded },
        body: JSON.stringify({ email: person.email, password: person.password }),
      });
    assert.equal((await ask("192.0.2.7")).status, 200);
    assert.equal((await ask("::ffff:192.0.2.7")).status, 200);
    // The client wrote the addresses further left.
    const spoofed = await ask("192.0.2.7, 198.51.100.1");
    assert.equal(((await spoofed.json()) as { code: string }).code, "address_not_allowed");
    await eventually("the refusal is in the audit", 60_000, async () => {
      const admin = await Api.signIn(command.server.url);
      const { body: found } = await admin.call("GET", "/admin/audit?action=session.start&limit=50");
      return JSON.stringify(found).includes("address_not_allowed") ? true : undefined;
    });
    await run(["admin", "allow-addresses", "--anywhere", "--user", person.email]);
  });

  test("have a counterpart for the own account, which requires the password", async () => {
    const person = await newPerson();
    const shut = await person.say(["addresses", "only", "10.0.0.0/8", "--password-stdin"]);
    assert.equal(shut.code, 5);
    const set = await person.say(["addresses", "only", "127.0.0.0/8", "::1", "--password-stdin"]);
    assert.equal(set.code, 0, set.stderr);
    assert.match(
      (await person.say(["addresses"])).stdout,
      /^Allowed only from 127\.0\.0\.0\/8, ::1\/128\.\nYour current address is 127\.0\.0\.1\.\n$/,
    );
    assert.equal((await person.say(["addresses", "anywhere", "--password-stdin"], "wrong\n")).code, 3);
    assert.equal((await person.say(["addresses", "anywhere", "--password-stdin"])).code, 0);
    assert.match((await person.say(["addresses"])).stdout, /^Allowed from any network\./);
  });
});
