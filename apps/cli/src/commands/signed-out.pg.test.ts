import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { administrator, Api, eventually, launcher, ok } from "@holdfast/server/acceptance/testing";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Device signed out", () => {
  const signedIn = useSignedIn("signed-out");
  const { folder, run } = signedIn;
  const login = () =>
    run(
      ["login", signedIn.server.url, "--email", administrator.email, "--password-stdin"],
      `${administrator.password}\n`,
    );

  test("from another device: status advises signing in, then starting the sync", async () => {
    const root = join(folder, "drive");
    mkdirSync(root);
    writeFileSync(join(root, "a"), "a");
    assert.equal((await run(["sync", root, "--remote", "/drive", "--once"])).code, 0);
    const started = / {2}! This sync is not running\. Start it with: holdfast sync /;
    assert.match((await run(["status", root])).stdout, started);
    const { url } = signedIn.server;
    const api = await Api.signIn(url);
    const { items } = await ok(api, "GET", "/devices");
    for (const { id, current } of items as { id: string; current: boolean }[])
      if (!current) await ok(api, "DELETE", `/devices/${id}`);
    const ended = await run(["sync", root, "--once"]);
    assert.equal(ended.code, 3, ended.stderr);
    const { stdout } = await run(["status", root]);
    assert.ok(
      stdout.includes(
        `  ! This device was signed out, for example by a password change or from another of your devices. Sign in with: holdfast login ${url}, then`,
      ),
      stdout,
    );
    assert.doesNotMatch(stdout, started);
    assert.equal((await login()).code, 0);
    assert.match((await run(["status", root])).stdout, started);
  });

  test("by a new password: the running sync ends with the reason and both commands", async (t) => {
    const root = join(folder, "drive");
    const env = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const sync = spawn(launcher, ["sync", root], { env, stdio: ["ignore", "ignore", "pipe"] });
    t.after(() => sync.kill());
    const output = text(sync.stderr);
    await eventually("the sync runs", 60_000, async () =>
      / in sync$/m.test((await run(["status", root])).stdout) ? true : undefined,
    );
    const { url } = signedIn.server;
    const api = await Api.signIn(url);
    const { password } = administrator;
    await ok(api, "POST", "/account/password", { current_password: password, new_password: password });
    assert.ok(
      (await output).includes(
        `by a password change, or by an administrator. Run 'holdfast login ${url}' again. Then start the sync with: holdfast sync ${root}\n`,
      ),
      await output,
    );
    assert.equal((await login()).code, 0);
  });

  test("by logout: the command names the running syncs that end", async (t) => {
    const root = join(folder, "running");
    mkdirSync(root);
    const idle = await run(["sync", join(folder, "drive"), "--once"]);
    assert.equal(idle.code, 0, idle.stderr);
    const env = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const sync = spawn(launcher, ["sync", root, "--remote", "/running"], { env, stdio: "ignore" });
    const ended = once(sync, "exit", { signal: AbortSignal.timeout(120_000) });
    t.after(() => sync.kill());
    await eventually("the sync runs", 60_000, async () =>
      / in sync$/m.test((await run(["status", root])).stdout) ? true : undefined,
    );
    const api = await Api.signIn(signedIn.server.url);
    const own = JSON.parse((await run(["devices", "--json"])).stdout).items.find(
      ({ current }: { current: boolean }) => current,
    );
    const { code, stdout, stderr } = await run(["logout"]);
    assert.equal(code, 0, stderr);
    const devices = await ok(api, "GET", "/devices");
    assert.deepEqual(
      devices.signed_out.filter((each: { device_id: string }) => each.device_id === own.id),
      [],
    );
    assert.deepEqual(
      devices.items.filter(({ id }: { id: string }) => id === own.id),
      [],
    );
    assert.equal(stdout, `Signed out of ${signedIn.server.url}.\n`);
    assert.equal(stderr, `The sync of ${root} stops: it used this login.\n`);
    assert.deepEqual((await ended)[0], 3);
    const { url } = signedIn.server;
    const output = (await run(["status", join(folder, "drive")])).stdout;
    assert.ok(
      output.includes(
        `no login for ${url} is stored. Sign in with: holdfast login ${url}, or set HOLDFAST_TOKEN, then start`,
      ),
      output,
    );
  });
});
