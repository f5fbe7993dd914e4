import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { administrator, Api, eventually, launcher } from "@holdfast/server/acceptance/testing";
import { TestPasskey } from "@holdfast/server/features/accounts/factors/testing-passkey";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";
import { Secret, TOTP } from "otpauth";
import { runCommand } from "./testing-run.ts";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

/** Code of an app, now or 30 s later. Each code is accepted once, and the next one is already valid. */
function codeOf(secret: string, step: "now" | "next" = "now"): string {
  const timestamp = Date.now() + (step === "next" ? 30_000 : 0);
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

describe("second-factor", () => {
  const command = useSignedIn("second-factor");
  const { run, json } = command;

  async function newPerson(name: string) {
    const account = { email: `${name}@example.org`, password: `the password of ${name}` };
    const admin = await Api.signIn(command.server.url);
    assert.equal((await admin.call("POST", "/admin/users", account)).status, 201);
    const env = { HOLDFAST_CONFIG_DIR: `${command.folder}/${name}` };
    const say = (args: string[], input = `${account.password}\n`) => runCommand(env, args, { input });
    const login = (...more: string[]) =>
      say(["login", command.server.url, "--email", account.email, "--password-stdin", ...more]);
    assert.equal((await login()).code, 0);
    const on = async (): Promise<{ secret: string; codes: string[] }> => {
      const { secret } = JSON.parse((await say(["second-factor", "on", "--password-stdin", "--json"])).stdout);
      const confirmed = await say(["second-factor", "confirm", codeOf(secret), "--json"]);
      assert.equal(confirmed.code, 0, confirmed.stderr);
      return { secret, codes: JSON.parse(confirmed.stdout).recovery_codes };
    };
    return { ...account, env, login, say, on };
  }

  test("is set up, asked for, renewed and removed by scripts", async () => {
    const { login, say, on } = await newPerson("script");
    assert.match((await say(["second-factor"])).stdout, /^Off: /);
    const { secret, codes } = await on();
    assert.match((await say(["second-factor"])).stdout, /^On since .*; 10 recovery codes left\.\n$/);
    const without = await login();
    assert.equal(without.code, 3);
    assert.match(without.stderr, /This account has a second factor\. Add --totp CODE\./);
    const wrong = await login("--totp", "000000", "--json");
    assert.equal(wrong.code, 3);
    assert.equal(JSON.parse(wrong.stdout).error.code, "second_factor");
    assert.equal((await login("--totp", codeOf(secret, "next"))).code, 0);
    assert.equal((await login("--totp", codes[0] ?? "")).code, 0);
    const renewed = await say(["second-factor", "codes", "--password-stdin", "--totp", codes[1] ?? "", "--json"]);
    const [fresh] = JSON.parse(renewed.stdout).recovery_codes;
    assert.equal((await login("--totp", codes[2] ?? "")).code, 3);
    const mistyped = await say(["second-factor", "off", "--password-stdin", "--totp", fresh], "no such password\n");
    assert.equal(mistyped.code, 3);
    assert.match(mistyped.stderr, /Wrong password\. Nothing was changed\./);
    assert.equal((await say(["second-factor", "off", "--password-stdin", "--totp", fresh])).code, 0);
    assert.equal((await login()).code, 0);
  });

  for (const [where, flags] of bothPlaces(command)) {
    test(`${where}, an administrator removes it for a user who lost the phone and the codes`, async () => {
      const person = await newPerson(`lost-${flags.length}`);
      await person.on();
      const listed = async () =>
        (await run(["admin", "users", "ls", ...flags])).stdout.split("\n").find((line) => line.includes(person.email));
      assert.match((await listed()) ?? "", /second factor$/);
      const ended = await run(["admin", "users", "end-second-factor", person.email, ...flags]);
      assert.equal(ended.code, 0, ended.stderr);
      assert.doesNotMatch((await listed()) ?? "", /second factor$/);
      assert.equal((await person.say(["whoami"])).code, 3, "its sessions have ended");
      assert.equal((await person.login()).code, 0);
    });

    test(`${where}, an administrator removes passkeys together with a new password only if the command says so`, async () => {
      const person = await newPerson(`passkey-${flags.length}`);
      // Browsers permit passkeys only for host names.
      const origin = `http://localhost:${new URL(command.server.url).port}`;
      const api = await Api.signIn(origin, person);
      const { body: asked } = await api.call("POST", "/account/passkeys", { password: person.password });
      const passkey = new TestPasskey(origin).create(asked.webauthn);
      const added = await api.call("POST", "/account/passkeys/confirm", { name: "Key", passkey });
      assert.equal(added.status, 201, JSON.stringify(added.body));
      const reset = (...more: string[]) =>
        run(
          ["admin", "users", "reset-password", person.email, "--password-stdin", ...flags, ...more],
          `${person.password}\n`,
        );
      const plain = await reset();
      assert.deepEqual([plain.code, plain.stdout], [0, `${person.email} has a new password\n`], plain.stderr);
      const asks = await person.login();
      assert.equal(asks.code, 3);
      const ways = `This account signs in with a passkey. Run 'holdfast login ${command.server.url}' and press Enter to sign in with a browser, or enter a recovery code (--totp CODE).`;
      assert.ok(asks.stderr.includes(ways), asks.stderr);
      const ended = await reset("--end-passkeys");
      assert.equal(ended.stdout, `${person.email} has a new password, and its passkeys were removed\n`, ended.stderr);
      assert.equal((await person.login()).code, 0);
    });
  }

  test("shows a QR code on a terminal, and asks for the app's code there and at login", async (t) => {
    if (!requireComponent(t, "python3")) return;
    const { email, password, env } = await newPerson("terminal");
    const start = (...args: string[]) => onTerminal([launcher, ...args], { env: { ...env } });
    const shown = (terminal: ReturnType<typeof start>, pattern: RegExp) =>
      eventually(String(pattern), 30_000, async () => pattern.exec(terminal.lines().join("\n")) ?? undefined);
    const on = start("second-factor", "on");
    await shown(on, /Password: /);
    on.type(`${password}\r`);
    const [, inFours = ""] = await shown(on, /or type in ((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})/);
    const secret = inFours.replaceAll(" ", "");
    assert.ok(on.lines().filter((line) => /^[ █▀▄]{20,}$/.test(line)).length > 15, on.lines().join("\n"));
    await shown(on, /Code that the authenticator app shows: /);
    on.type("000000\r");
    await shown(on, /does not match the app/);
    on.type(`${codeOf(secret)}\r`);
    await shown(on, /The second factor is on\./);
    assert.equal(await on.ended, 0);
    assert.doesNotMatch(on.lines().join("\n"), /or a recovery code/, "there were none yet");
    const login = start("login", command.server.url, "--email", email);
    await shown(login, /Password: /);
    login.type(`${password}\r`);
    await shown(login, /Code from the authenticator app \(or a recovery code\): /);
    login.type(`${codeOf(secret, "next")}\r`);
    await shown(login, new RegExp(`as ${email.replace(".", "\\.")}`));
    assert.equal(await login.ended, 0);
  });

  test("changes nothing for accounts without one", async () => {
    assert.deepEqual(await json("second-factor"), {
      on: false,
      since: null,
      app: false,
      passkeys: 0,
      recovery_codes_left: 0,
    });
    assert.equal(
      (
        await run(
          ["login", command.server.url, "--email", administrator.email, "--password-stdin"],
          `${administrator.password}\n`,
        )
      ).code,
      0,
    );
  });
});
