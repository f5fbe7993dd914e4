import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import { fileURLToPath } from "node:url";
import { useSilentServer } from "../testing-silent-server.ts";

const launcher = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-signals-"));
const { server: silent, port } = useSilentServer();
after(() => rmSync(folder, { recursive: true }));

/** Modules in the order in which they are loaded, from the first action of `main.ts` to the creation of the engine. */
const moments = ["config/compiled-code.ts", "program.ts", "sync/run-sync.ts"];

for (const [index, moment] of moments.entries()) {
  test(`a signal while ${moment} is being loaded ends a sync with 0, and one with --once with 130`, async () => {
    const root = join(folder, "root");
    if (isLongTier || index % 2 === 0)
      assert.deepEqual(await endedAt(moment, "SIGTERM", ["sync", root]), { code: 0, signal: null });
    if (isLongTier || index % 2 === 1)
      assert.deepEqual(await endedAt(moment, "SIGINT", ["sync", root, "--once"]), { code: 130, signal: null });
  });
}

test("a command with no open resources still ends by the signal", async () => {
  assert.deepEqual(await endedAt("run.ts", "SIGTERM", ["status"]), { code: null, signal: "SIGTERM" });
});

test("stopping npx stops the sync below the shell of npx", async (t) => {
  if (spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status !== 0) return t.skip("there is no setpriv here");
  const connected = once(silent, "connection") as Promise<[Socket]>;
  // The trailing `true` prevents the shell from replacing itself with the command.
  const shell = spawn("sh", ["-c", '"$0" "$@"; true', launcher, "sync", join(folder, "root")], {
    env: { ...environment(), npm_lifecycle_event: "npx" },
    stdio: "ignore",
  });
  const [socket] = await connected;
  socket.on("error", () => {}).resume();
  const gone = once(socket, "close");
  shell.kill("SIGTERM");
  await gone;
});

test("a full disk for standard output is reported as a sentence, without a stack trace", (t) => {
  if (!existsSync("/dev/full")) return t.skip("there is no /dev/full here");
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(launcher, ["status", "--help"], {
    env: environment(),
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  closeSync(full);
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^holdfast: Standard output could not be written.*the disk is full \(ENOSPC\)\. Free some space[^\n]*\n$/,
  );
});

function environment(): NodeJS.ProcessEnv {
  return {
    ...process.env,
    HOLDFAST_CONFIG_DIR: join(folder, "config"),
    HOLDFAST_SERVER: `http://127.0.0.1:${port()}`,
    HOLDFAST_TOKEN: "none",
  };
}

function endedAt(moment: string, signal: NodeJS.Signals, args: readonly string[]) {
  const preload = join(folder, `${signal}-${moment.replace("/", "-")}.mjs`);
  writeFileSync(
    preload,
    `import { registerHooks } from "node:module";
    registerHooks({ load(url, context, next) {
      if (url.endsWith(${JSON.stringify(`/${moment}`)})) process.kill(process.pid, ${JSON.stringify(signal)});
      return next(url, context);
    } });`,
  );
  return new Promise((resolve) => {
    const child = spawn(launcher, args, {
      env: { ...environment(), NODE_OPTIONS: `--import=${preload}` },
      stdio: "ignore",
    });
    child.once("exit", (code, endedBy) => resolve({ code, signal: endedBy }));
  });
}
