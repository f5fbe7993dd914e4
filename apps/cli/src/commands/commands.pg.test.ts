import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { administrator, holdfast, launcher } from "@holdfast/server/acceptance/testing";
import { runCommand } from "./testing-run.ts";
import { useSignedIn } from "./testing-signed-in.ts";
import { longTest } from "@holdfast/tools/tiers";

const command = useSignedIn("commands");
const { folder: home, json, run } = command;
const environment = { PATH: process.env["PATH"], HOLDFAST_CONFIG_DIR: join(home, "config") };

function signIn(device: string) {
  const { email, password } = administrator;
  const args = ["login", command.server.url, "--email", email, "--password-stdin", "--device-name", device];
  return run(args, `${password}\n`);
}

async function pathsBelow(folder: string): Promise<string[]> {
  return (await json("ls", "-R", folder)).items.map(({ path }: { path: string }) => path);
}

test("a command with several items changes nothing if one is missing or its name is taken", async () => {
  assert.equal((await run(["mkdir", "-p", "/all/a", "/all/b", "/all/into"])).code, 0);
  const paths = await pathsBelow("/all");
  for (const [args, status] of [
    [["rm", "/all/a", "/all/b", "/all/missing"], 4],
    [["rm", "--permanent", "/all/a", "/all/missing"], 4],
    [["mkdir", "/all/c", "/all/a"], 5],
    [["mkdir", "/all/c", "/all/no/parent"], 4],
    [["mv", "/all/a", "/all/missing", "/all/into"], 4],
    [["cp", "/all/a", "/all/missing", "/all/into"], 4],
  ] as [string[], number][]) {
    const ran = await run([...args, "--json"]);
    assert.equal(ran.code, status, `${args.join(" ")}: ${ran.stderr}`);
    assert.equal(ran.stdout.trim().split("\n").length, 1);
    assert.match(JSON.parse(ran.stdout).error.message, /\/all\/(missing|a|no)/);
    assert.deepEqual(await pathsBelow("/all"), paths, args.join(" "));
  }
  assert.equal((await run(["rm", "/all/a"])).code, 0);
  assert.equal((await run(["trash", "restore", "/all/a", "/all/missing"])).code, 4);
  assert.ok(!(await pathsBelow("/all")).includes("/all/a"));
  assert.equal((await run(["rm", "/all/into", "/all"])).code, 0, "a folder goes with what is below it");
});

test("trash restore accepts an ID or an exact path, and restores nothing for an ambiguous name", async () => {
  for (const path of ["/back/notes.txt", "/back/papers/notes.txt", "/back/papers/only.txt"]) {
    assert.equal((await run(["put", "-", path], path)).code, 0);
    assert.equal((await run(["rm", path])).code, 0);
  }
  const before = await pathsBelow("/back");
  const refused = async (args: readonly string[], code: number, words: RegExp) => {
    const ran = await run(["trash", "restore", ...args]);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stderr, words);
    assert.deepEqual(await pathsBelow("/back"), before, args.join(" "));
  };
  await refused(
    ["notes.txt"],
    5,
    /: [0-9a-f-]{36} \(\/back\/papers\/notes\.txt, deleted .*; [0-9a-f-]{36} \(\/back\/notes\.txt, /,
  );
  await refused(["/back/papers/only.txt", "notes.txt"], 5, /2 items in the trash match notes\.txt/);
  await refused(["/notes.txt"], 4, /There is no \/notes\.txt/);
  await refused(["/only.txt"], 4, /There is no \/only\.txt/);
  assert.equal((await run(["trash", "restore", "/back/notes.txt"])).code, 0);
  assert.equal((await run(["trash", "restore", "notes.txt", "only.txt"])).code, 0, "one item is left of each name");
  assert.deepEqual(await pathsBelow("/back"), [
    "/back/notes.txt",
    ...before,
    "/back/papers/notes.txt",
    "/back/papers/only.txt",
  ]);
  for (const content of ["first", "second"]) {
    assert.equal((await run(["put", "-", "/back/twice.txt"], content)).code, 0);
    assert.equal((await run(["rm", "/back/twice.txt"])).code, 0);
  }
  const twice = await run(["trash", "restore", "/back/twice.txt"]);
  assert.match(twice.stderr, /2 items in the trash match \/back\/twice\.txt/);
  const [newest, older] = [...twice.stderr.matchAll(/([0-9a-f-]{36}) \(/g)].map(([, id]) => id ?? "");
  assert.equal((await run(["trash", "restore", older ?? "", older ?? ""])).code, 0, "an item that is named twice");
  assert.equal((await run(["cat", "/back/twice.txt"])).stdout, "first");
  assert.equal((await run(["trash", "restore", newest ?? ""])).code, 0);
});

test("a folder in place of a file, and a file in place of a folder, are conflicts", async () => {
  await run(["mkdir", "-p", "/kinds/folder"]);
  await run(["put", "-", "/kinds/file"], "content");
  for (const args of [
    ["versions", "/kinds/folder"],
    ["cat", "/kinds/folder"],
    ["restore", "/kinds/folder", "--version", "1"],
    ["mkdir", "-p", "/kinds/file/below"],
  ]) {
    const ran = await run(args);
    assert.deepEqual([ran.code, / is a (file|folder), not a (file|folder)/.test(ran.stderr)], [5, true], ran.stderr);
  }
  const ran = await run(["restore", "/kinds/file", "--version", "abc"]);
  assert.equal(ran.code, 2);
  assert.match(ran.stderr, /\/kinds\/file: abc is neither the number nor the ID of a version/);
});

test("rewind previews, runs and can be undone; a file gets its name and content back", async () => {
  await run(["mkdir", "-p", "/rewound/kept"]);
  await run(["put", "-", "/rewound/file"], "precious");
  assert.match((await run(["tree", "/rewound/file"])).stdout, /\n0 folders, 1 file, 8 B\n$/);
  const to = (await json("ls", "/rewound")).items.find(({ name }: { name: string }) => name === "file").updated_at;
  await run(["put", "-", "/rewound/file"], "scrambled");
  await run(["mv", "/rewound/file", "/rewound/file.locked"]);
  await run(["rm", "/rewound/kept"]);
  await run(["put", "-", "/rewound/ransom note"], "pay");
  const dry = await json("rewind", "/rewound", "--to", to, "--dry-run");
  assert.deepEqual(
    [dry.restored, dry.reverted, dry.trashed, dry.moved, dry.bytes, dry.left, dry.rewind_id],
    [1, 1, 1, 1, 8, 0, undefined],
  );
  assert.ok((await pathsBelow("/rewound")).includes("/rewound/file.locked"));
  const { rewind_id: id, ...done } = await json("rewind", "/rewound", "--to", to);
  assert.deepEqual(done, dry);
  assert.deepEqual(await pathsBelow("/rewound"), ["/rewound/file", "/rewound/kept"]);
  assert.equal((await run(["cat", "/rewound/file"])).stdout, "precious");
  assert.match((await run(["activity"])).stdout, new RegExp(` rewound .* ${id}\n`));
  assert.match((await run(["rewind", "undo", "x"])).stderr, /no such rewind.* 'holdfast activity' lists the IDs\.\n/);
  const undone = await run(["rewind", "undo", id]);
  assert.match(undone.stdout, /^1 item restored from the trash$/m);
  const again = await run(["rewind", "undo", id]);
  const [, hint = "none"] = /^(To undo it: .*)$/m.exec(undone.stdout) ?? [];
  assert.equal(again.stdout, `This rewind was already undone. Nothing was changed.\n${hint}\n`);
  assert.deepEqual(await pathsBelow("/rewound"), ["/rewound/file.locked", "/rewound/ransom note"]);
  assert.equal((await run(["cat", "/rewound/file.locked"])).stdout, "scrambled");
  const [, earliest = ""] =
    /This account can be rewound to \S+ \S+Z at the earliest\. The earliest time: --to (\S+)$/m.exec(
      (await run(["rewind", "/", "--to", "5000w"])).stderr,
    ) ?? [];
  assert.equal((await run(["rewind", "/", "--to", earliest, "--dry-run"])).code, 0);
  await run(["mkdir", "/made-late"]);
  const young = await run(["rewind", "/made-late", "--to", to]);
  const [, since = ""] =
    /^holdfast: \/made-late did not exist at that time: it was created at \S+ \S+Z\. The earliest time: --to (\S+)$/m.exec(
      young.stderr,
    ) ?? [];
  assert.equal((await run(["rewind", "/made-late", "--to", since, "--dry-run"])).code, 0, young.stderr);
  assert.equal((await run(["rewind", "/rewound", "--to", "sometime"])).code, 2);
});

test("--json prints a document after every command that lists, also in groups", async () => {
  const { id } = (await json("devices")).items[0];
  const other = await signIn("other");
  assert.equal(other.code, 0, other.stderr);
  for (const args of [
    ["devices"],
    ["devices", "ls"],
    ["token", "ls"],
    ["trash", "ls"],
    ["admin", "users", "ls"],
    ["ls"],
    ["versions", "/kinds/file"],
  ])
    assert.ok(Array.isArray((await json(...args)).items), args.join(" "));
  assert.equal((await json("devices", "rm", "0198")).error.code, "not_found");
  assert.deepEqual([typeof id, (await json("whoami")).email], ["string", administrator.email]);
  assert.deepEqual(Object.keys(await json("admin", "rebuild-index")).toSorted(), [
    "blocks",
    "holders",
    "packs",
    "unreadable_packs",
  ]);
  assert.match(
    (await run(["admin", "rebuild-index"])).stdout,
    /^\d+ packs? read, 0 blocks were missing from the index and added, \d+ holders?\n$/,
  );
});

test("ls -R lists by path: a folder, its content, then its siblings", async () => {
  await run(["mkdir", "-p", "/sorted/b/z", "/sorted/b/a", "/sorted/b-c", "/sorted/a"]);
  const paths = ["/sorted/a", "/sorted/b", "/sorted/b/a", "/sorted/b/z", "/sorted/b-c"];
  assert.deepEqual(await pathsBelow("/sorted"), paths);
  const lines = (await run(["ls", "-lR", "//sorted//"])).stdout.trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ").at(-1)),
    ["a/", "b/", "b/a/", "b/z/", "b-c/"],
  );
});

test("a login that replaces another leaves one device, and a failed one keeps the former", async () => {
  const others = (await json("devices")).items.filter(({ current }: { current: boolean }) => !current).length;
  assert.equal((await signIn("again")).code, 0);
  assert.equal((await signIn("again")).code, 0);
  const { items } = await json("devices");
  assert.deepEqual([items.length, items.at(-1) !== undefined], [others + 1, true]);
  assert.deepEqual((await json("devices")).signed_out, []);
  const login = ["login", command.server.url, "--email", administrator.email, "--password-stdin"];
  assert.equal((await run(login, "wrong password\n")).code, 3);
  const input = `${administrator.password}\n`;
  const beside = await runCommand({ ...environment, HOLDFAST_TOKEN: "hfp_token" }, login, { input });
  assert.match(beside.stderr, /^HOLDFAST_TOKEN is set: commands use that token/m);
  assert.equal((await json("whoami")).email, administrator.email);
});

test("moving or copying an item onto itself changes nothing, and activity names a move's source", async () => {
  assert.equal((await run(["mkdir", "/self", "/elsewhere"])).code, 0);
  assert.equal((await run(["put", "-", "/self/file"], "content")).code, 0);
  const onto = async (...args: string[]) => {
    const { code, stderr } = await run(args);
    return [code, stderr];
  };
  assert.deepEqual(await onto("mv", "/self", "/self/"), [
    5,
    "holdfast: /self is the source itself, so nothing was moved.\n",
  ]);
  assert.deepEqual(await onto("mv", "/self/file", "/self/file"), [
    0,
    "/self/file is the source itself, so nothing was moved.\n",
  ]);
  assert.deepEqual(await onto("cp", "/self/file", "/self/file"), [
    5,
    "holdfast: /self/file and /self/file are the same, so nothing was copied.\n",
  ]);
  assert.match(String(await onto("cp", "/self/file", "/self/")), /^5,holdfast: .* are the same/);
  for (const target of ["/self", "/self/new"])
    assert.match(
      String(await onto("cp", "/self", target)),
      /^5,holdfast: \/self cannot be copied into itself \(\/self\/(self|new)\)\. Choose a target outside of it\./,
    );
  assert.match(String(await onto("cp", "/", "/self")), /^5,holdfast: \/ cannot be copied into itself/);
  assert.equal((await run(["mv", "/self/file", "/elsewhere/"])).code, 0);
  assert.match((await run(["activity", "/elsewhere/file"])).stdout, /  moved from \/self  file  \/elsewhere/);
});

test("whoami lists the scopes of a token", async () => {
  const { token } = await json("token", "create", "reader", "--scopes", "files:read,account");
  const beside = { ...environment, HOLDFAST_SERVER: command.server.url, HOLDFAST_TOKEN: token };
  const { stdout } = await runCommand(beside, ["whoami"]);
  const [account, scopes] = stdout.trimEnd().split("\n");
  assert.equal(account, (await run(["whoami"])).stdout.trimEnd());
  assert.equal(scopes, "scopes of this token: files:read, account");
  const shown = JSON.parse((await runCommand(beside, ["whoami", "--json"])).stdout);
  assert.deepEqual([shown.device_id, shown.scopes], [null, ["files:read", "account"]]);
});

test("if the server has no TLS, the message gives the address to try", async () => {
  const { code, stderr } = await run(
    ["login", command.server.url.replace("http:", "https:"), "--email", "a@b.c", "--password-stdin"],
    "x\n",
  );
  assert.equal(code, 7);
  assert.ok(stderr.includes(` does not use TLS: use ${command.server.url}.`), stderr);
});

test("a short password, an empty name and an unknown setting are rejected with a sentence", async () => {
  assert.match(
    (await run(["settings", "nope"])).stderr,
    /There is no setting nope\. The settings are name, auto-mount,/,
  );
  const short = await run(["admin", "users", "add", "a@example.org", "--password-stdin"], "short\n");
  assert.deepEqual(
    [short.code, short.stderr],
    [2, "holdfast: The password is too short: it needs at least 8 characters.\n"],
  );
  assert.deepEqual(
    [(await run(["token", "create", ""])).code, (await run(["admin", "users", "add", "a@b.c", "--name", ""])).code],
    [2, 2],
  );
});

longTest("Ctrl-C during a transfer reports that it can continue, and exits with 130", async () => {
  // Endless standard input keeps the transfer running.
  const put = spawn(launcher, ["put", "-", "/endless"], { env: environment, stdio: ["pipe", "ignore", "pipe"] });
  assert.ok(put.stdin && put.stderr);
  let said = "";
  put.stderr.on("data", (text: Buffer) => {
    said += text.toString();
    if (said.startsWith("put:") && !put.killed) put.kill("SIGINT");
  });
  put.stdin.write("begun");
  const [code] = (await once(put, "close")) as [number];
  assert.equal(code, 130);
  assert.match(said, /\nholdfast: interrupted; run the same command again to resume\n$/);
});

longTest("a sync rejected because of its login or folder leaves nothing behind, and gives advice", async () => {
  const root = join(home, "Refused");
  const refused = async (args: string[], change: Record<string, string>) => {
    const { code, stderr } = await holdfast(["sync", root, ...args], { env: { ...environment, ...change } });
    assert.equal(existsSync(root), false, stderr);
    return { code, stderr };
  };
  const stranger = {
    HOLDFAST_SERVER: command.server.url,
    HOLDFAST_TOKEN: "nobody",
    HOLDFAST_CONFIG_DIR: join(home, "unused"),
  };
  const unknown = await refused([], stranger);
  assert.equal(unknown.code, 3);
  assert.match(unknown.stderr, /holdfast login|HOLDFAST_TOKEN/);
  assert.equal(existsSync(stranger.HOLDFAST_CONFIG_DIR), false);
  assert.equal((await run(["put", "-", "/a file"], "x")).code, 0);
  const file = await refused(["--remote", "/a file"], {});
  assert.equal(file.code, 5);
  assert.match(file.stderr, /is a file on the server/);
});
