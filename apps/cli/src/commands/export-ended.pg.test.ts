import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { launcher, spawnServer } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { useSignedInAt } from "./testing-signed-in.ts";

describe("Interrupted export", () => {
  const signedIn = useSignedInAt(spawnServer, "export-ended");
  const to = join(signedIn.folder, "to");
  const archive = join(to, "all.tar");

  before(async () => {
    mkdirSync(to);
    writeFileSync(join(signedIn.folder, "large"), randomBytes(32 * 1024 * 1024));
    const { code, stderr } = await signedIn.run(["put", join(signedIn.folder, "large"), "/large"]);
    assert.equal(code, 0, stderr);
  });

  for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    (signal === "SIGINT" ? test : longTest)(`by ${signal} while the server is silent leaves nothing`, async () => {
      const { pid } = signedIn.server;
      process.kill(pid, "SIGSTOP");
      try {
        const child = start();
        await begun(child);
        child.kill(signal);
        assert.deepEqual(await once(child, "exit"), [exitCode, null]);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      assert.deepEqual(readdirSync(to), []);
    });
  }

  test("leaves no list behind, and another one of the account can start", async () => {
    const child = start();
    await begun(child);
    child.kill("SIGKILL");
    await once(child, "exit");
    const bound = AbortSignal.timeout(120_000);
    const lists = join(signedIn.data, "exports");
    while (readdirSync(lists).length > 0) {
      bound.throwIfAborted();
      await nextTurn();
    }
    const { code, stderr } = await signedIn.run(["export", join(signedIn.folder, "again.tar")]);
    assert.equal(code, 0, stderr);
  });

  test("by a killed server reports it, and leaves nothing", async () => {
    for (const name of readdirSync(to)) assert.match(name, /holdfast-part/);
    const child = start("second.tar");
    await begun(child, "second.tar");
    await signedIn.server.kill();
    const [code] = await once(child, "exit");
    assert.ok(code === 7 || code === 1, String(code));
    assert.equal(existsSync(join(to, "second.tar")), false);
    assert.deepEqual(
      readdirSync(to).filter((name) => name.startsWith("second")),
      [],
    );
  });

  function start(name = "all.tar"): ChildProcess {
    assert.equal(existsSync(archive), false);
    return spawn(launcher, ["export", join(to, name)], {
      env: { ...process.env, HOLDFAST_CONFIG_DIR: `${signedIn.folder}/config` },
      stdio: "ignore",
    });
  }

  async function begun(child: ChildProcess, name = "all.tar"): Promise<void> {
    const bound = AbortSignal.timeout(60_000);
    while (!readdirSync(to).some((there) => there.startsWith(name))) {
      bound.throwIfAborted();
      assert.equal(child.exitCode, null);
      await nextTurn();
    }
  }
});
