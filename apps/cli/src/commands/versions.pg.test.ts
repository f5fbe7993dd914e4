import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { applyPatch } from "diff";
import { administrator, Api } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { runCommand } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

describe("holdfast versions", () => {
  const signedIn = useSignedIn("versions-command");
  const { run, json } = signedIn;
  const putAll = async (path: string, contents: (string | Uint8Array)[]) => {
    assert.equal((await run(["mkdir", "-p", dirname(path)])).code, 0);
    const local = mkdtempSync(join(signedIn.folder, "local-"));
    for (const content of contents) {
      writeFileSync(join(local, "f"), content);
      const put = await run(["put", join(local, "f"), path]);
      assert.equal(put.code, 0, put.stderr);
    }
    rmSync(local, { recursive: true });
  };

  test("lists each version's author, label and device, also in a pipe", async () => {
    await putAll("/a", ["one\n", "two\n"]);
    const { name } = await json("whoami");
    const labelled = await run(["versions", "label", "/a", "1", "as sent"]);
    assert.deepEqual([labelled.code, labelled.stdout], [0, "version 1 of /a is labeled: as sent\n"], labelled.stderr);
    const lines = (await run(["versions", "/a"])).stdout.trimEnd().split("\n");
    const { items } = await json("versions", "/a");
    const [{ device }] = items;
    assert.ok(device.length > 1, device);
    assert.match(lines[0] ?? "", new RegExp(`^2  4  \\S+ \\S+  ${name}  -        ${device}$`));
    assert.match(lines[1] ?? "", new RegExp(`^1  4  \\S+ \\S+  ${name}  as sent  ${device}$`));
    assert.deepEqual(
      items.map((item: { label?: string; author: { name: string } }) => [item.label, item.author.name]),
      [
        [undefined, name],
        ["as sent", name],
      ],
    );
    assert.equal((await json("versions", "label", "/a", "1", "again")).label, "again");
    const removed = await run(["versions", "label", "/a", "1", "--remove"]);
    assert.deepEqual([removed.code, removed.stdout], [0, "version 1 of /a has no label\n"]);
    assert.ok(!("label" in (await json("versions", "/a")).items[1]));
  });

  test("names the device that made a version after it was signed out, as activity does", async () => {
    const { email, password } = administrator;
    const laptop = (args: readonly string[], input?: string) =>
      runCommand({ HOLDFAST_CONFIG_DIR: join(signedIn.folder, "laptop") }, args, { input });
    const login = [
      "login",
      signedIn.server.url,
      "--email",
      email,
      "--password-stdin",
      "--device-name",
      "stolen laptop",
    ];
    assert.equal((await laptop(login, `${password}\n`)).code, 0);
    writeFileSync(join(signedIn.folder, "from-laptop"), "from the laptop\n");
    assert.equal((await laptop(["put", join(signedIn.folder, "from-laptop"), "/from-laptop"])).code, 0);
    assert.equal((await run(["devices", "rm", "stolen laptop"])).code, 0);
    const [version] = (await json("versions", "/from-laptop")).items;
    assert.equal(version.device, "stolen laptop");
    assert.match((await run(["activity", "/from-laptop"])).stdout, /  stolen laptop  created  from-laptop  /);
  });

  test("shows the version in a dry run of restore, by number or ID, and restores nothing", async () => {
    await putAll("/dry", ["one\n", "longer\n"]);
    const { items } = await json("versions", "/dry");
    for (const version of ["1", items[1].version_id.toUpperCase()]) {
      const { code, stdout } = await run(["restore", "/dry", "--version", version, "--dry-run"]);
      assert.equal(code, 0);
      assert.match(
        stdout,
        /^\/dry \(7 B\) would be restored from version 1 of \S+ \S+ \(4 B\), as version 3\.\nThis was a dry run: nothing was changed\.\n$/,
      );
    }
    const { version, size, dry_run } = await json("restore", "/dry", "--version", "1", "--dry-run");
    assert.deepEqual([version, size, dry_run], [1, 4, true]);
    assert.equal((await run(["restore", "/dry", "--version", "9", "--dry-run"])).code, 4);
    assert.equal((await json("versions", "/dry")).items.length, 2);
  });

  test("label explains errors, and its exit codes are right for scripts", async () => {
    await putAll("/b", ["one\n"]);
    for (const [args, code] of [
      [["/b", "1"], 2],
      [["/b", "1", "x", "--remove"], 2],
      [["/b", "1", "  "], 2],
      [["/b", "first", "x"], 2],
      [["/b", "1", "x".repeat(300)], 2],
      [["/b", "7", "x"], 4],
      [["/missing", "1", "x"], 4],
      [["/", "1", "x"], 5],
    ] as [string[], number][]) {
      const ran = await run(["versions", "label", ...args]);
      assert.equal(ran.code, code, `${args.join(" ")}: ${ran.stderr}`);
      assert.match(ran.stderr, /^holdfast: /);
    }
  });

  const linesOf = (count: number) =>
    Array.from({ length: count }, (_, index) => `line ${index} ${"x".repeat(index % 90)}`);
  test("diff shows the changed lines, by default between the newest two versions", async () => {
    await putAll("/text", ["one\ntwo\nthree\n", "one\n2\nthree\n", "one\n2\nthree\nfour"]);
    const newest = await run(["versions", "diff", "/text"]);
    assert.equal(newest.code, 0, newest.stderr);
    assert.deepEqual(newest.stdout.split("\n").slice(2), [
      "@@ -1,3 +1,4 @@",
      " one",
      " 2",
      " three",
      "+four",
      "\\ No newline at end of file",
      "",
    ]);
    assert.match(newest.stdout, /^--- \/text\t.* version 2\n\+\+\+ \/text\t.* version 3\n/);
    const first = await json("versions", "diff", "/text", "1");
    assert.deepEqual([first.kind, first.from.number, first.to.number], ["text", 1, 3]);
    assert.match(first.diff, /\n-two\n\+2\n three\n\+four\n/);
    const back = await json("versions", "diff", "/text", first.to.version_id, "2");
    assert.match(back.diff, /\n-four\n\\ No newline at end of file\n$/);
    const same = await run(["versions", "diff", "/text", "2", "2"]);
    assert.deepEqual([same.code, same.stdout], [0, ""]);
    assert.match(same.stderr, /versions 2 and 2 are equal/);
    assert.equal((await json("versions", "diff", "/text", "2", "2")).kind, "equal");
  });

  test("diff of a text of many blocks applies to the earlier version", async () => {
    const old = linesOf(60_000);
    const now = old.with(45_000, "another").toSpliced(50_000, 2, "more", "and more", "and still more");
    const [from, to] = [old, now].map((lines) => lines.join("\n")) as [string, string];
    await putAll("/large", [from, to]);
    const { stdout, stderr } = await run(["versions", "diff", "/large"]);
    assert.ok(stdout.length < 3000, `${stdout.slice(0, 1000)} ${stderr}`);
    assert.match(stdout, /^@@ -44998,7 \+44998,7 @@$/m);
    assert.equal(applyPatch(from, stdout, { fuzzFactor: 0 }), to);
    const { blocks } = await json("versions", "diff", "/large");
    assert.ok(blocks.from >= 2 && blocks.shared >= 1, JSON.stringify(blocks));
  });

  longTest("diff compares blocks of content without lines, and says why", async () => {
    const noise = randomBytes(3 * 1024 ** 2);
    await putAll("/binary", [noise, Buffer.concat([noise, Buffer.from([0, 1])])]);
    const binary = await run(["versions", "diff", "/binary"]);
    assert.equal(binary.code, 0);
    assert.match(binary.stderr, /is not UTF-8 text/);
    assert.match(
      binary.stdout,
      /^version 1 +3145728 bytes .*[0-9a-f]{64}\nversion 2 +3145730 bytes .*\n\d+ of the \d+ blocks of version 2 /,
    );
    const { kind, diff, blocks } = await json("versions", "diff", "/binary");
    assert.deepEqual([kind, diff], ["binary", null]);
    assert.ok(blocks.shared === blocks.to - 1, JSON.stringify(blocks));
    const long = `${linesOf(200_000).join("\n")}\n`;
    await putAll("/long", [long, `${long}more\n`]);
    const large = await run(["versions", "diff", "/long"]);
    assert.deepEqual([large.code, large.stdout.split("\n").length], [0, 4], large.stderr);
    assert.match(large.stderr, /too large for comparing its lines/);
  });

  test("diff explains errors, and its exit codes are right for scripts", async () => {
    await putAll("/once", ["one\n"]);
    for (const [args, code, words] of [
      [["/once"], 4, /one version/],
      [["/once", "2"], 4, /\/once has no version 2\. /],
      [["/once", "1", "7"], 4, /\/once has no version 7\. /],
      [["/once", "first"], 2, /neither the number nor the ID/],
      [["/missing"], 4, /There is no \/missing/],
      [["/"], 5, /not a file/],
    ] as [string[], number, RegExp][]) {
      const ran = await run(["versions", "diff", ...args]);
      assert.equal(ran.code, code, `${args.join(" ")}: ${ran.stderr}`);
      assert.match(ran.stderr, words);
    }
  });

  test("a viewer compares versions of mounted files, and cannot label them", async () => {
    await putAll("/given/f", ["one\n", "two\n"]);
    const owner = await Api.signIn(signedIn.server.url);
    const account = { email: "viewer@example.com", password: "the viewer's password" };
    await owner.call("POST", "/admin/users", { ...account, name: "viewer" });
    const shared = await owner.call("POST", `/files/${await owner.idOf("/given")}/share`, {
      email: account.email,
      role: "viewer",
    });
    assert.equal(shared.status, 201, JSON.stringify(shared.body));
    const viewer = await Api.signIn(signedIn.server.url, account);
    const mounted = await viewer.call("POST", "/mounts", { node_id: await owner.idOf("/given"), name: "theirs" });
    assert.equal(mounted.status, 201, JSON.stringify(mounted.body));
    const env = {
      HOLDFAST_CONFIG_DIR: `${signedIn.folder}/none`,
      HOLDFAST_SERVER: signedIn.server.url,
      HOLDFAST_TOKEN: viewer.token,
    };
    const { stdout, stderr } = await runCommand(env, ["versions", "diff", "/theirs/f"]);
    assert.deepEqual(stdout.split("\n").slice(2), ["@@ -1,1 +1,1 @@", "-one", "+two", ""], stderr);
    const refused = await runCommand(env, ["versions", "label", "/theirs/f", "1", "x"]);
    assert.equal(refused.code, 3, refused.stderr);
  });
});
