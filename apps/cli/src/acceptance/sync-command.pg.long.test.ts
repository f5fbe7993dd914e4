import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  administrator,
  eventually,
  holdfast,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "@holdfast/server/acceptance/testing";
import * as devices from "./sync-devices.ts";
import {
  type Device,
  inSync,
  killClients,
  once,
  patienceMs,
  run,
  seen,
  start,
  status,
  stop,
  tree,
  until,
  write,
} from "./sync-devices.ts";

const home = makeFolder("sync");
const dataFolder = join(home, "data");
let server: RunningServer;
const makeDevice = (name: string): Promise<Device> => devices.makeDevice(home, server.url, name);

before(async () => {
  server = await startServer({ dataFolder });
});

after(async () => {
  killClients();
  await server.stop();
  removeFolder(home);
});

test("two folders of one account become equal, and a third is filled from nothing", async () => {
  const [ada, bob] = [await makeDevice("ada"), await makeDevice("bob")];
  mkdirSync(ada.root);
  mkdirSync(join(ada.root, "photos", "2026"), { recursive: true });
  mkdirSync(join(ada.root, "empty"));
  write(ada, "hello.txt", "Hello");
  write(ada, "zero", "");
  write(ada, "photos/2026/large.bin", Buffer.alloc(3_000_000, "0123456789abcdef-"));
  write(ada, "run.sh", "#!/bin/sh\n", 0o755);
  symlinkSync("hello.txt", join(ada.root, "link"));
  mkdirSync(bob.root);
  write(bob, "from bob.txt", "Bob");
  write(bob, "hello.txt", "Hello");
  await inSync(ada);
  await inSync(bob);
  await inSync(ada);
  const wanted = {
    empty: "folder",
    "from bob.txt": "Bob",
    "hello.txt": "Hello",
    link: "-> hello.txt",
    photos: "folder",
    "photos/2026": "folder",
    "run.sh": "x #!/bin/sh\n",
    zero: "",
  };
  const { "photos/2026/large.bin": large, ...small } = tree(ada.root);
  assert.deepEqual(small, wanted);
  assert.equal(large?.length, 3_000_000);
  assert.deepEqual(tree(bob.root), tree(ada.root));
  const cyd = await makeDevice("cyd");
  await inSync(cyd);
  assert.deepEqual(tree(cyd.root), tree(ada.root));
});

test("changes on one device appear on the other while both run", async () => {
  const [ada, bob] = [await makeDevice("ada-live"), await makeDevice("bob-live")];
  const clientsHere = [start(ada, "--remote", "/live"), start(bob, "--remote", "/live")];
  await until(ada, "idle");
  await until(bob, "idle");
  write(ada, "note.txt", "one");
  await seen(bob, "note.txt", "one");
  write(bob, "note.txt", "two, from bob");
  await seen(ada, "note.txt", "two, from bob");
  mkdirSync(join(ada.root, "folder"));
  write(ada, "folder/deep.txt", "deep");
  await seen(bob, "folder/deep.txt", "deep");
  renameSync(join(bob.root, "folder"), join(bob.root, "renamed"));
  await seen(ada, "renamed/deep.txt", "deep");
  rmSync(join(ada.root, "note.txt"));
  await eventually("bob's note goes", patienceMs, () => (existsSync(join(bob.root, "note.txt")) ? undefined : true));
  await until(ada, "idle");
  await until(bob, "idle");
  assert.deepEqual(tree(ada.root), { renamed: "folder", "renamed/deep.txt": "deep" });
  assert.deepEqual(tree(bob.root), tree(ada.root));
  for (const client of clientsHere) assert.equal(await stop(client), 0, client.errors.join(""));
});

test("a running client reports its status, rejects a second one, pauses, resumes and stops in under 5 seconds", async () => {
  const ada = await makeDevice("ada-one");
  const client = start(ada, "--remote", "/one");
  await until(ada, "idle");
  const report = await status(ada);
  assert.deepEqual(Object.keys(report).toSorted(), [
    "account",
    "conflicts",
    "deletions_waiting",
    "device",
    "last_sync_at",
    "page_url",
    "pending_files",
    "problems",
    "root",
    "server",
    "state",
  ]);
  assert.equal(report.root, ada.root);
  assert.equal(report.account, administrator.email);
  assert.equal(report.device, "ada-one");
  assert.ok(Math.abs(Date.parse(report.last_sync_at) - Date.now()) < 60_000);
  const page = await fetch(report.page_url);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<title>Holdfast<\/title>/);
  const asked = new URL("/status", report.page_url);
  const token = new URLSearchParams(new URL(report.page_url).hash.slice(1)).get("token");
  assert.equal((await fetch(asked)).status, 401);
  assert.equal((await fetch(asked, { headers: { authorization: `Bearer ${token}` } })).status, 200);

  const second = await once(ada);
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /already being synced/);
  const inside = await run(ada, "sync", join(ada.root, "inside"), "--once");
  assert.equal(inside.code, 1);
  assert.match(inside.stderr, /already synced/);
  assert.equal(existsSync(join(ada.root, "inside")), false, "it would go to everybody");

  assert.equal((await run(ada, "pause", ada.root)).code, 0);
  await until(ada, "paused");
  write(ada, "later.txt", "later");
  assert.equal((await run(ada, "resume")).code, 0);
  await eventually("it is sent", patienceMs, async () =>
    (await run(ada, "cat", "/one/later.txt")).stdout === "later" ? true : undefined,
  );
  const startedMs = performance.now();
  assert.equal(await stop(client), 0);
  assert.ok(performance.now() - startedMs < 5000);
  const stopped = await status(ada);
  assert.equal(stopped.state, "offline");
  assert.equal(stopped.page_url, null);
  assert.equal(stopped.problems[0].code, "not_running");
  for (const line of client.lines.join("").trimEnd().split("\n")) assert.equal(JSON.parse(line).root, ada.root);
});

test("pausing a stopped client applies at its next start", async () => {
  const ada = await makeDevice("ada-paused");
  await inSync(ada, "--remote", "/paused");
  const paused = await run(ada, "pause", ada.root);
  assert.match(paused.stdout, /next start will be paused/);
  write(ada, "waits.txt", "");
  const tried = await once(ada);
  assert.equal(tried.code, 1);
  assert.match(tried.stderr, /paused/);
  await run(ada, "resume");
  await inSync(ada);
  assert.match((await run(ada, "ls", "/paused")).stdout, /waits\.txt/);
});

test("a sync interrupted by kill -9 continues at the next start", async () => {
  const [ada, bob] = [await makeDevice("ada-killed"), await makeDevice("bob-killed")];
  mkdirSync(ada.root);
  for (let number = 0; number < 200; number += 1) write(ada, `${number}.txt`, `content ${number}`);
  const client = start(ada, "--remote", "/killed");
  await eventually("it has begun", patienceMs, async () =>
    (await run(ada, "ls", "/killed")).stdout !== "" ? true : undefined,
  );
  await stop(client, "SIGKILL");
  await inSync(ada);
  await inSync(bob, "--remote", "/killed");
  assert.deepEqual(tree(bob.root), tree(ada.root));
  assert.equal(Object.keys(tree(bob.root)).length, 200);
});

test("sync fails without a login and without a server", async () => {
  const nobody = {
    name: "nobody",
    root: join(home, "nobody"),
    env: { HOLDFAST_CONFIG_DIR: join(home, "config-none") },
  };
  assert.equal((await once(nobody)).code, 3);
  const away: Device = {
    ...nobody,
    env: { ...nobody.env, HOLDFAST_SERVER: "http://127.0.0.1:9", HOLDFAST_TOKEN: "t" },
  };
  const failed = await once(away);
  assert.equal(failed.code, 7, failed.stderr);
});

test("a folder of the server is synced alone, and another folder is another sync", async () => {
  const ada = await makeDevice("ada-part");
  await inSync(ada, "--remote", "/part/of it");
  write(ada, "inside.txt", "in");
  await inSync(ada);
  assert.deepEqual(tree(ada.root), { "inside.txt": "in" });
  assert.equal((await run(ada, "cat", "/part/of it/inside.txt")).stdout, "in");
  assert.equal((await run(ada, "mv", "/part/of it/inside.txt", "/part/outside.txt")).code, 0);
  await inSync(ada);
  assert.deepEqual(tree(ada.root), {});
  const other = await once(ada, "--remote", "/elsewhere");
  assert.equal(other.code, 1);
  assert.match(other.stderr, /is synced with \/part\/of it, not with \/elsewhere/);
  assert.equal((await run(ada, "rm", "/part")).code, 0);
  write(ada, "more.txt", "");
  const gone = await once(ada);
  assert.equal(gone.code, 1, gone.stderr);
  assert.match(gone.stderr, /in the trash or deleted/);
  assert.deepEqual(tree(ada.root), { "more.txt": "" });
});

test("a dry run shows what would be done, and changes neither side", async () => {
  const [ada, bob] = [await makeDevice("ada-dry"), await makeDevice("bob-dry")];
  const preview = async (device: Device, ...args: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await run(device, "sync", device.root, "--dry-run", "--json", ...args);
    assert.equal(code, 0, stderr);
    const items: { side: string; what: string; path: string }[] = JSON.parse(stdout).items;
    return items.map(({ side, what, path }) => `${side}: ${what} ${path}`).toSorted();
  };
  mkdirSync(join(ada.root, "folder"), { recursive: true });
  write(ada, "folder/a.txt", "a");
  await inSync(ada, "--remote", "/dry");
  assert.deepEqual(await preview(bob, "--remote", "/dry"), ["here: create folder", "here: create folder/a.txt"]);
  assert.equal(existsSync(bob.root), false);
  write(ada, "b.txt", "b");
  rmSync(join(ada.root, "folder/a.txt"));
  const stood = tree(ada.root);
  const wanted = ["server: create b.txt", "server: delete folder/a.txt"];
  assert.deepEqual(await preview(ada), wanted);
  assert.deepEqual(await preview(ada), wanted, "nothing was done, and nothing remembered");
  assert.deepEqual(tree(ada.root), stood);
  assert.equal((await run(ada, "cat", "/dry/folder/a.txt")).stdout, "a");
  await inSync(ada);
  assert.deepEqual(await preview(ada), []);
});

test("an excluded folder is on neither device until it is included again", async () => {
  const [ada, bob] = [await makeDevice("ada-some"), await makeDevice("bob-some")];
  mkdirSync(join(ada.root, "raw"), { recursive: true });
  write(ada, "raw/large", "raw");
  write(ada, "small", "small");
  await inSync(ada, "--remote", "/some");
  await inSync(bob, "--remote", "/some", "--exclude", "raw");
  assert.deepEqual(tree(bob.root), { small: "small" });
  await inSync(ada, "--exclude", "raw", "--free-space");
  assert.deepEqual(tree(ada.root), { small: "small" });
  assert.equal((await run(ada, "cat", "/some/raw/large")).stdout, "raw");
  await inSync(bob, "--include", "raw");
  assert.deepEqual(tree(bob.root), { raw: "folder", "raw/large": "raw", small: "small" });
});

test("an excluded folder without --free-space stays, and edits of both sides are synced once it is included", async () => {
  const [ada, bob] = [await makeDevice("ada-kept"), await makeDevice("bob-kept")];
  mkdirSync(join(ada.root, "raw"), { recursive: true });
  write(ada, "raw/mine", "first");
  write(ada, "raw/theirs", "first");
  write(ada, "raw/same", "same");
  await inSync(ada, "--remote", "/kept");
  await inSync(bob, "--remote", "/kept");
  await inSync(ada, "--exclude", "raw");
  write(ada, "raw/mine", "edited while it was excluded");
  write(bob, "raw/theirs", "edited by bob");
  await inSync(ada);
  await inSync(bob);
  await inSync(ada);
  const kept = { raw: "folder", "raw/mine": "edited while it was excluded", "raw/theirs": "first" };
  assert.deepEqual(tree(ada.root), { ...kept, "raw/same": "same" });
  assert.equal((await run(ada, "cat", "/kept/raw/mine")).stdout, "first");
  await inSync(ada, "--include", "raw");
  await inSync(bob);
  const wanted = { ...kept, "raw/theirs": "edited by bob", "raw/same": "same" };
  assert.deepEqual(tree(ada.root), wanted);
  assert.deepEqual(tree(bob.root), wanted);
});

test("a missing folder is not recreated, and a moved one is recognized", async () => {
  const ada = await makeDevice("ada-moved");
  await inSync(ada, "--remote", "/moved");
  write(ada, "a.txt", "a");
  await inSync(ada);
  const moved = { ...ada, root: `${ada.root}-elsewhere` };
  renameSync(ada.root, moved.root);
  const gone = await once(ada);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /no longer exists/);
  assert.equal(existsSync(ada.root), false);
  rmSync(join(moved.root, "a.txt"));
  await inSync(moved);
  assert.deepEqual(tree(moved.root), {}, "what was deleted meanwhile does not come back");
  rmSync(join(moved.root, ".holdfast"), { recursive: true });
  write(moved, "b.txt", "b");
  const strange = await once(moved);
  assert.equal(strange.code, 1);
  assert.match(strange.stderr, /root\.json/);
});

test("sync --install-service shows the service with its command, and writes it where systemd finds it", async () => {
  const ada = await makeDevice("ada-service");
  mkdirSync(ada.root);
  const env = { ...ada.env, XDG_CONFIG_HOME: join(home, "xdg") };
  const shown = await holdfast(["sync", ada.root, "--install-service", "--print"], { env });
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /^ExecStart="\/bin\/sh" "\/.*\/bin\/holdfast" "sync" "\/.*ada-service"$/m);
  assert.equal(existsSync(join(home, "xdg")), false);
  const written = JSON.parse((await holdfast(["sync", ada.root, "--install-service", "--json"], { env })).stdout);
  assert.equal(readFileSync(written.path, "utf8").trimEnd(), shown.stdout.trimEnd());
  assert.match(written.path, /\/xdg\/systemd\/user\/holdfast-sync-ada-service-[0-9a-f]{8}\.service$/);
});

test("a client waits for an unreachable server, and can be stopped meanwhile", async () => {
  const ada = await makeDevice("ada-away");
  await inSync(ada, "--remote", "/away");
  const { port } = server;
  await server.stop();
  const client = start(ada);
  await until(ada, "offline");
  assert.equal((await once(ada)).code, 1, "it is locked");
  write(ada, "meanwhile.txt", "written offline");
  server = await startServer({ dataFolder, port });
  await eventually("it is sent", patienceMs * 2, async () =>
    (await run(ada, "cat", "/away/meanwhile.txt")).stdout === "written offline" ? true : undefined,
  );
  assert.equal(await stop(client), 0);
});

test("a device with an expired cursor catches up, and loses no edit of its own", async () => {
  const [old, busy] = [await makeDevice("old"), await makeDevice("busy")];
  mkdirSync(join(old.root, "expired"), { recursive: true });
  for (const name of ["kept", "trashed", "purged", "edited there", "trashed, edited here", "moved there"])
    write(old, `expired/${name}`, name);
  await inSync(old);
  await inSync(busy);
  for (const name of ["trashed", "trashed, edited here"]) rmSync(join(busy.root, "expired", name));
  renameSync(join(busy.root, "expired/moved there"), join(busy.root, "expired/moved"));
  write(busy, "expired/edited there", "by another");
  await inSync(busy);
  const { code, stderr } = await run(busy, "rm", "--permanent", "/expired/purged");
  assert.equal(code, 0, stderr);
  await queryDatabase(
    dataFolder,
    "delete from shard.journal j using shard.spaces s where s.id = j.space_id and j.seq < s.seq",
  );
  write(old, "expired/trashed, edited here", "mine");
  write(old, "expired/new", "mine");
  await inSync(old);
  await inSync(busy);
  const expected = {
    kept: "kept",
    moved: "moved there",
    "edited there": "by another",
    new: "mine",
    "trashed, edited here": "mine",
  };
  assert.deepEqual(tree(join(old.root, "expired")), expected);
  assert.deepEqual(tree(join(busy.root, "expired")), expected);
});
