import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

const launcher = resolve(import.meta.dirname, "../../bin/holdfast");
const home = mkdtempSync(join(tmpdir(), "holdfast-commands-"));
// Root's server gives its database to another user, who has to enter.
chmodSync(home, 0o755);
const environment = {
  PATH: process.env["PATH"] ?? "",
  HOLDFAST_CONFIG_DIR: join(home, "config"),
  HOLDFAST_ADMIN_EMAIL: "me@example.org",
  HOLDFAST_ADMIN_PASSWORD: "correct horse",
};
const log = join(home, "server.log");
const server = spawn(launcher, ["serve", "--data", join(home, "data"), "--listen", "127.0.0.1:0"], {
  env: environment,
  stdio: ["ignore", "pipe", openSync(log, "w")],
});
let url = "";

before(async () => {
  assert.ok(server.stdout);
  for await (const line of createInterface({ input: server.stdout })) {
    url = /^holdfast ready at (\S+)$/.exec(line)?.[1] ?? "";
    if (url !== "") break;
  }
  assert.notEqual(url, "", `the server did not start: ${readFileSync(log, "utf8")}`);
  assert.equal(signIn("laptop").status, 0);
});

after(async () => {
  if (server.exitCode === null && server.kill("SIGTERM")) await once(server, "exit");
  rmSync(home, { recursive: true });
});

function run(args: string[], input = "") {
  const { status, stdout, stderr } = spawnSync(launcher, args, { env: environment, input, encoding: "utf8" });
  return { status, stdout, stderr };
}

function signIn(device: string) {
  return run(
    ["login", url, "--email", "me@example.org", "--password-stdin", "--device-name", device],
    "correct horse\n",
  );
}

function json(...args: string[]) {
  const { stdout, stderr } = run([...args, "--json"]);
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}

function pathsBelow(folder: string): string[] {
  return json("ls", "-R", folder).items.map(({ path }: { path: string }) => path);
}

test("what names several things changes nothing when one of them is missing or taken", () => {
  assert.equal(run(["mkdir", "-p", "/all/a", "/all/b", "/all/into"]).status, 0);
  const paths = pathsBelow("/all");
  for (const [args, status] of [
    [["rm", "/all/a", "/all/b", "/all/missing"], 4],
    [["rm", "--permanent", "/all/a", "/all/missing"], 4],
    [["mkdir", "/all/c", "/all/a"], 5],
    [["mkdir", "/all/c", "/all/no/parent"], 4],
    [["mv", "/all/a", "/all/missing", "/all/into"], 4],
    [["cp", "/all/a", "/all/missing", "/all/into"], 4],
  ] as [string[], number][]) {
    const ran = run([...args, "--json"]);
    assert.equal(ran.status, status, `${args.join(" ")}: ${ran.stderr}`);
    assert.equal(ran.stdout.trim().split("\n").length, 1);
    assert.match(JSON.parse(ran.stdout).error.message, /\/all\/(missing|a|no)/);
    assert.deepEqual(pathsBelow("/all"), paths, args.join(" "));
  }
  assert.equal(run(["rm", "/all/a"]).status, 0);
  assert.equal(run(["trash", "restore", "/all/a", "/all/missing"]).status, 4);
  assert.ok(!pathsBelow("/all").includes("/all/a"));
  assert.equal(run(["rm", "/all/into", "/all"]).status, 0, "a folder goes with what is below it");
});

test("a folder where a file is wanted, and a file where a folder is, are a conflict", () => {
  run(["mkdir", "-p", "/kinds/folder"]);
  run(["put", "-", "/kinds/file"], "content");
  for (const args of [
    ["versions", "/kinds/folder"],
    ["cat", "/kinds/folder"],
    ["restore", "/kinds/folder", "--version", "1"],
    ["mkdir", "-p", "/kinds/file/below"],
  ]) {
    const ran = run(args);
    assert.deepEqual([ran.status, / is a (file|folder), not a (file|folder)/.test(ran.stderr)], [5, true], ran.stderr);
  }
  const ran = run(["restore", "/kinds/file", "--version", "abc"]);
  assert.equal(ran.status, 2);
  assert.match(ran.stderr, /\/kinds\/file: abc is neither the number nor the id of a version/);
});

test("rewind tells what it would do, does it, and takes it back; a file has its name and content again", () => {
  run(["mkdir", "-p", "/rewound/kept"]);
  run(["put", "-", "/rewound/file"], "precious");
  const to = json("ls", "/rewound").items.find(({ name }: { name: string }) => name === "file").updated_at;
  run(["put", "-", "/rewound/file"], "scrambled");
  run(["mv", "/rewound/file", "/rewound/file.locked"]);
  run(["rm", "/rewound/kept"]);
  run(["put", "-", "/rewound/ransom note"], "pay");
  const dry = json("rewind", "/rewound", "--to", to, "--dry-run");
  assert.deepEqual(
    [dry.restored, dry.reverted, dry.trashed, dry.moved, dry.bytes, dry.left, dry.rewind_id],
    [1, 1, 1, 1, 8, 0, undefined],
  );
  assert.ok(pathsBelow("/rewound").includes("/rewound/file.locked"));
  const { rewind_id: id, ...done } = json("rewind", "/rewound", "--to", to);
  assert.deepEqual(done, dry);
  assert.deepEqual(pathsBelow("/rewound"), ["/rewound/file", "/rewound/kept"]);
  assert.equal(run(["cat", "/rewound/file"]).stdout, "precious");
  const undone = run(["rewind", "undo", id]);
  assert.match(undone.stdout, /^1 restored from the trash$/m);
  assert.equal(run(["rewind", "undo", id]).stdout, undone.stdout);
  assert.deepEqual(pathsBelow("/rewound"), ["/rewound/file.locked", "/rewound/ransom note"]);
  assert.equal(run(["cat", "/rewound/file.locked"]).stdout, "scrambled");
  const [, earliest = ""] =
    /earliest moment is (\S+)\. As far back as it goes: --to \1$/m.exec(run(["rewind", "/", "--to", "5000w"]).stderr) ??
    [];
  assert.equal(run(["rewind", "/", "--to", earliest, "--dry-run"]).status, 0);
  run(["mkdir", "/made-late"]);
  const young = run(["rewind", "/made-late", "--to", to]);
  const [, since = ""] = /was not there.* \/made-late is there since (\S+)\. .*: --to \1$/m.exec(young.stderr) ?? [];
  assert.equal(run(["rewind", "/made-late", "--to", since, "--dry-run"]).status, 0, young.stderr);
  assert.equal(run(["rewind", "/rewound", "--to", "sometime"]).status, 2);
});

test("--json after every command that lists answers a document, below groups too", () => {
  const { id } = json("devices").items[0];
  const other = signIn("other");
  assert.equal(other.status, 0, other.stderr);
  for (const args of [
    ["devices"],
    ["devices", "ls"],
    ["token", "ls"],
    ["trash", "ls"],
    ["admin", "users", "ls"],
    ["ls"],
    ["versions", "/kinds/file"],
  ])
    assert.ok(Array.isArray(json(...args).items), args.join(" "));
  assert.equal(json("devices", "rm", "0198").error.code, "not_found");
  assert.deepEqual([typeof id, json("whoami").email], ["string", "me@example.org"]);
  assert.deepEqual(Object.keys(json("admin", "rebuild-index")).toSorted(), [
    "blocks",
    "holders",
    "packs",
    "unreadable_packs",
  ]);
  assert.match(
    run(["admin", "rebuild-index"]).stdout,
    /^\d+ packs? read, 0 blocks were missing in the index and added, \d+ holders?\n$/,
  );
});

test("ls -R lists by path: a folder, what is in it, then what stands beside it", () => {
  run(["mkdir", "-p", "/sorted/b/z", "/sorted/b/a", "/sorted/b-c", "/sorted/a"]);
  const paths = ["/sorted/a", "/sorted/b", "/sorted/b/a", "/sorted/b/z", "/sorted/b-c"];
  assert.deepEqual(pathsBelow("/sorted"), paths);
  const lines = run(["ls", "-lR", "//sorted//"]).stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ").at(-1)),
    ["a/", "b/", "b/a/", "b/z/", "b-c/"],
  );
});

test("a login in the place of another leaves one device, and one that fails leaves the former", () => {
  const others = json("devices").items.filter(({ current }: { current: boolean }) => !current).length;
  assert.equal(signIn("again").status, 0);
  assert.equal(signIn("again").status, 0);
  const { items } = json("devices");
  assert.deepEqual([items.length, items.at(-1) !== undefined], [others + 1, true]);
  const wrong = ["login", url, "--email", "me@example.org", "--password-stdin"];
  assert.equal(run(wrong, "wrong password\n").status, 3);
  assert.equal(json("whoami").email, "me@example.org");
});

test("where the server has no TLS the message says which address to try", () => {
  const { status, stderr } = run(
    ["login", url.replace("http:", "https:"), "--email", "a@b.c", "--password-stdin"],
    "x\n",
  );
  assert.equal(status, 7);
  assert.ok(stderr.includes(`its address is ${url}.`), stderr);
});

test("a password that is too short and a name that is empty are refused in a sentence", () => {
  const short = run(["admin", "users", "add", "a@example.org", "--password-stdin"], "short\n");
  assert.deepEqual(
    [short.status, short.stderr],
    [2, "holdfast: The password is too short: it needs at least 8 characters.\n"],
  );
  assert.deepEqual(
    [run(["token", "create", ""]).status, run(["admin", "users", "add", "a@b.c", "--name", ""]).status],
    [2, 2],
  );
});

test("Ctrl-C in a transfer says that it can go on, and exits with 130", async () => {
  // Standard input that never ends keeps it under way.
  const put = spawn(launcher, ["put", "-", "/endless"], { env: environment, stdio: ["pipe", "ignore", "pipe"] });
  assert.ok(put.stdin && put.stderr);
  let said = "";
  put.stderr.on("data", (text: Buffer) => {
    said += text.toString();
    // The first line of progress.
    if (said.startsWith("put:") && !put.killed) put.kill("SIGINT");
  });
  put.stdin.write("begun");
  const [code] = (await once(put, "close")) as [number];
  assert.equal(code, 130);
  assert.match(said, /\nholdfast: interrupted; run the same command again, it goes on\n$/);
});

test("a sync whose login or folder the server refuses leaves nothing behind and says what to do", () => {
  const root = join(home, "Refused");
  const refused = (args: string[], change: Record<string, string>) => {
    const env = { ...environment, ...change };
    const { status, stderr } = spawnSync(launcher, ["sync", root, ...args], { env, encoding: "utf8" });
    assert.equal(existsSync(root), false, stderr);
    return { status, stderr };
  };
  const stranger = { HOLDFAST_SERVER: url, HOLDFAST_TOKEN: "nobody", HOLDFAST_CONFIG_DIR: join(home, "unused") };
  const unknown = refused([], stranger);
  assert.equal(unknown.status, 3);
  assert.match(unknown.stderr, /holdfast login|HOLDFAST_TOKEN/);
  assert.equal(existsSync(stranger.HOLDFAST_CONFIG_DIR), false);
  assert.equal(run(["put", "-", "/a file"], "x").status, 0);
  const file = refused(["--remote", "/a file"], {});
  assert.equal(file.status, 5);
  assert.match(file.stderr, /is a file on the server/);
});
