import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { holdfast } from "@holdfast/server/acceptance/testing";
import { longTest } from "@holdfast/tools/tiers";
import { answering } from "./testing-answer.ts";
import { runCommand } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

describe("Exclusions of a sync", () => {
  const { folder, run, json } = useSignedIn("sync-rules");

  test("status and --show-rules list the rules, and an excluded path that does not exist is reported", async () => {
    const root = join(folder, "drive");
    mkdirSync(join(root, "raw"), { recursive: true });
    for (const path of ["raw/a", "raw/~a~", "b.tmp", "c", "c~", "d~"]) writeFileSync(join(root, path), path);
    writeFileSync(join(root, ".holdfastignore"), "# built\n*.tmp\n\n!keep.tmp\n!d~\n");
    const synced = await run(["sync", root, "--once", "--exclude", "/raw", "--exclude", "rwa"]);
    assert.equal(synced.code, 0, synced.stderr);
    assert.match(
      synced.stderr,
      /^sync: --exclude rwa: there is no such path in .*drive or on the server \(it will be excluded if it appears\)$/m,
    );
    assert.doesNotMatch(synced.stderr, /--exclude raw/);
    const rules = { excluded: ["raw", "rwa"], ignored: ["*.tmp", "!keep.tmp", "!d~"], broken: [] };
    const { built_in: builtIn, ...own } = await json("sync", root, "--show-rules");
    assert.deepEqual(own, rules);
    assert.deepEqual(
      builtIn.filter(({ files }: { files: number }) => files > 0),
      [{ name: "*~", files: 1, files_on_server: 0 }],
    );
    const shown = await run(["sync", root, "--show-rules"]);
    assert.match(
      shown.stdout,
      /^excluded here {2}raw\nexcluded here {2}rwa\n\.holdfastignore {2}\*\.tmp\n\.holdfastignore {2}!keep\.tmp\n\.holdfastignore {2}!d~\nbuilt in {2}\*~ {2}1 file\nbuilt-in patterns that match nothing {2}\.\*\.sw\? .* \*\.part .*\n$/u,
    );
    assert.match(
      (await run(["status", root])).stdout,
      /^ {2}excluded here: raw$[^]*^ {2}3 lines of \.holdfastignore: .holdfast sync \S+ --show-rules. lists them$/m,
    );
    const { items } = await json("ls", "/");
    assert.deepEqual(items.map(({ name }: { name: string }) => name).toSorted(), [".holdfastignore", "c", "d~"]);
    const again = await json("sync", root, "--once", "--include", "rwa", "--exclude", join(root, "c"));
    assert.deepEqual([again.state, again.page_url], ["idle", null]);
    assert.deepEqual((await json("sync", root, "--show-rules")).excluded, ["c", "raw"]);
    const whole = await run(["sync", root, "--once", "--exclude", root]);
    assert.equal(whole.code, 2, "the whole folder");
  });

  test("a path that is only on the server is excluded without a warning, also below --remote and in a dry run", async () => {
    const root = join(folder, "server-only");
    mkdirSync(root);
    for (const path of ["/part/films/long", "/part/films/short"])
      assert.equal((await run(["mkdir", "-p", path])).code, 0);
    const options = ["--remote", "/part", "--exclude", "films/long", "--exclude", "films/lonh"];
    for (const how of ["--dry-run", "--once"]) {
      const { code, stderr } = await run(["sync", root, how, ...options]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /--exclude films\/lonh: there is no such path in .*server-only or on the server/);
      assert.doesNotMatch(stderr, /films\/long/);
    }
    assert.deepEqual([existsSync(join(root, "films/short")), existsSync(join(root, "films/long"))], [true, false]);
  });

  test("names of temporary files are reported by put, and counted on the server by --show-rules", async () => {
    const [root, source] = [join(folder, "named"), join(folder, "source")];
    for (const path of [root, join(source, "deep")]) mkdirSync(path, { recursive: true });
    for (const path of ["a~", "b.part", "deep/Thumbs.db", "deep/.nfs1", "plain"])
      writeFileSync(join(source, path), path);
    const put = await run(["put", source, "/named", "--json"]);
    assert.equal(JSON.parse(put.stdout).files_not_synced, 4);
    const notSynced = (stderr: string) => /^holdfast: .* not synced to folders on devices: .*$/m.exec(stderr)?.[0];
    assert.match(
      notSynced(put.stderr) ?? "",
      /^holdfast: 4 files are named like temporary files, so they are .*: (?:\S+, ){2}\S+ and 1 more$/,
    );
    assert.equal(notSynced((await run(["put", source, "/named"])).stderr), undefined, "nothing was sent");
    const alone = await run(["put", join(source, "plain"), "/named/c~"]);
    assert.match(notSynced(alone.stderr) ?? "", /^holdfast: 1 file is named like a temporary file, so it is .*: c~$/);
    writeFileSync(join(root, ".holdfastignore"), "!b.part\n");
    writeFileSync(join(root, "own~"), "");
    assert.equal((await run(["sync", root, "--remote", "/named", "--once", "--exclude", "absent"])).code, 0);
    assert.equal((await run(["rm", "/named/deep/.nfs1"])).code, 0);
    assert.equal((await run(["sync", root, "--once"])).code, 0);
    assert.ok(existsSync(join(root, "b.part")) && !existsSync(join(root, "a~")));
    const { built_in: builtIn } = await json("sync", root, "--show-rules");
    assert.deepEqual(
      builtIn.filter((rule: { files: number; files_on_server: number }) => rule.files + rule.files_on_server > 0),
      [
        { name: "*~", files: 1, files_on_server: 2 },
        { name: "Thumbs.db", files: 0, files_on_server: 1 },
      ],
    );
    assert.match(
      (await run(["sync", root, "--show-rules"])).stdout,
      /^built in {2}\*~ {2}1 file, 2 files on the server\nbuilt in {2}Thumbs\.db {2}1 file on the server\nbuilt-in patterns that match nothing {2}/m,
    );
    assert.equal((await run(["trash", "restore", "/named/deep/.nfs1"])).code, 0);
  });

  test("an invalid line of the ignore file is reported with its number and reason, and the others apply", async () => {
    const root = join(folder, "broken");
    mkdirSync(root);
    for (const path of ["a.tmp", "b"]) writeFileSync(join(root, path), path);
    writeFileSync(join(root, ".holdfastignore"), "# mine\n[abc\n*.tmp\n");
    const synced = await run(["sync", root, "--remote", "/broken", "--once"]);
    assert.equal(synced.code, 0, synced.stderr);
    const warning = /\.holdfastignore: Line 2 \(\[abc\) is not a valid pattern and is ignored: its \[ is never closed/;
    assert.match(synced.stderr, warning);
    const { stdout: shown } = await run(["sync", root, "--show-rules"]);
    assert.match(shown, warning);
    assert.doesNotMatch(shown, /^\.holdfastignore {2}\[abc/m);
    const { ignored, broken } = await json("sync", root, "--show-rules");
    assert.deepEqual([ignored, broken.length], [["*.tmp"], 1]);
    assert.match(
      (await run(["status", root])).stdout,
      /^ {2}1 line of \.holdfastignore and 1 line in it that is not a valid pattern: .holdfast sync \S+ --show-rules. lists them$/m,
    );
    const { items } = await json("ls", "/broken");
    assert.deepEqual(items.map(({ name }: { name: string }) => name).toSorted(), [".holdfastignore", "b"]);
  });

  test("synced files hidden by a new rule are reported once in one line, and stay everywhere", async () => {
    const root = join(folder, "hiding");
    mkdirSync(join(root, "raw/deep"), { recursive: true });
    const files = ["raw/a", "raw/deep/b", "raw/c", "one.tif", "two.tif", "three.tif", "four.tif", "kept"];
    for (const path of files) writeFileSync(join(root, path), path);
    const sync = async (...more: string[]): Promise<string> => {
      const { code, stderr } = await run(["sync", root, "--remote", "/hiding", "--once", ...more]);
      assert.equal(code, 0, stderr);
      return stderr;
    };
    const excludedLines = (text: string): string[] =>
      text.split("\n").filter((line) => line.includes("rules now exclude"));
    assert.deepEqual(excludedLines(await sync()), []);

    writeFileSync(join(root, ".holdfastignore"), "*.tif\n");
    const byPattern = "four.tif, one.tif, three.tif, and 1 more";
    const line = (count: number, names: string): string =>
      `the rules now exclude ${count} files: ${names}; no files are deleted, here or on the server`;
    assert.deepEqual(excludedLines(await sync()), [`sync: ${line(4, byPattern)}`]);
    assert.deepEqual(excludedLines(await sync()), [], "it was told");
    assert.deepEqual(excludedLines(await sync("--exclude", "raw")), [`sync: ${line(3, "raw/ (3)")}`]);
    assert.deepEqual(excludedLines(await sync()), [], "it was told");

    const { items: log } = await json("log", root);
    const hidden = log.filter(({ what }: { what: string }) => what === "hidden");
    assert.deepEqual(
      hidden.map(({ message }: { message: string }) => message),
      [line(4, byPattern), line(3, "raw/ (3)")],
    );
    assert.match((await run(["log", root])).stdout, /hidden: the rules now exclude 3 files/);
    for (const path of files) assert.equal(readFileSync(join(root, path), "utf8"), path);
    const { items } = await json("ls", "-R", "/hiding");
    const there = items.filter(({ kind }: { kind: string }) => kind === "file");
    assert.deepEqual(
      there.map(({ path }: { path: string }) => path.slice("/hiding/".length)).toSorted(),
      [...files, ".holdfastignore"].toSorted(),
    );
    assert.deepEqual((await json("trash", "ls")).items, []);
  });

  test("unsyncable names and a pipe are listed with a code each, and the sync is still in sync", async () => {
    const root = join(folder, "unfit");
    mkdirSync(root);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/latin-`), Buffer.from([0xe9])]), "1");
    writeFileSync(join(root, "two\nlines"), "2");
    writeFileSync(join(root, "plain"), "3");
    execFileSync("mkfifo", [join(root, "pipe")]);
    const synced = await run(["sync", root, "--remote", "/unfit", "--once"]);
    assert.equal(synced.code, 0, synced.stderr);
    const { syncs } = await json("status", root);
    const codes = syncs[0].problems.map(({ code }: { code: string }) => code);
    assert.deepEqual(codes.toSorted(), ["control_character", "not_running", "not_utf8", "special_file"]);
    const quiet = await run(["sync", root, "--remote", "/unfit", "--once", "--quiet"]);
    assert.deepEqual([quiet.code, quiet.stdout], [0, ""]);
    const skipped = /^holdfast: (?:latin-.*UTF-8|pipe: .*sockets|two\\u\{a\}lines: .*control character).*\n/gm;
    assert.equal(quiet.stderr.match(skipped)?.join(""), quiet.stderr, "what was left out, and nothing else");
    assert.equal(quiet.stderr.trimEnd().split("\n").length, 3);
    const { items } = await json("ls", "/unfit");
    assert.deepEqual(
      items.map(({ name }: { name: string }) => name),
      ["plain"],
    );
  });

  test("a folder synced by another configuration is skipped and listed, and a copy of a known one is synced", async () => {
    const outer = join(folder, "outer");
    const inner = join(outer, "Drive");
    mkdirSync(inner, { recursive: true });
    writeFileSync(join(outer, "beside"), "beside");
    writeFileSync(join(inner, "theirs"), "theirs");
    const done = async (config: string, ...args: string[]): Promise<string> => {
      const { code, stderr } = await runCommand({ HOLDFAST_CONFIG_DIR: join(folder, config) }, args);
      assert.equal(code, 0, stderr);
      return stderr;
    };
    cpSync(join(folder, "config"), join(folder, "second"), { recursive: true });
    await done("second", "sync", inner, "--remote", "/inner", "--once");
    const said = await done("config", "sync", outer, "--remote", "/outer", "--once", "--device-name", "outer");
    assert.match(said, /Drive: Not synced: in use by another Holdfast sync, /);
    const names = async (path: string): Promise<string[]> =>
      (await json("ls", "-R", path)).items.map((item: { path: string }) => item.path.slice(path.length + 1)).toSorted();
    assert.deepEqual(await names("/outer"), ["beside"]);
    await done("second", "sync", inner, "--once");

    cpSync(inner, join(folder, "other/copy"), { recursive: true });
    cpSync(outer, join(folder, "other/known"), { recursive: true });
    await done("config", "sync", join(folder, "other"), "--remote", "/other", "--once");
    assert.deepEqual(await names("/other"), ["known", "known/beside"]);
    const { syncs } = await json("status", join(folder, "other"));
    const listed = syncs[0].problems.flatMap(({ code, path }: { code: string; path: string }) =>
      code === "other_sync" ? [path] : [],
    );
    assert.deepEqual(listed, ["copy", "known/Drive"]);
  });

  longTest("a home folder is synced only after confirmation, without Holdfast's own files", async (t) => {
    const home = join(folder, "home");
    const config = join(home, ".config/holdfast");
    const own = [".local/share/holdfast/key", "server.json", "notes/holdfast"];
    for (const path of own) {
      mkdirSync(join(home, path, ".."), { recursive: true });
      writeFileSync(join(home, path), path);
    }
    cpSync(join(folder, "config"), config, { recursive: true });
    const env = {
      HOLDFAST_CONFIG_DIR: undefined,
      HOME: home,
      XDG_CONFIG_HOME: undefined,
      XDG_DATA_HOME: `${home}/.local/share`,
      HOLDFAST_CONFIG: `${home}/server.json`,
      HOLDFAST_DATA: `${home}/.local/share/holdfast`,
    };
    const { HOME } = process.env;
    t.after(() => (process.env["HOME"] = HOME));
    process.env["HOME"] = home;
    const refused = await answering(config, ["sync", home, "--remote", "/home", "--once"], "n");
    process.env["HOME"] = HOME;
    assert.match(refused.shown, /home is your home folder: everything in it would be synced.*Continue\?/);
    assert.match(refused.shown, /Nothing was synced\./);
    assert.equal(refused.code, 1);
    assert.equal(existsSync(join(home, ".holdfast")), false);

    const synced = await holdfast(["sync", home, "--remote", "/home", "--once"], { env });
    assert.equal(synced.code, 0, synced.stderr);
    assert.match(
      synced.stderr,
      /home is your home folder: everything in it would be synced, including programs' settings and caches/,
    );
    assert.match(synced.stderr, /^sync: \.config\/holdfast belongs to Holdfast and is not synced$/m);
    const { items } = await json("ls", "-R", "/home");
    const files = items.filter(({ kind }: { kind: string }) => kind === "file");
    assert.deepEqual(
      files.map(({ path }: { path: string }) => path),
      ["/home/notes/holdfast"],
    );
    const again = await holdfast(
      ["sync", home, "--once", "--include", ".config/holdfast", "--exclude", ".config", "--free-space"],
      { env },
    );
    assert.equal(again.code, 0, again.stderr);
    assert.doesNotMatch(again.stderr, /is your home folder/);
    assert.equal(existsSync(join(config, "login.json")), true);
  });
});
