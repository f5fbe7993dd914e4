import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { Api, ok } from "@holdfast/server/acceptance/testing";
import { runIn } from "../run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

// Both wait until the command asks for the first time, after five seconds.
describe("Login with a browser", { concurrency: true }, () => {
  const command = useSignedIn("login-browser");

  function onTerminal(config: string, typed: string) {
    const stdin = Object.assign(new PassThrough(), { isTTY: true as const, setRawMode: () => {} });
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const environment = { HOLDFAST_CONFIG_DIR: `${command.folder}/${config}` };
    const args = ["login", command.server.url, "--device-name", "workbench"];
    let shown = "";
    const code = Promise.withResolvers<string>();
    stderr.setEncoding("utf8").on("data", (said: string) => {
      shown += said;
      const found = /\n {4}([A-Z]{4}-[A-Z]{4})\n/.exec(shown)?.[1];
      if (found !== undefined) code.resolve(found);
    });
    const out = text(stdout);
    const ended = runIn({ environment, stdin: stdin as never, stdout, stderr, exitCode: 0 }, args).finally(() =>
      stdout.end(),
    );
    stdin.write(typed);
    return { code: code.promise, ended, out, shown: () => shown };
  }

  test("Enter shows an address and a code, and approval in the browser signs in this device", async () => {
    const login = onTerminal("browser", "\n");
    const code = await login.code;
    assert.match(login.shown(), new RegExp(`Open ${command.server.url}/device in a browser`));
    const admin = await Api.signIn(command.server.url);
    const asked = await ok(admin, "POST", "/account/device-requests", { user_code: code });
    assert.deepEqual([asked.name, asked.session], ["workbench", true]);
    await ok(admin, "POST", "/account/device-requests/answer", { user_code: code, allow: true });
    assert.equal(await login.ended, 0, login.shown());
    assert.match(await login.out, /Signed in to .+ as admin@example\.com/);
    const { items } = await ok(admin, "GET", "/devices");
    const device = items.find(({ name }: { name: string }) => name === "workbench");
    const names: Partial<Record<NodeJS.Platform, string>> = { linux: "Linux", darwin: "macOS", win32: "Windows" };
    assert.equal(device?.system, names[process.platform]);
  });

  test("refused in the browser exits like a failed sign-in, and stores no login", async () => {
    const login = onTerminal("refused", "\n");
    const admin = await Api.signIn(command.server.url);
    await ok(admin, "POST", "/account/device-requests/answer", { user_code: await login.code, allow: false });
    assert.equal(await login.ended, 3);
    assert.match(login.shown(), /denied in the browser/);
  });
});
