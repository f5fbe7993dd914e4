import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { administrator } from "@holdfast/server/acceptance/testing";
import { useSignedIn } from "../commands/testing-signed-in.ts";

describe("Preview of a first sync", () => {
  const { folder, run, json } = useSignedIn("preview-sync");

  test("with a folder that is missing on the server shows that folder and everything that would be sent", async () => {
    const root = join(folder, "drive");
    mkdirSync(join(root, "deep"), { recursive: true });
    for (const path of ["a", "deep/b"]) writeFileSync(join(root, path), path);
    assert.equal((await run(["put", join(root, "a"), "/other/"])).code, 0);
    const preview = await run(["sync", root, "--remote", "/new/drive", "--dry-run"]);
    assert.equal(preview.code, 0, preview.stderr);
    const lines = preview.stdout.trimEnd().split("\n");
    assert.deepEqual(
      [lines[0], lines.at(-1)],
      ["on the server: create the folder /new/drive", "4 changes: 7 B to upload."],
    );
    assert.deepEqual(lines.slice(1, -1).toSorted(), [
      "on the server: create a (1 B)",
      "on the server: create deep",
      "on the server: create deep/b (6 B)",
    ]);
    const { items, new_remote } = await json("sync", root, "--remote", "/new/drive", "--dry-run");
    assert.deepEqual([items.length, new_remote], [3, "/new/drive"]);
    assert.equal((await run(["ls", "/new"])).code, 4, "nothing was made");
    assert.equal((await run(["sync", root, "--remote", "/other/a/drive", "--dry-run"])).code, 5);
    assert.equal((await run(["sync", root, "--remote", "/new/drive", "--once"])).code, 0);
    const done = await json("sync", root, "--dry-run");
    assert.deepEqual([done.items, done.new_remote], [[], null]);
  });

  test("lists the files for which the quota has no space, as the run then finds", async () => {
    const root = join(folder, "much");
    mkdirSync(root);
    writeFileSync(join(root, "long"), "x".repeat(1500));
    writeFileSync(join(root, "short"), "short");
    assert.equal((await run(["admin", "users", "quota", administrator.email, "1000"])).code, 0);
    const preview = await run(["sync", root, "--remote", "/much", "--dry-run"]);
    assert.deepEqual(preview.stdout.trimEnd().split("\n").slice(1), [
      "on the server: create short (5 B)",
      "not synced: long: There is not enough space in your quota. 'holdfast df' shows what uses it.",
      "2 changes: 5 B to upload.",
    ]);
    const { items, rejected } = await json("sync", root, "--remote", "/much", "--dry-run");
    assert.deepEqual([items.length, rejected.length, rejected[0].path, rejected[0].code], [1, 1, "long", "quota"]);
    assert.equal((await run(["sync", root, "--remote", "/much", "--once"])).code, 1);
    assert.match((await run(["ls", "/much"])).stdout, /^short\n?$/);
  });
});
