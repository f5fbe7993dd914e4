import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { isLongTier } from "@holdfast/tools/tiers";
import { Api, launcher } from "@holdfast/server/acceptance/testing";
import { makeSampleTree, treeOf } from "../archive/testing-sample-tree.ts";
import { runCommand } from "./testing-run.ts";
import { type SignedIn, useSignedIn } from "./testing-signed-in.ts";

describe("holdfast import", () => {
  const from = useSignedIn("export-from");
  const to = useSignedIn("import-to");
  const archive = join(from.folder, "all.tar");
  const sample = join(from.folder, "sample");

  const done = async ({ run }: SignedIn, ...args: string[]) => {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  let year = 2001;
  const putText = async (server: SignedIn, path: string, text: string) => {
    writeFileSync(join(server.folder, "text"), text);
    const date = new Date(`${(year += 1)}-02-03T04:05:06Z`);
    utimesSync(join(server.folder, "text"), date, date);
    await done(server, "put", join(server.folder, "text"), path);
  };
  const versionsOf = async (server: SignedIn, path: string) => {
    const { items } = await server.json("versions", path);
    return items.map((version: { content_id: string; label?: string; modified_at: string }) => [
      version.content_id,
      version.label,
      version.modified_at,
    ]);
  };

  before(async () => {
    makeSampleTree(sample);
    await done(from, "put", sample, "/sample");
    for (const text of ["a", "b", "a", "c"]) await putText(from, "/history.txt", text);
    await done(from, "versions", "label", "/history.txt", "2", "the second");
    await putText(from, "/thrown.txt", "away");
    await done(from, "rm", "/thrown.txt");
    await done(from, "star", "/history.txt");
    await done(from, "comment", "/history.txt", "Who wrote this?");
    await done(from, "export", archive);
  });

  test("restores everything on another server, with versions in order", async () => {
    const plan = await to.json("import", archive, "--to", "/here", "--dry-run");
    assert.equal((await to.run(["ls", "/here"])).code, 4);
    const result = await to.json("import", archive, "--to", "/here");
    assert.deepEqual([result.files, result.folders, result.links], [plan.files, plan.folders, plan.links]);
    assert.deepEqual(
      [result.problems, result.conflicts, result.labels, result.stars, result.comments, result.left.trashed],
      [[], [], 1, 1, 1, 1],
    );
    const out = join(to.folder, "out");
    await done(to, "get", "/here/sample", out);
    assert.deepEqual(treeOf(out), treeOf(sample));
    assert.deepEqual(await versionsOf(to, "/here/history.txt"), await versionsOf(from, "/history.txt"));
    for (const version of ["1", "2", "3", "4"]) {
      const there = await done(to, "cat", "/here/history.txt", "--version", version);
      assert.equal(there, await done(from, "cat", "/history.txt", "--version", version));
    }
    assert.match(await done(to, "comments", "/here/history.txt"), /Who wrote this\?/);
    assert.match(await done(to, "starred"), /history\.txt/);
  });

  test("repeats nothing when run again", async () => {
    const again = await to.json("import", archive, "--to", "/here");
    assert.deepEqual(
      [again.files, again.folders, again.links, again.versions, again.labels, again.comments, again.conflicts],
      [0, 0, 0, 0, 0, 0, []],
    );
    assert.equal((await versionsOf(to, "/here/history.txt")).length, 4);
  });

  test("continues after it was killed, without duplicates", async () => {
    const environment = { ...process.env, HOLDFAST_CONFIG_DIR: `${to.folder}/config` };
    for (let round = 0; round < (isLongTier ? 4 : 1); round += 1) {
      const child = spawn(launcher, ["import", archive, "--to", "/killed"], { env: environment, stdio: "ignore" });
      const exited = once(child, "exit");
      const seen = await count(to, "/killed");
      const bound = AbortSignal.timeout(60_000);
      while (child.exitCode === null && (await count(to, "/killed")) <= seen) bound.throwIfAborted();
      child.kill("SIGKILL");
      await exited;
    }
    const last = await to.json("import", archive, "--to", "/killed");
    assert.deepEqual([last.problems, last.conflicts], [[], []]);
    const out = join(to.folder, "out-killed");
    await done(to, "get", "/killed/sample", out);
    assert.deepEqual(treeOf(out), treeOf(sample));
    assert.deepEqual(await versionsOf(to, "/killed/history.txt"), await versionsOf(from, "/history.txt"));
  });

  test("keeps differing items, and puts the archive's beside them", async () => {
    await done(to, "mkdir", "/differs");
    await putText(to, "/differs/history.txt", "mine");
    const plan = await to.run(["import", archive, "--to", "/differs", "--dry-run"]);
    assert.match(plan.stderr, /history \(imported\)\.txt would be imported beside history\.txt/);
    assert.match(plan.stdout, /^1 item would be stored beside existing items that differ$/m);
    for (const round of [1, 2]) {
      const { code, stderr } = await to.run(["import", archive, "--to", "/differs"]);
      assert.equal(code, 5, `round ${round}: ${stderr}`);
    }
    assert.equal(await done(to, "cat", "/differs/history.txt"), "mine");
    assert.equal((await versionsOf(to, "/differs/history.txt")).length, 1);
    assert.deepEqual(await versionsOf(to, "/differs/history (imported).txt"), await versionsOf(from, "/history.txt"));
  });

  test("warns before sending anything that the archive may not fit, also in a dry run", async () => {
    const account = { email: "small@example.com", password: "the password of small" };
    const admin = await Api.signIn(to.server.url);
    const { body } = await admin.call("POST", "/admin/users", { ...account, name: "Small" });
    assert.equal((await admin.call("PATCH", `/admin/users/${body.id}`, { quota_bytes: 1000 })).status, 200);
    const small = (args: readonly string[], input?: string) =>
      runCommand({ HOLDFAST_CONFIG_DIR: `${to.folder}/small` }, args, { input });
    const login = await small(["login", to.server.url, "--email", account.email, "--password-stdin"], account.password);
    assert.equal(login.code, 0, login.stderr);
    const warning = /The archive contains \S+ \S+, and 1000 B is free\./;
    const plan = await small(["import", archive, "--dry-run"]);
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stderr, warning);
    const imported = await small(["import", archive]);
    assert.equal(imported.code, 6, imported.stderr);
    assert.match(imported.stderr, warning);
  });

  test("imports nothing from a damaged archive, and restores what was deleted", async () => {
    const whole = readFileSync(archive);
    const bad = join(to.folder, "bad.tar");
    const cuts = [0, 511, Math.floor(whole.length / 2), whole.length - 512];
    for (const at of isLongTier ? [...cuts, 100, 512, 5000, whole.length - 1500] : cuts) {
      writeFileSync(bad, whole.subarray(0, at));
      const { code, stderr } = await to.run(["import", bad, "--to", "/bad"]);
      assert.equal(code, 1, `${at}: ${stderr}`);
    }
    // In a file's content, which only the manifest reveals, and in the manifest.
    const changes = [Math.floor(whole.length / 2), whole.length - 1500];
    for (const at of isLongTier ? [...changes, 3, 1540] : changes) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(bad, changed);
      const { code, stderr } = await to.run(["import", bad, "--to", "/bad"]);
      assert.equal(code, 1, `${at}: ${stderr}`);
    }
    assert.equal((await to.run(["ls", "/bad"])).code, 4);
    // A file that was deleted since is imported again, although the trash has its id.
    await done(to, "rm", "/here/history.txt");
    assert.equal((await to.json("import", archive, "--to", "/here")).files, 1);
    assert.deepEqual(await versionsOf(to, "/here/history.txt"), await versionsOf(from, "/history.txt"));
    mkdirSync(join(to.folder, "a folder"));
    assert.equal((await to.run(["import", join(to.folder, "a folder")])).code, 5);
    assert.equal((await to.run(["import", join(to.folder, "none")])).code, 4);
  });
});

async function count({ json }: SignedIn, path: string): Promise<number> {
  const { items } = await json("ls", "-R", path);
  return items?.length ?? 0;
}
