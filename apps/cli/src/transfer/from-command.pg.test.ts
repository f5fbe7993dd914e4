import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { eventually, launcher } from "@holdfast/server/acceptance/testing";
import { useSignedIn } from "../commands/testing-signed-in.ts";
import { longTest } from "@holdfast/tools/tiers";

describe("put --from-command", () => {
  const { folder, run, json } = useSignedIn("from-command");

  const put = (path: string, ...command: string[]) => run(["put", "--from-command", path, "--", ...command]);
  const stored = async (path: string) => (await run(["cat", path])).stdout;

  function start(...args: string[]) {
    const env = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const child = spawn(launcher, ["put", ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    const ended = Promise.all([text(child.stderr), once(child, "close")]);
    return { child, ended: ended.then(([stderr, [code]]) => ({ stderr, code: Number(code) })) };
  }

  test("stores the output of the command, which no shell interprets", async () => {
    const words = ["printf", "%s|", "$HOME", "a b", "--json", "*"];
    const { code, stderr } = await put("/dumps/new/words", ...words);
    assert.equal(code, 0, stderr);
    assert.equal(await stored("/dumps/new/words"), "$HOME|a b|--json|*|");
    const large = await put("/dumps/large", "head", "-c", "40000000", "/dev/zero");
    assert.equal(large.code, 0, large.stderr);
    assert.equal((await json("ls", "/dumps/large")).items[0].size, 40_000_000);
  });

  test("stores nothing of a command that fails, is killed, cannot start or writes nothing", async () => {
    assert.equal((await put("/dump.sql", "echo", "the dump")).code, 0);
    for (const [command, code, said] of [
      [["sh", "-c", "head -c 20000000 /dev/zero; exit 3"], 1, /sh exited with code 3; nothing was stored/],
      [["sh", "-c", "echo half; kill -KILL $$"], 1, /sh was killed by SIGKILL; nothing was stored/],
      [["false"], 1, /false exited with code 1; nothing was stored/],
      [["no-such-command-here"], 2, /no-such-command-here was not found; nothing was stored/],
      [["/dev/null"], 2, /cannot be started \(.*EACCES\); nothing was stored/],
      [["true"], 1, /true wrote nothing, so nothing was stored.*--allow-empty/],
    ] as const) {
      for (const path of ["/dump.sql", "/none/dump.sql"]) {
        const ran = await put(path, ...command);
        assert.equal(ran.code, code, ran.stderr);
        assert.match(ran.stderr, said);
      }
    }
    assert.equal(await stored("/dump.sql"), "the dump\n");
    assert.equal((await json("versions", "/dump.sql")).items.length, 1);
    assert.equal((await run(["ls", "/none"])).code, 4, "no folder is made");
    assert.equal((await run(["put", "--allow-empty", "--from-command", "/dump.sql", "--", "true"])).code, 0);
    assert.equal(await stored("/dump.sql"), "");
  });

  test("runs nothing if the command does not follow --, or the path is a folder", async () => {
    const ran = join(folder, "ran");
    await run(["mkdir", "/a folder"]);
    for (const [args, code] of [
      [["/x", "touch", ran], 2],
      [["--", "touch", ran], 2],
      [["/x", "--"], 2],
      [["/x", "touch", "--", ran], 2],
      [["/x", "--dry-run", "--", "touch", ran], 2],
      [["/a folder", "--", "touch", ran], 2],
    ] as const) {
      assert.equal((await run(["put", "--from-command", ...args])).code, code, args.join(" "));
    }
    const { url } = await json("link", "/a folder");
    const linked = await run(["put", "--from-command", url, "--", "touch", ran]);
    assert.equal(linked.code, 2);
    assert.match(linked.stderr, /Files uploaded to a folder's link keep their own names/);
    assert.ok(!existsSync(ran));
  });

  longTest("forwards SIGINT and SIGTERM and stores nothing, even if the command then exits with 0", async () => {
    const script = join(folder, "slow.sh");
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const [begun, got] = [join(folder, `begun-${signal}`), join(folder, `got-${signal}`)];
      writeFileSync(
        script,
        `trap 'echo ${signal} > "${got}"; exit 0' ${signal.slice(3)}
         echo the first half
         echo told apart >&2
         : > "${begun}"
         for _ in $(seq 200); do sleep 0.1; done`,
      );
      const { child, ended } = start("--from-command", `/${signal}.sql`, "--", "sh", script);
      await eventually("the command runs", 20_000, () => existsSync(begun) || undefined);
      child.kill(signal);
      const end = await ended;
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, /^told apart$/m);
      assert.match(end.stderr, /interrupted; nothing was stored/);
      await eventually("the command gets the signal", 20_000, () => existsSync(got) || undefined);
      assert.equal((await run(["ls", `/${signal}.sql`])).code, 4);
    }
  });
});
