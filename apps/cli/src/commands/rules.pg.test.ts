import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { eventually, launcher } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { answering } from "./testing-answer.ts";
import { useTwoPeople } from "./testing-signed-in.ts";

describe("holdfast rules", () => {
  const people = useTwoPeople("rules-command");
  const { owner, guest, ann, done, folder } = people;
  const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

  async function share(name: string): Promise<string> {
    const root = join(folder, name);
    mkdirSync(root);
    for (const path of ["open", "secret"]) writeFileSync(join(root, path), path);
    writeFileSync(join(root, ".holdfastignore"), "secret\n");
    await done(owner, ["sync", root, "--remote", `/${name}`, "--once"]);
    await done(owner, ["share", `/${name}`, "--with", ann.email, "--role", "editor"]);
    await eventually("the share is listed", 60_000, async () =>
      (await done(guest, ["shared"])).includes(`${name}/`) ? true : undefined,
    );
    await done(guest, ["mount", name]);
    return root;
  }

  const annWrites = (name: string, text: string) => done(guest, ["put", "-", `/${name}/.holdfastignore`], text);

  async function sync(root: string, code: number): Promise<string> {
    const ran = await owner(["sync", root, "--once"]);
    assert.equal(ran.code, code, ran.stderr);
    return ran.stderr;
  }

  const onServer = async (name: string): Promise<string[]> => lines(await done(owner, ["ls", `/${name}`]));

  test("reports an editor's rules, which hide nothing until approved, and shows the difference", async () => {
    const root = await share("approved");
    await annWrites("approved", "*\n");
    const warning = /\.holdfastignore: Ann wrote this file \(1 rule\), so it is not active yet/;
    assert.match(await sync(root, 1), warning);
    assert.equal(readFileSync(join(root, ".holdfastignore"), "utf8"), "*\n");
    writeFileSync(join(root, "later"), "later");
    await sync(root, 1);
    assert.deepEqual((await onServer("approved")).toSorted(), [".holdfastignore", "later", "open"]);
    assert.match(await done(owner, ["status", root]), warning);
    assert.match(await done(owner, ["log", root]), warning);
    const shownRules = JSON.parse(await done(owner, ["sync", root, "--show-rules", "--json"]));
    assert.deepEqual(shownRules.ignored, ["secret"]);
    assert.match(
      await done(owner, ["sync", root, "--show-rules"]),
      /^! \.holdfastignore: Its new rules wait for your approval/m,
    );

    const shown = await owner(["rules"]);
    assert.equal(
      shown.stdout,
      `${root}/.holdfastignore: written by Ann\n--- before\n+++ waiting\n@@ -1,1 +1,1 @@\n-secret\n+*\n`,
    );
    assert.match(shown.stderr, /holdfast rules approve/);
    const { items } = JSON.parse(await done(owner, ["rules", root, "--json"]));
    const difference = ["@@ -1,1 +1,1 @@", "-secret", "+*"];
    assert.deepEqual(items, [{ root, by: "Ann", rules: 1, in_force: false, hash: items[0].hash, difference }]);

    for (const [action, question] of [
      ["approve", "Make these rules active on this device?"],
      ["reject", "Restore the previous rules in the file, for all devices?"],
    ] as const) {
      const refused = await answering(join(folder, "config"), ["rules", action, root], "n");
      assert.ok(refused.shown.includes(question), refused.shown);
      assert.match(refused.shown, /holdfast: Nothing was changed\. They are still waiting\.\n$/);
      assert.equal(refused.code, 1, action);
    }
    const approved = await owner(["rules", "approve", root]);
    assert.equal(approved.stdout, `${root}/.holdfastignore: approved\n`);
    assert.match(approved.stderr, /The next run applies the answer/);
    writeFileSync(join(root, "hidden now"), "hidden");
    await sync(root, 0);
    await sync(root, 0);
    assert.deepEqual((await onServer("approved")).toSorted(), [".holdfastignore", "later", "open"]);
    const none = await owner(["rules", "approve", root]);
    assert.deepEqual([none.code, none.stderr], [1, "holdfast: No rules are waiting.\n"]);
  });

  longTest("a rejection restores the active rules for everyone, and keeps the rejected ones", async () => {
    const root = await share("rejected");
    await annWrites("rejected", "open\n");
    await sync(root, 1);
    assert.equal(await done(owner, ["rules", "reject", root]), `${root}/.holdfastignore: rejected\n`);
    await sync(root, 0);
    assert.equal(await done(guest, ["cat", "/rejected/.holdfastignore"]), "secret\n");
    const [day = ""] = readdirSync(join(root, ".holdfast/trash"));
    const kept = readdirSync(join(root, ".holdfast/trash", day)).map((name) =>
      readFileSync(join(root, ".holdfast/trash", day, name), "utf8"),
    );
    assert.ok(kept.includes("open\n"));
    assert.equal((await owner(["rules", root])).stdout, "");
  });

  test("a device that may not know the account's newest rules writes none back", async () => {
    const root = await share("newer");
    await done(owner, ["put", "-", "/newer/.holdfastignore"], "secret\nmore\n");
    await annWrites("newer", "open\n");
    await sync(root, 1);
    const stale = await owner(["rules", "reject", root]);
    assert.match(stale.stderr, /Another of your devices wrote newer rules .*version 2 of \/newer\/\.holdfastignore/);
    const fresh = join(folder, "fresh");
    assert.equal((await owner(["sync", fresh, "--remote", "/newer", "--once"])).code, 1);
    const unknown = await owner(["rules", "reject", fresh]);
    assert.match(unknown.stderr, /This device does not know the previous rules/);
    assert.deepEqual([stale.code, unknown.code], [5, 5]);
    for (const each of [root, fresh]) assert.equal(readFileSync(join(each, ".holdfastignore"), "utf8"), "open\n");
  });

  test("a removal that has left the trash waits as one by an unknown account", async () => {
    const root = await share("purged");
    await done(owner, ["rm", "--permanent", "/purged/.holdfastignore"]);
    assert.match(
      await sync(root, 1),
      /\.holdfastignore: An unknown account \(perhaps your own\) removed or emptied this file, so it is not active yet/,
    );
    assert.match(
      await done(owner, ["rules", root]),
      /: removed or emptied by an unknown account \(perhaps your own\)$/m,
    );
    await done(owner, ["rules", "approve", root]);
    await sync(root, 0);
    assert.deepEqual((await onServer("purged")).toSorted(), ["open", "secret"]);
  });

  test("a removal by an editor sends nothing private before its approval in a running sync", async (t) => {
    const root = await share("running");
    const env = { ...process.env, HOLDFAST_CONFIG_DIR: join(folder, "config") };
    const client = spawn(launcher, ["sync", root], { env, stdio: "ignore" });
    const ended = once(client, "exit");
    t.after(async () => {
      client.kill("SIGTERM");
      await ended;
    });
    await eventually("the client runs", 60_000, async () =>
      /: in sync$/m.test(await done(owner, ["status", root])) ? true : undefined,
    );
    await done(guest, ["rm", "/running/.holdfastignore"]);
    await eventually("the rules wait", 60_000, async () =>
      (await done(owner, ["rules", root])).includes("removed or emptied by Ann") ? true : undefined,
    );
    assert.deepEqual(await onServer("running"), ["open"]);
    await done(owner, ["rules", "approve", root]);
    await eventually("what was hidden is sent", 60_000, async () =>
      (await onServer("running")).includes("secret") ? true : undefined,
    );
    assert.equal((await owner(["rules", root])).stdout, "");
  });
});
