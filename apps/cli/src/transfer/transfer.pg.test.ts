import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import {
  administrator,
  type CommandResult,
  launcher,
  makeFolder,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import { runCommand } from "../commands/testing-run.ts";
import { longTest } from "@holdfast/tools/tiers";

const home = makeFolder("transfer");
const environment = { HOLDFAST_CONFIG_DIR: join(home, "config") };
let server: RunningServer;

before(async () => {
  server = await startServer({ dataFolder: join(home, "data") });
  const { email, password } = administrator;
  const signedIn = await run(["login", server.url, "--email", email, "--password-stdin"], `${password}\n`);
  assert.equal(signedIn.code, 0, signedIn.stderr);
});

after(async () => {
  await server?.stop();
  removeFolder(home);
});

function run(args: string[], input = ""): Promise<CommandResult> {
  return runCommand(environment, args, { input });
}

async function json(...args: string[]) {
  const { stdout, stderr } = await run([...args, "--json"]);
  assert.notEqual(stdout.length, 0, stderr);
  return JSON.parse(stdout);
}

/** Runs a command in its own process. @returns its standard output; fails unless it exits with 0 */
async function runOnBytes(args: string[], input?: Buffer): Promise<Buffer> {
  const child = spawn(launcher, args, { env: { ...process.env, ...environment }, stdio: ["pipe", "pipe", "inherit"] });
  // A command that fails early does not read all input; its exit code is checked below.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [stdout, [code]] = await Promise.all([buffer(child.stdout), once(child, "close")]);
  assert.equal(code, 0);
  return stdout;
}

let noises = 0;
const noise = (sizeBytes: number) =>
  createHash("shake256", { outputLength: sizeBytes })
    .update(`noise ${(noises += 1)}`)
    .digest();

function makeTree(root: string): void {
  mkdirSync(join(root, "folder/deeper/empty"), { recursive: true });
  writeFileSync(join(root, "empty.bin"), "");
  writeFileSync(join(root, "日本 🙂 é ‮.txt"), "any script");
  writeFileSync(join(root, "folder/run.sh"), "#!/bin/sh\n");
  chmodSync(join(root, "folder/run.sh"), 0o755);
  writeFileSync(join(root, "folder/deeper/middle.bin"), noise(1_200_000));
  writeFileSync(join(root, "large.bin"), noise(9_000_000));
  for (let index = 0; index < 700; index += 1) writeFileSync(join(root, `folder/f${index}`), `file ${index % 300}`);
  symlinkSync("folder/run.sh", join(root, "link"));
  symlinkSync("../no/such/thing", join(root, "dangling"));
  utimesSync(join(root, "empty.bin"), 981_173_106.123_457, 981_173_106.123_457);
}

function snapshot(folder: string, below = ""): Map<string, unknown> {
  const seen = new Map<string, unknown>();
  for (const name of readdirSync(join(folder, below)).toSorted()) {
    const path = join(below, name);
    const stats = lstatSync(join(folder, path), { bigint: true });
    if (stats.isSymbolicLink()) seen.set(path, readlinkSync(join(folder, path)));
    else if (stats.isFile()) {
      seen.set(path, [readFileSync(join(folder, path)).toString("base64"), stats.mode & 0o100n, stats.mtimeNs / 1000n]);
    } else for (const [key, value] of seen.set(path, "folder") && snapshot(folder, path)) seen.set(key, value);
  }
  return seen;
}

const tree = join(home, "tree");
before(() => makeTree(tree));

test("a tree makes the round trip unchanged, and a second run transfers nothing", async () => {
  const sent = await json("put", tree, "/tree");
  assert.deepEqual([sent.files_sent, sent.links_made, sent.problems], [705, 2, []]);
  const again = await json("put", tree, "/tree");
  assert.deepEqual([again.files_sent, again.files_equal, again.links_made, again.bytes_sent], [0, 705, 0, 0]);
  const shown = await run(["get", "/tree", join(home, "shown")]);
  assert.match(shown.stdout, /^705 files and 2 symbolic links fetched \(/m);
  const got = await json("get", "/tree", join(home, "back"));
  assert.deepEqual([got.files_received, got.problems], [705, []]);
  assert.deepEqual(snapshot(join(home, "back")), snapshot(tree));
  const kept = await json("get", "/tree", join(home, "back"));
  assert.deepEqual([kept.files_received, kept.files_equal, kept.bytes_received], [0, 705, 0]);
});

test("only changed files are sent, as new versions", async () => {
  const changed = join(home, "changed");
  mkdirSync(changed);
  for (const name of ["same", "touched", "edited"]) writeFileSync(join(changed, name), "12345");
  await json("put", changed, "/changed");
  writeFileSync(join(changed, "edited"), "54321");
  utimesSync(join(changed, "touched"), 1000, 1000);
  const sent = await json("put", changed, "/changed");
  assert.deepEqual([sent.files_sent, sent.attributes_set, sent.files_equal], [1, 0, 2]);
  assert.equal((await json("versions", "/changed/edited")).items.length, 2);
  writeFileSync(join(changed, "same"), "local edit is overwritten by get");
  assert.equal((await json("get", "/changed", changed)).files_received, 0);
  assert.equal((await json("get", "/changed", changed, "--overwrite")).files_received, 1);
  assert.equal(readFileSync(join(changed, "same"), "utf8"), "12345");
});

longTest("a touched file counts as equal, whether it was read before or not, and --times sends its time", async () => {
  const folder = join(home, "times");
  mkdirSync(folder);
  const sizes = { small: 10, large: 9_000_000 };
  for (const [name, sizeBytes] of Object.entries(sizes)) writeFileSync(join(folder, name), noise(sizeBytes));
  await json("put", folder, "/times");
  const touch = (seconds: number) => {
    for (const name of Object.keys(sizes)) utimesSync(join(folder, name), seconds, seconds);
  };
  const put = async (...flags: string[]) => {
    const { files_sent, files_equal, attributes_set } = await json("put", folder, "/times", ...flags);
    const { items } = await json("ls", "/times");
    const times = items.map(({ modified_at }: { modified_at: string }) => Date.parse(modified_at) / 1000);
    return { files_sent, files_equal, attributes_set, isSent: times.every((time: number) => time === 1000) };
  };
  touch(1000);
  const equal = { files_sent: 0, files_equal: 2, attributes_set: 0, isSent: false };
  assert.deepEqual(await put(), equal);
  assert.deepEqual(await put(), equal, "known from the journal");
  assert.deepEqual(await put("--times", "--dry-run"), { ...equal, files_equal: 0, attributes_set: 2 });
  const sent = { files_sent: 0, files_equal: 0, attributes_set: 2, isSent: true };
  assert.deepEqual(await put("--times"), sent);
  touch(2000);
  assert.deepEqual(await put(), { ...equal, isSent: true });
  for (const name of Object.keys(sizes)) chmodSync(join(folder, name), 0o755);
  assert.deepEqual(await put(), { ...sent, isSent: false }, "with the executable bit");
});

test("a file that is put alone gets a new time and executable bit as one in a folder does", async () => {
  const path = join(home, "single");
  writeFileSync(path, "12345");
  await run(["put", path, "/single"]);
  const put = async (seconds: number, ...flags: string[]) => {
    utimesSync(path, seconds, seconds);
    const { stdout } = await run(["put", path, "/single", ...flags]);
    const { items } = await json("ls", "/single");
    return [stdout.trim(), items[0].executable, Date.parse(items[0].modified_at) / 1000];
  };
  const equal = "0 files sent (0 B), 1 already equal, 0 problems";
  const set = "0 files sent (0 B), 1 with a new time or permissions, 0 already equal, 0 problems";
  const [, , firstSeconds] = await put(1000);
  assert.notEqual(firstSeconds, 1000);
  assert.deepEqual(await put(1000), [equal, false, firstSeconds]);
  assert.deepEqual(await put(2000, "--times"), [set, false, 2000]);
  chmodSync(path, 0o755);
  assert.deepEqual(await put(3000), [set, true, 3000]);
  assert.deepEqual(await put(4000), [equal, true, 3000]);
});

test("for a large file that changed in one place, only that place is transferred, in both directions", async () => {
  const path = join(home, "grown.bin");
  const bytes = noise(9_000_000);
  writeFileSync(path, bytes);
  await json("put", path, "/grown.bin");
  await json("get", "/grown.bin", join(home, "grown-back.bin"));
  bytes[4_500_000] = (bytes[4_500_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  assert.ok((await json("put", path, "/grown.bin")).bytes_sent <= 2 * 4 * 2 ** 20);
  assert.ok((await json("get", "/grown.bin", join(home, "grown-back.bin"))).bytes_received <= 2 * 4 * 2 ** 20);
  assert.ok(readFileSync(join(home, "grown-back.bin")).equals(bytes));
});

test("the remains of an interrupted get are used, and removed at the end", async () => {
  const path = join(home, "resumed.bin");
  const bytes = noise(9_000_000);
  writeFileSync(path, bytes);
  await json("put", path, "/resumed/resumed.bin");
  const { items } = await json("ls", "/resumed");
  const folder = join(home, "resumed");
  mkdirSync(folder);
  const half = Buffer.alloc(9_000_000);
  half.set(bytes.subarray(0, 6_000_000));
  half[10] = (half[10] ?? 0) ^ 1;
  writeFileSync(join(folder, `.holdfast-part-${items[0].version_id}.00000000`), half);
  const got = await json("get", "/resumed", folder);
  assert.ok(got.bytes_received < 9_000_000 && got.bytes_received >= 3_000_000, `${got.bytes_received} bytes`);
  assert.ok(readFileSync(join(folder, "resumed.bin")).equals(bytes));
  assert.deepEqual(readdirSync(folder), ["resumed.bin"]);
});

test("unsendable items are listed, the rest is sent, and the exit code is 1", async () => {
  const odd = join(home, "odd");
  mkdirSync(odd);
  spawnSync("sh", ["-c", "mkfifo pipe"], { cwd: odd });
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/bad`), Buffer.from([0xff])]), "not UTF-8");
  writeFileSync(join(odd, "control\u0001"), "");
  writeFileSync(join(odd, "good"), "good");
  const ran = await run(["put", odd, "/odd", "--json"]);
  assert.equal(ran.code, 1);
  const { files_sent, problems } = JSON.parse(ran.stdout);
  assert.equal(files_sent, 1);
  const told = problems.map(({ path, code }: { path: string; code: string }) => [path.slice(odd.length + 1), code]);
  assert.deepEqual(told.toSorted(), [
    [String.raw`bad\xff`, "not_utf8"],
    ["control\u0001", "control_character"],
    ["pipe", "special_file"],
  ]);
});

test("a pipe in a tree is listed and no failure; one given by name is", async () => {
  const folder = join(home, "with a pipe");
  mkdirSync(folder);
  spawnSync("sh", ["-c", "mkfifo pipe"], { cwd: folder });
  writeFileSync(join(folder, "good"), "good");
  const ran = await run(["put", folder, "/with a pipe", "--json"]);
  assert.equal(ran.code, 0);
  assert.deepEqual(JSON.parse(ran.stdout).problems[0].code, "special_file");
  assert.equal((await run(["put", join(folder, "pipe"), "/pipe"])).code, 1);
});

test("get follows no link in its way", async () => {
  const [target, elsewhere] = [join(home, "target"), join(home, "elsewhere")];
  mkdirSync(target);
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "precious"), "precious");
  symlinkSync(elsewhere, join(target, "folder"));
  symlinkSync(join(elsewhere, "precious"), join(target, "large.bin"));
  assert.equal((await run(["get", "/tree", target])).code, 5);
  assert.ok(lstatSync(join(target, "large.bin")).isSymbolicLink());
  assert.equal((await run(["get", "/tree", target, "--overwrite"])).code, 1);
  assert.deepEqual(readdirSync(elsewhere), ["precious"]);
  assert.equal(readFileSync(join(elsewhere, "precious"), "utf8"), "precious");
  assert.ok(lstatSync(join(target, "large.bin")).isFile());
});

test("a file and a link replace each other, the old one is in the trash, and put reports it", async () => {
  const swap = join(home, "swap");
  mkdirSync(swap);
  writeFileSync(join(swap, "a"), "a file");
  await json("put", swap, "/swap");
  rmSync(join(swap, "a"));
  symlinkSync("elsewhere", join(swap, "a"));
  const replaced = "holdfast: 1 file on the server is replaced by a symbolic link and moves to the trash: a\n";
  assert.equal((await run(["put", swap, "/swap", "--dry-run", "--quiet"])).stderr, replaced);
  const put = await run(["put", swap, "/swap", "--json", "--quiet"]);
  assert.deepEqual([put.stderr, JSON.parse(put.stdout).replaced], [replaced, 1]);
  assert.equal((await json("ls", "/swap")).items[0].target, "elsewhere");
  assert.ok((await json("trash", "ls")).items.some(({ path }: { path: string }) => path === "/swap/a"));
  writeFileSync(join(swap, "single"), "a file");
  const { stderr } = await run(["put", join(swap, "single"), "/swap/a", "--quiet"]);
  assert.equal(stderr, "holdfast: 1 symbolic link on the server is replaced by a file and moves to the trash: a\n");
  // Neither a new version nor a new target of a link counts as replaced.
  writeFileSync(join(swap, "single"), "changed");
  assert.equal((await json("put", join(swap, "single"), "/swap/a")).replaced, 0);
  for (const target of ["one", "two"]) {
    rmSync(join(swap, "a"));
    symlinkSync(target, join(swap, "a"));
    assert.equal((await json("put", join(swap, "a"), "/swap/link")).replaced, 0);
  }
});

test("a link that is meaningless elsewhere is rejected with the reason", async () => {
  symlinkSync("loop", join(home, "loop"));
  for (const [link, code, message] of [
    [join(home, "loop"), 1, /loop: its symbolic links form a loop/],
    ["/proc/self/exe", 2, /is a system link .* Upload its target: \/.*node/],
    ["/proc/self/cwd", 2, /is a system link/],
  ] as const) {
    const { code: exitCode, stderr } = await run(["put", link, "/of-the-system"]);
    assert.equal(exitCode, code, stderr);
    assert.match(stderr, message);
  }
});

longTest("a sparse file is fetched with its holes, in the middle and at the end", async () => {
  const mib = 2 ** 20;
  const end = Buffer.from("the end");
  for (const [name, sizeBytes, at] of [
    ["middle", 48 * mib, 48 * mib - end.length],
    ["tail", 48 * mib + 17 * 4 * mib, 10],
    ["empty", 40 * mib, undefined],
  ] as const) {
    const from = join(home, `sparse-${name}`);
    const file = openSync(from, "w");
    ftruncateSync(file, sizeBytes);
    if (at !== undefined) writeSync(file, end, 0, end.length, at);
    closeSync(file);
    assert.equal((await run(["put", from, `/sparse/${name}`])).code, 0);
    const to = join(home, `got-${name}`);
    for (const change of ["new", "old"]) {
      assert.equal((await run(["get", `/sparse/${name}`, to, "--overwrite"])).code, 0);
      const { size, blocks } = statSync(to);
      assert.equal(size, sizeBytes);
      assert.ok(blocks * 512 <= 9 * mib, `${name}, over a file that is ${change}: ${blocks * 512} bytes on the disk`);
      assert.ok(readFileSync(to).equals(readFileSync(from)));
      writeFileSync(to, Buffer.alloc(5 * mib, 7));
    }
  }
});

test("standard input and output transfer bytes unchanged", async () => {
  const bytes = noise(3_000_000);
  await runOnBytes(["put", "-", "/stream/in.bin"], bytes);
  assert.ok((await runOnBytes(["cat", "/stream/in.bin"])).equals(bytes));
  assert.ok((await runOnBytes(["get", "/stream/in.bin", "-"])).equals(bytes));
});

test("an empty, closed or unreadable standard input replaces and creates nothing, unless an empty file is requested", async () => {
  assert.equal((await run(["put", "-", "/dumps/old.sql"], "the dump")).code, 0);
  for (const path of ["/dumps/old.sql", "/dumps/new/new.sql"]) {
    const { code, stderr } = await run(["put", "-", path]);
    assert.equal(code, 1);
    assert.match(stderr, /Standard input was empty.*--allow-empty/);
  }
  const put = `"${launcher}" put - /dumps/old.sql`;
  const inShell = async (line: string) => {
    const env = { ...process.env, ...environment };
    const child = spawn("sh", ["-c", line], { env, cwd: home, stdio: ["ignore", "ignore", "pipe"] });
    const [said, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
    return { status, stderr: said };
  };
  for (const [line, code, said] of [
    [`false | ${put}`, 1, /Standard input was empty/],
    [`${put} <&-`, 1, /Standard input was empty/],
    [`${put} < .`, 2, /Standard input is a directory/],
    [`echo new | "${launcher}" put /dev/stdin /dumps/old.sql`, 2, /is a pipe or device.*--from-command/],
    [`ln -s /dev/fd/3 fd; echo new | "${launcher}" put fd /dumps/old.sql 3<&0`, 2, /is a pipe or device/],
  ] as const) {
    const { status, stderr } = await inShell(line);
    assert.equal(status, code, stderr);
    assert.match(stderr, said);
  }
  assert.equal((await run(["cat", "/dumps/old.sql"])).stdout, "the dump");
  assert.deepEqual(
    (await json("ls", "/dumps")).items.map(({ name }: { name: string }) => name),
    ["old.sql"],
  );
  assert.equal((await run(["put", "-", "/dumps/new.sql", "--allow-empty"])).code, 0);
  assert.equal((await json("ls", "/dumps/new.sql")).items[0].size, 0);
  assert.equal((await run(["put", tree, "/tree", "--allow-empty"])).code, 2);
});

test("a conflict, a missing path and a taken name have their exit codes", async () => {
  writeFileSync(join(home, "plain"), "plain");
  assert.equal((await run(["put", tree, "/stream/in.bin"])).code, 5);
  assert.equal((await run(["get", "/no/such", home])).code, 4);
  assert.equal((await run(["mkdir", "/tree"])).code, 5);
  assert.equal((await run(["mkdir", "-p", "/tree"])).code, 0);
  assert.equal((await run(["mv", "/stream/in.bin", "/tree/empty.bin"])).code, 5);
  assert.equal((await run(["restore", "/changed/edited", "--version", "1"])).code, 0);
  assert.equal((await run(["cat", "/changed/edited"])).stdout, "12345");
});
