import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { useSignedIn } from "./testing-signed-in.ts";
import { longTest } from "@holdfast/tools/tiers";

describe("put and get with options", () => {
  const { folder, run, json } = useSignedIn("transfer-options");

  function makeFiles(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
    const root = join(folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return root;
  }

  const namesBelow = (path: string): string[] => readdirSync(path, { recursive: true, encoding: "utf8" }).toSorted();

  async function remoteNames(path: string): Promise<string[]> {
    const { items } = await json("ls", "-R", path);
    return items.map((node: { path: string }) => node.path.slice(path.length + 1));
  }

  const planned = (changes: { action: string; path: string; bytes: number }[], root: string): string[] =>
    changes.map(({ action, path, bytes }) => `${action} ${path.slice(root.length)} ${bytes}`).toSorted();

  test("get and cat --version fetch exactly that version, by number or ID, and get tracks what it replaces", async () => {
    const path = join(folder, "report");
    for (const text of ["one", "second", "the third"]) {
      writeFileSync(path, text);
      assert.equal((await run(["put", path, "/report"])).code, 0);
    }
    assert.equal((await run(["cat", "/report", "--version", "1"])).stdout, "one");
    const { items } = await json("versions", "/report");
    assert.equal((await run(["cat", "/report", "--version", items[1].version_id])).stdout, "second");
    assert.equal((await run(["get", "/report", "-", "--version", "2"])).stdout, "second");
    const got = join(folder, "got-report");
    for (const [version, text] of [
      ["1", "one"],
      ["3", "the third"],
      ["2", "second"],
    ] as const) {
      assert.equal((await run(["get", "/report", got, "--version", version])).code, 0);
      assert.equal(readFileSync(got, "utf8"), text);
    }
    const none = await run(["cat", "/report", "--version", "9"]);
    assert.deepEqual([none.code, none.stdout], [4, ""]);
    assert.match(none.stderr, /\/report has no version 9\. 'holdfast versions \/report' lists them\./);
    for (const args of [
      ["get", "/report", got, "--version", "9"],
      ["restore", "/report", "--version", "9"],
      ["versions", "label", "/report", "9", "as sent"],
      ["versions", "diff", "/report", "9"],
    ]) {
      const { code, stderr } = await run(args);
      assert.deepEqual([code, stderr], [4, none.stderr], args.join(" "));
    }
    assert.equal((await run(["cat", "/report", "--version", "newest"])).code, 2);
    assert.equal((await run(["get", "/", got, "--version", "1"])).code, 5);
  });

  test("an old version keeps its file's date in get, versions and restore", async () => {
    const path = join(folder, "dated");
    const put = async (text: string, date: string) => {
      writeFileSync(path, text);
      utimesSync(path, new Date(date), new Date(date));
      assert.equal((await run(["put", path, "/dated"])).code, 0);
    };
    await put("one", "2001-02-03T04:05:06Z");
    await put("two", "2003-02-03T04:05:06Z");
    const datesOf = async () =>
      (await json("versions", "/dated")).items.map((version: { modified_at: string }) => version.modified_at);
    assert.deepEqual(await datesOf(), ["2003-02-03T04:05:06.000000Z", "2001-02-03T04:05:06.000000Z"]);
    const got = join(folder, "got-dated");
    assert.equal((await run(["get", "/dated", got, "--version", "1"])).code, 0);
    assert.equal(statSync(got).mtime.toISOString(), "2001-02-03T04:05:06.000Z");
    assert.equal((await run(["restore", "/dated", "--version", "1"])).code, 0);
    const [first, ...older] = await datesOf();
    assert.deepEqual([first, older.length], ["2001-02-03T04:05:06.000000Z", 2]);
    assert.equal((await run(["get", "/dated", got])).code, 0);
    assert.equal(statSync(got).mtime.toISOString(), "2001-02-03T04:05:06.000Z");
  });

  test("a dry run of put rejects a second name equal to one on the server, as the run does", async () => {
    const root = makeFiles("forms", { "cafe\u0301": "decomposed", "caf\u00E9": "composed" });
    const put = async (...more: string[]) => {
      const { code, stdout } = await run(["put", root, "/forms", ...more, "--json"]);
      const { files_sent, problems } = JSON.parse(stdout);
      return [code, files_sent, problems.map(({ message }: { message: string }) => message)];
    };
    const dry = await put("--dry-run");
    assert.deepEqual(dry.slice(0, 2), [1, 1]);
    assert.deepEqual(dry, await put());
    assert.deepEqual((await put("--dry-run"))[2], dry[2]);
  });

  test("a dry run of put reports what would be done, and changes nothing", async () => {
    const root = makeFiles("dry-put", { same: "same", touched: "touched", edited: "12345", "below/new": "new" });
    symlinkSync("same", join(root, "link"));
    const first = await json("put", root, "/dry", "--dry-run");
    assert.deepEqual([first.dry_run, first.files_sent, first.bytes_sent, first.folders_made], [true, 4, 19, 2]);
    assert.equal((await run(["ls", "/dry"])).code, 4);
    await run(["mkdir", "/dry"]);
    await run(["put", join(root, "same"), join(root, "touched"), join(root, "edited"), "/dry/"]);
    writeFileSync(join(root, "edited"), "54321");
    utimesSync(join(root, "touched"), 1000, 1000);
    const second = await json("put", root, "/dry", "--dry-run", "--times");
    const expected = [
      "attributes /touched 0",
      "link /link 0",
      "mkdir /below 0",
      "replace /edited 5",
      "send /below/new 3",
    ];
    assert.deepEqual(planned(second.changes, "/dry"), expected);
    assert.deepEqual([second.files_sent, second.files_equal, second.attributes_set, second.bytes_sent], [2, 1, 1, 8]);
    assert.deepEqual(await remoteNames("/dry"), ["edited", "same", "touched"]);
    assert.equal((await run(["cat", "/dry/edited"])).stdout, "12345");
    const shown = await run(["put", root, "/dry", "--dry-run"]);
    assert.match(shown.stdout, /^replace \/dry\/edited \(5 B\)$/m);
    assert.match(shown.stdout, /^2 files and 1 symbolic link would be sent \(8 B\), 2 already equal, 0 problems$/m);
    assert.equal((await run(["put", "-", "/dry/in", "--dry-run"], "x")).code, 2);
  });

  test("a dry run of get reports what would be done and local changes, and changes nothing", async () => {
    const root = makeFiles("dry-get", { same: "same", edited: "12345", newer: "older", "below/new": "new" });
    symlinkSync("same", join(root, "link"));
    await run(["put", root, "/dry-get"]);
    const target = join(folder, "dry-got");
    const first = await json("get", "/dry-get", target, "--dry-run");
    assert.deepEqual([first.dry_run, first.files_received, first.bytes_received, first.links_made], [true, 4, 17, 1]);
    assert.ok(!existsSync(target));
    await run(["get", "/dry-get", target, "--exclude", "below", "--exclude", "link"]);
    writeFileSync(join(target, "edited"), "mine");
    writeFileSync(join(root, "newer"), "newer");
    await run(["put", root, "/dry-get"]);
    const before = namesBelow(target);
    const second = await run(["get", "/dry-get", target, "--dry-run", "--json"]);
    const answer = JSON.parse(second.stdout);
    assert.deepEqual([second.code, answer.files_kept, answer.problems[0].code], [5, 1, "changed_here"]);
    const expected = ["fetch /below/new 3", "link /link 0", "mkdir /below 0", "replace /newer 5"];
    assert.deepEqual(planned(answer.changes, target), expected);
    assert.deepEqual(namesBelow(target), before);
    assert.equal(readFileSync(join(target, "newer"), "utf8"), "older");
    const all = await json("get", "/dry-get", target, "--dry-run", "--overwrite");
    assert.deepEqual([all.files_kept, all.files_received], [0, 3]);
    assert.equal(readFileSync(join(target, "edited"), "utf8"), "mine");
  });

  test("--exclude works like a line of .holdfastignore, and a pattern without matches is reported", async () => {
    const files = {
      "a.raw": "a",
      "a.jpg": "a",
      "deep/b.raw": "b",
      "deep/keep.raw": "k",
      "tmp/c": "c",
      "deep/tmp": "t",
    };
    const root = makeFiles("excluding", files);
    const flags = ["--exclude", "*.raw", "--exclude", "!keep.raw", "--exclude", "tmp/", "--exclude", "*.mov"];
    const put = await run(["put", root, "/excluding", ...flags]);
    assert.equal(put.code, 0);
    assert.match(put.stderr, /^holdfast: --exclude \*\.mov matched nothing here$/m);
    assert.doesNotMatch(put.stderr, /raw matched nothing/);
    assert.deepEqual(await remoteNames("/excluding"), ["a.jpg", "deep", "deep/keep.raw", "deep/tmp"]);
    await run(["put", root, "/excluding"]);
    const got = await run(["get", "/excluding", join(folder, "excluded"), ...flags, "-q"]);
    assert.deepEqual(got, { code: 0, stdout: "", stderr: "holdfast: --exclude *.mov matched nothing here\n" });
    assert.deepEqual(namesBelow(join(folder, "excluded")), ["a.jpg", "deep", "deep/keep.raw", "deep/tmp"]);
  });

  longTest(
    "--limit limits put and get to a rate, and an invalid rate is rejected before anything is done",
    async () => {
      const path = join(folder, "limited");
      writeFileSync(path, randomBytes(300_000));
      const took = async (args: string[]): Promise<number> => {
        const begunMs = performance.now();
        const { code, stderr } = await run(args);
        assert.equal(code, 0, stderr);
        return performance.now() - begunMs;
      };
      // A burst of a quarter of a second is permitted after a rest.
      assert.ok((await took(["put", path, "/limited", "--limit", "200K"])) > 1150);
      const got = join(folder, "limited-got");
      assert.ok((await took(["get", "/limited", got, "--limit", "0.2M"])) > 1150);
      assert.ok(readFileSync(got).equals(readFileSync(path)));
      for (const rate of ["fast", "10", ""])
        assert.equal((await run(["get", "/limited", "--limit", rate])).code, 2, rate);
    },
  );

  longTest("get with only a remote path writes to the current folder", async () => {
    const here = join(folder, "here");
    mkdirSync(here);
    makeFiles("alone", { "one.txt": "one", "two/three.txt": "three" });
    await run(["put", join(folder, "alone"), "/alone"]);
    for (const path of ["/alone/one.txt", "/alone/two"]) {
      const { code, stderr } = await run(["get", path], undefined, here);
      assert.equal(code, 0, stderr);
    }
    assert.deepEqual(namesBelow(here), ["one.txt", "two", "two/three.txt"]);
  });
});
