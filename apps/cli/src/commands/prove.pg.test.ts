import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { administrator, eventually, launcher, queryDatabase } from "@holdfast/server/acceptance/testing";
import { requireComponent } from "@holdfast/tools/components";
import { onTerminal } from "@holdfast/tools/pseudo-terminal";
import { Secret, TOTP } from "otpauth";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Login older than the proof's validity", () => {
  const command = useSignedIn("prove");
  const { run, json } = command;

  const grownOld = () => queryDatabase(command.data, "update shard.sessions set proven_at = 1");
  const administrators = async () =>
    (await queryDatabase(command.data, "select email from shard.users where admin order by email")).map(
      ({ email }) => email as string,
    );
  const start = (...args: string[]) =>
    onTerminal([launcher, ...args], { env: { HOLDFAST_CONFIG_DIR: `${command.folder}/config` } });
  const shown = (terminal: ReturnType<typeof start>, pattern: RegExp) =>
    eventually(String(pattern), 30_000, () => pattern.exec(terminal.lines().join("\n")) ?? undefined);
  const newUser = async (email: string) => {
    const args = ["admin", "users", "add", email, "--password-stdin", "--data", command.data];
    assert.equal((await run(args, "a sentence of somebody\n")).code, 0);
  };

  test("ends a script's sensitive command with 3 and advice, and changes nothing", async () => {
    await newUser("script@example.org");
    await grownOld();
    for (const args of [
      ["admin", "users", "promote", "script@example.org"],
      ["token", "create", "t"],
    ]) {
      const { code, stderr } = await run(args);
      assert.equal(code, 3, stderr);
      assert.match(stderr, /Run 'holdfast login' again first, or use a token \(HOLDFAST_TOKEN\)\. Nothing was done\./);
    }
    assert.equal((await json("token", "create", "t")).error.code, "proof_required");
    assert.deepEqual(await administrators(), [administrator.email]);
    assert.deepEqual((await json("token", "ls")).items, []);
    assert.equal((await run(["admin", "users", "promote", "script@example.org", "--data", command.data])).code, 0);
  });

  test("continues to sync, write and read", async () => {
    await grownOld();
    mkdirSync(`${command.folder}/synced`);
    writeFileSync(`${command.folder}/synced/file`, "of this device");
    const synced = await run(["sync", `${command.folder}/synced`, "--once"]);
    assert.equal(synced.code, 0, synced.stderr);
    assert.equal((await run(["cat", "/file"])).stdout, "of this device");
  });

  test("asks for the password on a terminal until it is right, and then continues", async (t) => {
    if (!requireComponent(t, "python3")) return;
    await newUser("typed@example.org");
    await grownOld();
    const before = await administrators();
    const terminal = start("admin", "users", "promote", "typed@example.org");
    await shown(terminal, /you signed in a while ago\.[^]*Password: /);
    terminal.type("not it\r");
    await shown(terminal, /Wrong password\.\n[^]*Password: /);
    assert.deepEqual(await administrators(), before);
    terminal.type(`${administrator.password}\r`);
    await shown(terminal, /typed@example\.org is now an administrator/);
    assert.equal(await terminal.ended, 0);
    assert.deepEqual(await administrators(), [...before, "typed@example.org"].toSorted());
    assert.equal((await run(["token", "create", "after it"])).code, 0);
  });

  test("also asks for the second factor", async (t) => {
    if (!requireComponent(t, "python3")) return;
    const on = ["second-factor", "on", "--password-stdin", "--json"];
    const { secret } = JSON.parse((await run(on, `${administrator.password}\n`)).stdout);
    const code = (aheadMs: number) =>
      new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + aheadMs });
    const confirmed = await run(["second-factor", "confirm", code(0), "--json"]);
    assert.equal(confirmed.code, 0, confirmed.stderr);
    await grownOld();
    const terminal = start("token", "create", "with a code");
    await shown(terminal, /Password: /);
    terminal.type(`${administrator.password}\r`);
    await shown(terminal, /Code from the authenticator app/);
    terminal.type(`${code(30_000)}\r`);
    await shown(terminal, /Save it now/);
    assert.equal(await terminal.ended, 0);
  });

  test("checks the current password before passwd asks for a new one", async (t) => {
    if (!requireComponent(t, "python3")) return;
    const wrong = start("passwd");
    await shown(wrong, /Current password: /);
    wrong.type("not it\r");
    assert.equal(await wrong.ended, 3);
    assert.match(wrong.lines().join("\n"), /Wrong current password/);
    assert.doesNotMatch(wrong.lines().join("\n"), /New password/);
    const right = start("passwd");
    await shown(right, /Current password: /);
    right.type(`${administrator.password}\r`);
    await shown(right, /New password: /);
    right.type("short\r");
    assert.equal(await right.ended, 2);
  });
});
