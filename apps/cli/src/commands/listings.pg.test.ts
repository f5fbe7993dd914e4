import assert from "node:assert/strict";
import { chmodSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { administrator, Api, eventually, launcher, ok } from "@holdfast/server/acceptance/testing";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { before, describe, test } from "node:test";
import { answering } from "./testing-answer.ts";
import { runHere } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";

// Local times are those of Tokyo, which has no daylight saving time.
process.env["TZ"] = "Asia/Tokyo";

describe("Listings", () => {
  const signedIn = useSignedIn("listings");
  const { folder, run, json } = signedIn;
  const sizes = { "日本語.txt": 5, "🙂 smile": 1536, "plain.bin": 3 * 2 ** 20, "sub/é.txt": 12 };

  before(async () => {
    const root = join(folder, "root");
    mkdirSync(join(root, "sub"), { recursive: true });
    for (const [name, size] of Object.entries(sizes)) {
      writeFileSync(join(root, name), Buffer.alloc(size, name));
      utimesSync(join(root, name), 981_173_106, 981_173_106);
    }
    assert.equal((await run(["put", root, "/list"])).code, 0);
    writeFileSync(join(root, "日本語.txt"), "the second");
    assert.equal((await run(["put", root, "/list"])).code, 0);
    assert.equal((await run(["versions", "label", "/list/日本語.txt", "1", "as sent"])).code, 0);
  });

  function onTerminal(...args: string[]): Promise<string[]> {
    return onColumns(100, args);
  }

  async function onColumns(columns: number, args: string[]): Promise<string[]> {
    const environment = { HOLDFAST_CONFIG_DIR: `${folder}/config` };
    const { code, stdout, stderr } = await runHere(environment, args, { columns });
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout.trimEnd().split("\n");
  }

  longTest("an empty list is a sentence on a terminal, and nothing for scripts", async () => {
    assert.equal((await run(["mkdir", "/empty"])).code, 0);
    const sentences = {
      "ls /empty": "The folder is empty.",
      "ls -l /empty": "The folder is empty.",
      "ls -R /empty": "The folder is empty.",
      trash: "The trash is empty.",
      shared: "Nobody shares anything with you.",
      starred: "Nothing is starred.",
      "search zzz": "No files or folders match your search.",
      "comments /empty": "There are no comments.",
      "permissions /empty": "Nobody else has access.",
      "transfer ls": "There are no transfers.",
      "link ls": "There are no links.",
      token: "There are no tokens.",
      programs: "No program has access to your account.",
      "app-passwords": "There are no app passwords.",
      "admin groups ls": "There are no groups.",
      "admin invites ls": "There are no invitations.",
      "admin reports": "There are no reports.",
    };
    for (const [line, sentence] of Object.entries(sentences)) {
      const args = line.split(" ");
      assert.deepEqual(await onTerminal(...args), [sentence], line);
      assert.deepEqual(await run(args), { code: 0, stdout: "", stderr: "" }, line);
    }
    assert.equal((await run(["rm", "--permanent", "--yes", "/empty"])).code, 0);
  });

  const withoutTimes = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replace(/\b20[2-9]\d-\d\d-\d\d \d\d:\d\d\b/, "(time)          "));

  test("ls -l has titles, sizes and local times for people, and stable columns for scripts", async () => {
    assert.deepEqual(withoutTimes(await onTerminal("ls", "-l", "/list")), [
      "KIND     SIZE  MODIFIED          VERSION  NAME",
      "-     3.0 MiB  2001-02-03 13:05  v1       plain.bin",
      "d           -  (time)            -        sub/",
      "-        10 B  (time)            v2       日本語.txt",
      "-     1.5 KiB  2001-02-03 13:05  v1       🙂 smile",
    ]);
    const plain = (await run(["ls", "-l", "/list"])).stdout.split("\n");
    assert.equal(plain[0], "-  3145728  2001-02-03 04:05:06Z  v1  plain.bin");
    assert.equal(plain.length, 5);
  });

  test("ls -l marks private files and folders", async () => {
    const root = join(folder, "modes");
    mkdirSync(join(root, "closed"), { recursive: true });
    for (const [name, mode] of [
      ["mine", 0o600],
      ["mine.sh", 0o700],
      ["open", 0o644],
    ] as const) {
      writeFileSync(join(root, name), name);
      chmodSync(join(root, name), mode);
    }
    chmodSync(join(root, "closed"), 0o700);
    assert.equal((await run(["put", root, "/modes"])).code, 0);
    const kinds = (await run(["ls", "-l", "/modes"])).stdout.trimEnd().split("\n");
    assert.deepEqual(
      kinds.map((line) => line.split(/ +/)).map((cells) => `${cells[0]} ${cells.at(-1)}`),
      ["dp closed/", "-p mine", "-xp mine.sh", "- open"],
    );
    assert.equal((await run(["rm", "--permanent", "--yes", "/modes"])).code, 0);
  });

  test("versions shows author and device", async () => {
    const [{ name }, devices] = [await json("whoami"), await json("devices")];
    const device = devices.items.find(({ current }: { current: boolean }) => current).name as string;
    const [author, from] = [name as string, device].map((each, index) =>
      each.padEnd(["BY", "DEVICE"][index]?.length ?? 0),
    );
    assert.deepEqual(withoutTimes(await onTerminal("versions", "/list/日本語.txt")), [
      `VERSION  SIZE  MADE              ${"BY".padEnd(author?.length ?? 0)}  ${"DEVICE".padEnd(from?.length ?? 0)}  LABEL`,
      `      2  10 B  (time)            ${author}  ${device}`,
      `      1   5 B  (time)            ${author}  ${from}  as sent`,
    ]);
    const { items } = await json("versions", "/list/日本語.txt");
    assert.deepEqual([items[0].device, items[0].author.name], [device, name]);
  });

  test("tree ends with its totals, and trash and recent have titles", async () => {
    const lines = await onTerminal("tree", "/list");
    assert.deepEqual(lines, [
      "/list",
      "├── plain.bin",
      "├── sub/",
      "│   └── é.txt",
      "├── 日本語.txt",
      "└── 🙂 smile",
      "",
      "1 folder, 4 files, 3.0 MiB",
    ]);
    assert.match((await onTerminal("recent"))[0] ?? "", /^CHANGED {14}SIZE {2}PATH$/);
    assert.equal((await run(["rm", "/list/plain.bin"])).code, 0);
    const [title, item] = await onTerminal("trash", "ls");
    assert.match(title ?? "", /^DELETED {14}SIZE {2}ID {36}PATH$/);
    assert.match(item ?? "", /^20\d\d-\d\d-\d\d \d\d:\d\d {2}3\.0 MiB {2}[-0-9a-f]{36} {2}\/list\/plain\.bin$/);
  });

  test("tree shortens a name that is wider than the terminal", async () => {
    assert.equal((await run(["mkdir", "/long", "/long/a folder with quite a long name"])).code, 0);
    assert.deepEqual((await onColumns(30, ["tree", "/long"])).slice(0, 2), ["/long", "└── a folder…ite a long name/"]);
    assert.ok((await run(["tree", "/long"])).stdout.includes("a folder with quite a long name/"));
    assert.equal((await run(["rm", "--permanent", "--yes", "/long"])).code, 0);
  });

  test("rm --permanent of a folder reports how much it also deletes from the trash", async () => {
    const tree = join(folder, "kept");
    mkdirSync(join(tree, "inner"), { recursive: true });
    for (const name of ["a", "b", "c", "inner/d"]) writeFileSync(join(tree, name), name);
    assert.equal((await run(["put", tree, "/kept"])).code, 0);
    assert.equal((await run(["put", tree, "/other"])).code, 0);
    assert.equal((await run(["rm", "/kept/a", "/kept/inner/d", "/other/a"])).code, 0);
    const ask = async (args: readonly string[]): Promise<string> => {
      const { code, shown } = await answering(`${folder}/config`, args, "no");
      assert.equal(code, 1);
      return shown;
    };
    assert.match(
      await ask(["rm", "--permanent", "/kept"]),
      /Permanently delete \/kept\/ and everything in it, and 2 items from there in the trash\? \(y\/N\)/,
    );
    assert.match(await ask(["rm", "--permanent", "/kept/inner"]), /it, and 1 item from there in the trash/);
    assert.match(
      await ask(["rm", "--permanent", "/kept/b", "/list/sub"]),
      /Permanently delete \/kept\/b, \/list\/sub\/ and everything in it\?/,
    );
    const gone = await run(["rm", "--permanent", "--yes", "/kept"]);
    assert.deepEqual([gone.code, gone.stdout], [0, ""]);
    assert.equal(gone.stderr, "2 items from there in the trash were also permanently deleted.\n");
    const { items } = await json("trash", "ls");
    assert.ok(!items.some(({ path }: { path: string }) => path.startsWith("/kept")), "they went");
    assert.equal((await run(["rm", "--permanent", "/other/b"])).stderr, "");
    assert.match(
      (await run(["rm", "--help"])).stdout,
      /with all versions and any\s+items\s+moved\s+from\s+the\s+folder\s+to\s+the\s+trash\s+earlier/,
    );
  });

  test("all other lists have titles and local times too, but not for scripts", async () => {
    const until = new Date(Date.now() + 7 * 86_400_000).toISOString();
    assert.equal((await run(["link", "/list/sub", "--name", "the sub", "--expires", until])).code, 0);
    assert.equal((await run(["token", "create", "nightly"])).code, 0);
    const titles: readonly (readonly [string[], RegExp])[] = [
      // Too wide for a table: each field has its own line.
      [["devices"], /^ID +[0-9a-f]{8}-[0-9a-f-]{27}$/],
      [["activity"], /^WHEN +WHO +DEVICE +DID +WHAT +FOLDER +REWIND ID$/],
      [["permissions", "/list/sub"], /^KIND +WHO +ROLE +ENDS/],
      [["link", "ls"], /^ID +ROLE +NAME +PATH +ENDS$/],
      [["token", "ls"], /^ID +NAME +SCOPES +ENDS +USED$/],
      [["admin", "users", "ls"], /^EMAIL +NAME +USED +OF +PLAN/],
      [["admin", "plans"], /^PLAN +GIVES/],
    ];
    assert.match((await onColumns(200, ["devices"]))[0] ?? "", /^ID +NAME +SEEN +KIND/);
    for (const [args, title] of titles) {
      const lines = await onTerminal(...args);
      assert.match(lines[0] ?? "", title, args.join(" "));
      assert.ok(lines.length > 1, args.join(" "));
      assert.doesNotMatch(lines.join("\n"), /\dZ\b/, `${args.join(" ")} has times of somewhere else`);
      assert.doesNotMatch((await run(args)).stdout.split("\n")[0] ?? "", /^[A-Z]+ {2}/, args.join(" "));
      for (const columns of [40, 80]) {
        const wide = (await onColumns(columns, args)).filter((line) => line.length > columns);
        assert.deepEqual(wide, [], `${args.join(" ")} on ${columns} columns`);
      }
      const text = (await onColumns(300, args)).join("\n");
      assert.doesNotMatch(
        text,
        / (?:seen|signed in|expires|used|until|of) [\d-]/,
        `${args.join(" ")} repeats its titles`,
      );
    }
  });

  test("devices rm asks on a terminal first, and warns if it is the current device", async () => {
    const api = new Api(signedIn.server.url);
    const { email, password } = administrator;
    const other = await ok(api, "POST", "/sessions", { email, password, device_name: "other" });
    const { items } = await json("devices");
    const own = items.find(({ current }: { current: boolean }) => current).id;
    const config = `${folder}/config`;
    const unknown = await answering(config, ["devices", "rm", "nowhere"], "yes");
    assert.equal(unknown.code, 4);
    assert.match(unknown.shown, /^[^?]*There is no device nowhere\. 'holdfast devices' lists your devices\.\s*$/);
    const kept = await answering(config, ["devices", "rm", own], "");
    assert.equal(kept.code, 1);
    assert.match(kept.shown, /Sign out .*, which is this device\? \(y\/N\)[^]*Nothing was signed out/);
    const order = await answering(config, ["devices", "rm", "other", "--remove-copies"], "no");
    assert.match(order.shown, /Sign out other \(.*\) and delete its copies of files that are on the server\?/);
    assert.equal((await json("devices")).items.length, items.length);
    assert.equal((await answering(config, ["devices", "rm", "other"], "y")).code, 0);
    assert.equal((await new Api(signedIn.server.url, other.access_token).call("GET", "/account")).status, 401);
  });

  test("devices of one name are distinguished by the time and address of their last use", async () => {
    const { email, password } = administrator;
    const api = new Api(signedIn.server.url);
    for (const _ of [1, 2]) await ok(api, "POST", "/sessions", { email, password, device_name: "twin" });
    const { code, stderr } = await run(["devices", "rm", "twin"]);
    assert.equal(code, 5);
    const one = String.raw`[0-9a-f-]{36} \(seen \d{4}-[^,]+Z, from 127\.0\.0\.1\)`;
    assert.match(stderr, new RegExp(`twin matches several devices: specify one by its ID: ${one}, ${one}\\.`));
  });

  test("a signed-out device is listed, and its copies can be removed by the start of its ID", async () => {
    const { email, password } = administrator;
    const lost = await ok(new Api(signedIn.server.url), "POST", "/sessions", { email, password, device_name: "lost" });
    const id = lost.device_id as string;
    const rm = await run(["devices", "rm", "lost"]);
    const command = `holdfast devices rm ${id} --remove-copies`;
    assert.deepEqual([rm.code, rm.stdout.includes(command)], [0, true], rm.stdout);
    const again = await run(["devices", "rm", "lost"]);
    assert.deepEqual([again.code, again.stderr.includes(command)], [5, true], again.stderr);
    assert.match((await run(["devices"])).stdout, /^signed out: lost \(.+\), .+; its copies are still there$/m);
    const asked = await run(["devices", "rm", `${id.slice(0, -1)}…`, "--remove-copies"]);
    assert.match(asked.stdout, /^lost \(.+\) was signed out before\nThe next time it connects, it removes its copies/);
    assert.match(
      (await run(["devices"])).stdout,
      /^signed out: lost \(.+\), copies: removal requested .+, not done yet$/m,
    );
    for (const flags of [[], ["--remove-copies"]]) {
      const { code, stderr } = await run(["devices", "rm", "lost", ...flags]);
      assert.equal(code, 5, stderr);
      assert.match(stderr, /^holdfast: lost \(.+\) is signed out already, and was asked to remove its copies\./);
    }
  });

  test("times in an administrator's messages are local for people, and UTC for scripts", async () => {
    assert.equal((await run(["admin", "scrub", "--now"])).code, 0);
    const rule = ["admin", "require-second-factor", "on", "--user", administrator.email, "--grace", "7d"];
    assert.equal((await run(rule)).code, 0);
    for (const args of [
      ["admin", "scrub"],
      ["admin", "audit", "verify"],
      ["admin", "require-second-factor"],
    ]) {
      assert.match((await onTerminal(...args)).join("\n"), /20\d\d-\d\d-\d\d \d\d:\d\d(?!:)/, args.join(" "));
      assert.match((await run(args)).stdout, /20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ/, args.join(" "));
    }
    const due = Date.parse((await json("admin", "require-second-factor")).items[0].second_factor_due_at);
    const tokyo = new Date(due + 9 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");
    assert.match((await onTerminal("admin", "require-second-factor")).join("\n"), new RegExp(` ${tokyo}$`, "m"));
    assert.equal((await run(["admin", "require-second-factor", "off", "--user", administrator.email])).code, 0);
  });

  longTest("the bash script completes paths on the server", async () => {
    const { stdout: script } = await run(["completion", "bash"]);
    const complete = async (words: readonly string[]): Promise<string[]> => {
      const line = [launcher, ...words].map((word) => `'${word}'`).join(" ");
      const asking = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { ...process.env, HOLDFAST_CONFIG_DIR: `${folder}/config` };
      const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", asking], { env, cwd: folder });
      return stdout.split("\n").filter(Boolean);
    };
    // Completion gives up after two seconds, which may not suffice on a busy machine, so it is repeated.
    const completes = (words: readonly string[], expected: readonly string[]) =>
      eventually(`${words.join(" ")} is completed to ${expected.join(" ")}`, 60_000, async () =>
        isDeepStrictEqual(await complete(words), expected) ? true : undefined,
      );
    await completes(["cat", "--quiet", "/list/日"], ["/list/日本語.txt"]);
    await completes(["cat", String.raw`/list/🙂\ s`], ["/list/🙂 smile"]);
    assert.deepEqual(await complete(["get", "/list", "/lis"]), []);
    const { items } = await json("devices");
    await completes(["devices", "rm", items[0].name.slice(0, 2)], [items[0].name]);
    if (!isLongTier) return;
    await completes(["mv", "/list/sub", "/list/s"], ["/list/sub/"]);
    await completes(["devices", "resume", items[0].id.slice(0, -1)], [items[0].id]);
    await completes(["put", "root", "/lis"], ["/list/"]);
    assert.deepEqual(await complete(["ls", "/nowhere/x"]), []);
  });

  test("df shows free space in readable numbers", async () => {
    const lines = await onTerminal("df");
    assert.match(lines.join("\n"), /^files +\d\.\d [KM]iB\n/);
    assert.equal((await run(["admin", "users", "quota", administrator.email, "1"])).code, 0);
    const over = (await run(["df"])).stdout;
    assert.match(
      over,
      /^files +.*\ntrash +.*\nused +.*\nquota +1 B\nover the quota by +\d.*\n\nNot counted against the quota:\nold versions +.*\nunfinished uploads +.*\n\nstored in total +/,
    );
    assert.equal((await run(["admin", "users", "quota", administrator.email, "8M"])).code, 0);
    const { free_bytes: free, used_bytes: used } = await json("df");
    assert.match((await run(["df"])).stdout, /^quota +8\.0 MiB$/m);
    assert.match((await run(["admin", "users", "ls"])).stdout, new RegExp(` ${used} +of 8388608 `));
    assert.match((await onTerminal("df")).join("\n"), new RegExp(`^free +${(free / 2 ** 20).toFixed(1)} MiB$`, "m"));
    const large = join(folder, "large");
    mkdirSync(large);
    for (const name of ["one", "two"]) writeFileSync(join(large, name), Buffer.alloc(5_000_000, name));
    const dry = await run(["put", large, "/large", "--dry-run", "--json"]);
    assert.deepEqual([dry.code, JSON.parse(dry.stdout).problems[0].code], [6, "quota"]);
    assert.match(
      dry.stderr,
      /^holdfast: This needs 9\.5 MiB, and \d\.\d MiB is free in your quota; only what fits is uploaded\./m,
    );
  });
});
