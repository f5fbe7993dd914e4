import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { seededRandom } from "@holdfast/disk/seeded-random";

const launcher = resolve(import.meta.dirname, "../../bin/holdfast");
const home = mkdtempSync(join(tmpdir(), "holdfast-transfer-"));
const environment = {
  PATH: process.env["PATH"] ?? "",
  HOLDFAST_CONFIG_DIR: join(home, "config"),
  HOLDFAST_ADMIN_EMAIL: "me@example.org",
  HOLDFAST_ADMIN_PASSWORD: "correct horse",
};
const log = join(home, "server.log");
let server: ChildProcess;

before(async () => {
  // Root's server gives its database to another user, who has to enter.
  chmodSync(home, 0o755);
  const args = ["serve", "--data", join(home, "data"), "--listen", "127.0.0.1:0"];
  server = spawn(launcher, args, { env: environment, stdio: ["ignore", "pipe", openSync(log, "w")] });
  const url = await Promise.race([readyUrl(server), once(server, "exit").then(() => "")]);
  assert.notEqual(url, "", `the server did not start: ${readFileSync(log, "utf8")}`);
  const signIn = ["login", url, "--email", "me@example.org", "--password-stdin"];
  assert.equal(run(signIn, "correct horse\n").status, 0);
});

async function readyUrl({ stdout }: ChildProcess): Promise<string> {
  let seen = "";
  for await (const text of stdout ?? []) {
    seen += String(text);
    const url = /holdfast ready at (\S+)\n/.exec(seen)?.[1];
    if (url !== undefined) return url;
  }
  return "";
}

after(async () => {
  if (server.exitCode === null && server.kill("SIGTERM")) await once(server, "exit");
  rmSync(home, { recursive: true });
});

function run(args: string[], input: string | Buffer = "") {
  return spawnSync(launcher, args, { env: environment, input, maxBuffer: 2 ** 28 });
}

function json(...args: string[]) {
  const { stdout, stderr } = run([...args, "--json"]);
  assert.notEqual(stdout.length, 0, stderr.toString());
  return JSON.parse(stdout.toString());
}

const random = seededRandom(20_260_104);
const noise = (sizeBytes: number) => Uint8Array.from({ length: sizeBytes }, () => random() * 256);

/** A tree with everything that has to survive the way there and back. */
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

/** Path to what is compared: kind, content or target, executable bit, time to the microsecond. */
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

test("a tree goes there and comes back as it was, and a second time nothing moves", () => {
  const sent = json("put", tree, "/tree");
  assert.deepEqual([sent.files_sent, sent.links_made, sent.problems], [705, 2, []]);
  const again = json("put", tree, "/tree");
  assert.deepEqual([again.files_sent, again.files_equal, again.links_made, again.bytes_sent], [0, 705, 0, 0]);
  const got = json("get", "/tree", join(home, "back"));
  assert.deepEqual([got.files_received, got.problems], [705, []]);
  assert.deepEqual(snapshot(join(home, "back")), snapshot(tree));
  const kept = json("get", "/tree", join(home, "back"));
  assert.deepEqual([kept.files_received, kept.files_equal, kept.bytes_received], [0, 705, 0]);
});

test("only what changed is sent, as a new version of what was there", () => {
  const changed = join(home, "changed");
  mkdirSync(changed);
  for (const name of ["same", "touched", "edited"]) writeFileSync(join(changed, name), "12345");
  json("put", changed, "/changed");
  writeFileSync(join(changed, "edited"), "54321");
  utimesSync(join(changed, "touched"), 1000, 1000);
  const sent = json("put", changed, "/changed");
  assert.deepEqual([sent.files_sent, sent.attributes_set, sent.files_equal], [1, 1, 1]);
  assert.equal(json("versions", "/changed/edited").items.length, 2);
  writeFileSync(join(changed, "same"), "local edit is overwritten by get");
  assert.equal(json("get", "/changed", changed).files_received, 0);
  assert.equal(json("get", "/changed", changed, "--overwrite").files_received, 1);
  assert.equal(readFileSync(join(changed, "same"), "utf8"), "12345");
});

test("of a large file that changed in one place only that place travels, both ways", () => {
  const path = join(home, "grown.bin");
  const bytes = noise(9_000_000);
  writeFileSync(path, bytes);
  json("put", path, "/grown.bin");
  json("get", "/grown.bin", join(home, "grown-back.bin"));
  bytes[4_500_000] = (bytes[4_500_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  assert.ok(json("put", path, "/grown.bin").bytes_sent <= 2 * 4 * 2 ** 20);
  assert.ok(json("get", "/grown.bin", join(home, "grown-back.bin")).bytes_received <= 2 * 4 * 2 ** 20);
  assert.ok(readFileSync(join(home, "grown-back.bin")).equals(bytes));
});

test("what an interrupted get left is used, and removed at the end", () => {
  const path = join(home, "resumed.bin");
  const bytes = noise(9_000_000);
  writeFileSync(path, bytes);
  json("put", path, "/resumed/resumed.bin");
  const { items } = json("ls", "/resumed");
  const folder = join(home, "resumed");
  mkdirSync(folder);
  const half = Buffer.alloc(9_000_000);
  half.set(bytes.subarray(0, 6_000_000));
  half[10] = (half[10] ?? 0) ^ 1;
  writeFileSync(join(folder, `.holdfast-part-${items[0].version_id}.00000000`), half);
  const got = json("get", "/resumed", folder);
  assert.ok(got.bytes_received < 9_000_000 && got.bytes_received >= 3_000_000, `${got.bytes_received} bytes`);
  assert.ok(readFileSync(join(folder, "resumed.bin")).equals(bytes));
  assert.deepEqual(readdirSync(folder), ["resumed.bin"]);
});

test("what cannot be put is listed, the rest is done, and the exit code is 1", () => {
  const odd = join(home, "odd");
  mkdirSync(odd);
  spawnSync("sh", ["-c", "mkfifo pipe"], { cwd: odd });
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/bad`), Buffer.from([0xff])]), "not UTF-8");
  writeFileSync(join(odd, "control\u0001"), "");
  writeFileSync(join(odd, "good"), "good");
  const ran = run(["put", odd, "/odd", "--json"]);
  assert.equal(ran.status, 1);
  const { files_sent, problems } = JSON.parse(ran.stdout.toString());
  assert.equal(files_sent, 1);
  const told = problems.map(({ path, code }: { path: string; code: string }) => [path.slice(odd.length + 1), code]);
  assert.deepEqual(told.toSorted(), [
    [String.raw`bad\xff`, "not_utf8"],
    ["control\u0001", "control_character"],
    ["pipe", "special_file"],
  ]);
});

test("a pipe in a tree is listed and fails nothing; one that is named does", () => {
  const folder = join(home, "with a pipe");
  mkdirSync(folder);
  spawnSync("sh", ["-c", "mkfifo pipe"], { cwd: folder });
  writeFileSync(join(folder, "good"), "good");
  const ran = run(["put", folder, "/with a pipe", "--json"]);
  assert.equal(ran.status, 0);
  assert.deepEqual(JSON.parse(ran.stdout.toString()).problems[0].code, "special_file");
  assert.equal(run(["put", join(folder, "pipe"), "/pipe"]).status, 1);
});

test("get goes through no link that stands in its way", () => {
  const [target, elsewhere] = [join(home, "target"), join(home, "elsewhere")];
  mkdirSync(target);
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "precious"), "precious");
  symlinkSync(elsewhere, join(target, "folder"));
  symlinkSync(join(elsewhere, "precious"), join(target, "large.bin"));
  assert.equal(run(["get", "/tree", target]).status, 5);
  assert.ok(lstatSync(join(target, "large.bin")).isSymbolicLink());
  assert.equal(run(["get", "/tree", target, "--overwrite"]).status, 1);
  assert.deepEqual(readdirSync(elsewhere), ["precious"]);
  assert.equal(readFileSync(join(elsewhere, "precious"), "utf8"), "precious");
  assert.ok(lstatSync(join(target, "large.bin")).isFile());
});

test("a file and a link change places, and the old one is in the trash", () => {
  const swap = join(home, "swap");
  mkdirSync(swap);
  writeFileSync(join(swap, "a"), "a file");
  json("put", swap, "/swap");
  rmSync(join(swap, "a"));
  symlinkSync("elsewhere", join(swap, "a"));
  json("put", swap, "/swap");
  assert.equal(json("ls", "/swap").items[0].target, "elsewhere");
  assert.ok(json("trash", "ls").items.some(({ path }: { path: string }) => path === "/swap/a"));
});

test("standard input and output carry bytes as they are", () => {
  const bytes = Buffer.from(noise(3_000_000));
  assert.equal(run(["put", "-", "/stream/in.bin"], bytes).status, 0);
  assert.ok(run(["cat", "/stream/in.bin"]).stdout.equals(bytes));
  assert.ok(run(["get", "/stream/in.bin", "-"]).stdout.equals(bytes));
});

test("a conflict, a missing path and a taken name have their exit codes", () => {
  writeFileSync(join(home, "plain"), "plain");
  assert.equal(run(["put", tree, "/stream/in.bin"]).status, 5);
  assert.equal(run(["get", "/no/such", home]).status, 4);
  assert.equal(run(["mkdir", "/tree"]).status, 5);
  assert.equal(run(["mkdir", "-p", "/tree"]).status, 0);
  assert.equal(run(["mv", "/stream/in.bin", "/tree/empty.bin"]).status, 5);
  assert.equal(run(["restore", "/changed/edited", "--version", "1"]).status, 0);
  assert.equal(run(["cat", "/changed/edited"]).stdout.toString(), "12345");
});
