import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { useSignedIn } from "./testing-signed-in.ts";
import { longTest } from "@holdfast/tools/tiers";

describe("put and get with --delete", () => {
  const signedIn = useSignedIn("mirror");
  const { folder, run, json } = signedIn;

  async function questions(): Promise<number> {
    const metrics = await (await fetch(`${signedIn.server.url}/metrics`)).text();
    const lines = [...metrics.matchAll(/^http_request_duration_seconds_count\{.*route="[^"]*versions".* (\d+)$/gm)];
    return lines.reduce((sum, [, value]) => sum + Number(value), 0);
  }

  function makeFiles(name: string, files: readonly string[]): string {
    const root = join(folder, name);
    for (const path of files) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), `content of ${path}`);
    }
    return root;
  }

  const namesBelow = (path: string): string[] => readdirSync(path, { recursive: true, encoding: "utf8" }).toSorted();

  async function remoteNames(path: string): Promise<string[]> {
    const { items } = await json("ls", "-R", path);
    return items.map((node: { path: string }) => node.path.slice(path.length + 1));
  }

  test("put --delete moves items missing here to the trash, keeps excluded ones, and a dry run only lists them", async () => {
    const all = ["keep", "gone", "old/a", "old/b", "mixed/a.log", "mixed/b", "deep/keep"];
    const root = makeFiles("put", all);
    await run(["put", root, "/put"]);
    for (const path of ["gone", "old", "mixed"]) rmSync(join(root, path), { recursive: true });
    const shown = await json("put", root, "/put", "--delete", "--dry-run", "--exclude", "*.log");
    const deletions = shown.changes.map(({ action, path }: { action: string; path: string }) => `${action} ${path}`);
    assert.deepEqual(deletions.toSorted(), ["delete /put/gone", "delete /put/mixed/b", "delete /put/old"]);
    assert.equal(shown.deleted, 5);
    assert.equal((await remoteNames("/put")).length, all.length + 3);
    assert.equal((await json("put", root, "/put")).deleted, 0);
    const done = await run(["put", root, "/put", "--delete", "--exclude", "*.log"]);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^0 files sent \(0 B\), 2 already equal, 5 deleted, 0 problems$/m);
    assert.deepEqual(await remoteNames("/put"), ["deep", "deep/keep", "keep", "mixed", "mixed/a.log"]);
    const { items } = await json("trash", "ls");
    assert.deepEqual(items.map(({ path }: { path: string }) => path).toSorted(), [
      "/put/gone",
      "/put/mixed/b",
      "/put/old",
    ]);
    assert.equal((await run(["trash", "restore", "/put/old"])).code, 0);
    assert.equal((await run(["put", join(root, "keep"), "/put/keep", "--delete"])).code, 2);
  });

  test("put --delete deletes nothing if a file failed, and many only if told to", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `f${index}`);
    const root = makeFiles("many", [...many, "stays"]);
    await run(["put", root, "/many"]);
    for (const path of many) rmSync(join(root, path));
    const held = await run(["put", root, "/many", "--delete", "--json"]);
    assert.deepEqual([held.code, JSON.parse(held.stdout).deleted], [1, 0]);
    assert.match(
      held.stderr,
      /^holdfast: 60 deletions of 61 here and below need your approval, so nothing was deleted\. .*--yes\.$/m,
    );
    mkdirSync(join(root, "f0"));
    const conflicting = await run(["put", root, "/many", "--delete", "--yes", "--json"]);
    assert.equal(JSON.parse(conflicting.stdout).deleted, 0);
    assert.match(conflicting.stderr, /Nothing was deleted, because of earlier errors/);
    rmSync(join(root, "f0"), { recursive: true });
    assert.equal((await json("put", root, "/many", "--delete", "--yes")).deleted, 60);
    assert.deepEqual(await remoteNames("/many"), ["stays"]);
  });

  test("get --delete removes only items known to the server, also from its trash, and keeps and lists others", async () => {
    const root = makeFiles("get", ["keep", "gone", "moved", "old/a", "edited", "skip.log"]);
    symlinkSync("keep", join(root, "link"));
    await run(["put", root, "/get"]);
    const target = join(folder, "got");
    await run(["get", "/get", target]);
    await run(["rm", "/get/gone", "/get/old", "/get/edited", "/get/skip.log", "/get/link"]);
    await run(["mv", "/get/moved", "/moved"]);
    writeFileSync(join(target, "edited"), "mine");
    writeFileSync(join(target, "own"), "never on the server");
    mkdirSync(join(target, "old/mine"));
    writeFileSync(join(target, "old/mine/too"), "neither");
    writeFileSync(join(target, "copy"), "content of keep");
    const before = namesBelow(target);
    const shown = await run(["get", "/get", target, "--delete", "--dry-run", "--exclude", "*.log", "--json"]);
    assert.deepEqual([shown.code, JSON.parse(shown.stdout).deleted], [5, 5]);
    assert.deepEqual(namesBelow(target), before);
    const done = await run(["get", "/get", target, "--delete", "--exclude", "*.log", "--json"]);
    const { deleted, files_kept, problems } = JSON.parse(done.stdout);
    assert.deepEqual([done.code, deleted, files_kept], [5, 5, 3]);
    assert.match(done.stderr, /own: has no copy of its content on the server, so it was kept\.$/m);
    const kept = problems.map(({ path }: { path: string }) => path.slice(target.length + 1)).toSorted();
    assert.deepEqual(kept, ["edited", "old/mine/too", "own"]);
    assert.deepEqual(namesBelow(target), ["edited", "keep", "old", "old/mine", "old/mine/too", "own", "skip.log"]);
    assert.equal(readFileSync(join(target, "edited"), "utf8"), "mine");
    await run(["trash", "empty"]);
  });

  longTest("get --delete of many items reports them by folder, with few requests", async () => {
    const files = Array.from({ length: 240 }, (_, index) => [`flat/f${index}`, `deep/${index % 4}/f${index}`]).flat();
    const root = makeFiles("masses", ["stays", ...files]);
    await run(["put", root, "/masses"]);
    const target = join(folder, "got-masses");
    await run(["get", "/masses", target]);
    for (const index of Array.from({ length: 60 }).keys()) writeFileSync(join(target, `own${index}`), `own ${index}`);
    writeFileSync(join(target, "flat/mine"), "mine");
    await run(["rm", "/masses/flat", "/masses/deep"]);
    const shown = await run(["get", "/masses", target, "--delete", "--dry-run"]);
    const lines = shown.stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replaceAll(target, "T"));
    assert.deepEqual(lines, [
      "delete T/deep (5.0 KiB)",
      "delete 240 paths in T/flat (4.6 KiB)",
      "0 files would be fetched (0 B), 1 already equal, 61 changed here and kept, 485 would be deleted, 62 problems",
    ]);
    const shownLines = shown.stderr
      .split("\n")
      .filter((line) => line.includes("has no copy of its content on the server, so it was kept"));
    assert.equal(shownLines.length, 51);
    assert.equal(
      shownLines.at(-1),
      'holdfast: 11 more paths have the same problem: "has no copy of its content on the server, so it was kept." --json lists them.',
    );
    assert.match(
      shown.stderr,
      /485 deletions of \d+ here and below would wait: a run without --yes deletes none of them/,
    );
    const { changes, problems } = await json("get", "/masses", target, "--delete", "--dry-run", "--yes");
    assert.deepEqual([changes.length, problems.length], [485, 61]);
    const before = await questions();
    assert.equal((await json("get", "/masses", target, "--delete", "--yes")).deleted, 485);
    const asked = (await questions()) - before;
    assert.ok(asked < 200, `${asked} questions for 480 files`);
    assert.deepEqual(readdirSync(join(target, "flat")), ["mine"]);
  });

  test("get --delete keeps items that the server no longer has, and deletes many only if told to", async () => {
    const many = Array.from({ length: 60 }, (_, index) => `f${index}`);
    const root = makeFiles("get-many", [...many, "stays", "purged"]);
    await run(["put", root, "/get-many"]);
    const target = join(folder, "got-many");
    await run(["get", "/get-many", target]);
    await run(["rm", "--permanent", "--yes", "/get-many/purged"]);
    await run(["rm", ...many.map((name) => `/get-many/${name}`)]);
    const held = await run(["get", "/get-many", target, "--delete", "--json"]);
    assert.equal(JSON.parse(held.stdout).deleted, 0);
    assert.match(held.stderr, /60 deletions of 61 here and below need your approval/);
    const done = await json("get", "/get-many", target, "--delete", "--yes");
    assert.deepEqual([done.deleted, done.files_kept], [60, 1]);
    assert.deepEqual(namesBelow(target), ["purged", "stays"]);
    assert.ok(existsSync(join(target, "purged")));
    assert.equal((await run(["get", "/get-many/stays", target, "--delete"])).code, 2);
  });
});
