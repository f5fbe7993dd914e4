import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { filesBelow } from "./files-below.ts";
import { hashOf } from "./batches.ts";
import { flipByte } from "./pack-files.ts";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  launcher,
  makeFolder,
  ok,
  postmasterPid,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

/** Invariant: store and key alone restore everything acknowledged before the last copy of the log. */
describe("Lost database", () => {
  let folder: string;
  let data: string;
  let store: string;
  let key: string;
  let server: ServerProcess;
  let cursor: string;
  let linkToken: string;
  const guest = { email: "guest@example.com", password: "the password of the guest" };
  const files = new Map<string, string>();

  before(() => {
    folder = makeFolder("rebuild");
    data = join(folder, "data");
    store = join(data, "store");
    key = join(data, "key-encryption-key");
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const rebuild = (target: string, from = store, keyFile = key) =>
    holdfast(["admin", "rebuild", "--from", from, "--key", keyFile, "--data", join(folder, target), "--json"]);
  const metadata = (part: string) => filesBelow(join(store, "objects", "metadata", part));
  const put = async (api: Api, path: string, content: Uint8Array | string, query = "") => {
    const { status, body } = await api.put(path, content, query);
    assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(body)}`);
    files.set(path, hashOf(Buffer.from(content)));
    return body;
  };
  const verify = async (api: Api) => {
    for (const [path, hash] of files) {
      const { status, body } = await api.download(path);
      assert.deepEqual([status, hashOf(body)], [200, hash], path);
    }
  };
  const reachesStore = async () => {
    const acknowledgedMs = Date.now();
    await eventually("what was written is in the store", 120_000, async () => {
      const askedMs = Date.now();
      const text = await (await fetch(`${server.url}/metrics`)).text();
      const age = /^metadata_journal_age_seconds (\S+)$/m.exec(text)?.[1];
      return age !== undefined && askedMs - Number(age) * 1000 > acknowledgedMs ? true : undefined;
    });
  };

  test("the server writes its metadata to the store automatically, and continues after a restart", async () => {
    server = await spawnServer({
      dataFolder: data,
      env: { HOLDFAST_SNAPSHOT_INTERVAL: "1s", HOLDFAST_JOURNAL_INTERVAL: "1s" },
    });
    let api = await Api.signIn(server.url);
    await put(api, "/in a snapshot", randomBytes(300_000));
    await eventually("there is a snapshot", 120_000, () => metadata("backups")[0]);
    await server.stop();
    // No later snapshots: the log must provide the rest.
    server = await spawnServer({
      dataFolder: data,
      port: server.port,
      env: { HOLDFAST_SNAPSHOT_INTERVAL: "30d", HOLDFAST_JOURNAL_INTERVAL: "1s" },
    });
    api = await Api.signIn(server.url);
    await put(api, "/by the log", randomBytes(300_000));
    await reachesStore();
    await ok(api, "POST", "/admin/users", { ...guest, name: "Gus Guest" });
    await ok(api, "POST", "/metadata", { path: "/given", kind: "folder" });
    await put(api, "/given/file", "the first content");
    await put(api, "/given/file", "the second content", "&on_conflict=replace");
    const given = await api.idOf("/given");
    await ok(api, "POST", `/files/${given}/share`, { email: guest.email, role: "viewer" });
    linkToken = (await ok(api, "POST", `/files/${given}/share`, { link: true, role: "viewer" })).token;
    cursor = (await ok(api, "GET", "/changes/start_token")).token;
    await reachesStore();
    assert.ok(metadata("log").length >= 2, "it grows by parts");
  });

  test("the metadata in the store is not readable", () => {
    const paths = metadata("");
    assert.ok(paths.length >= 3, `${paths.length} objects`);
    for (const path of paths) {
      const content = readFileSync(path);
      for (const secret of ["by the log", guest.email, administrator.email])
        assert.equal(content.indexOf(secret), -1, `${path} shows ${secret}`);
    }
  });

  test("the server does not start with an empty database, and names the repair command", async () => {
    const postmaster = postmasterPid(data);
    await server.kill();
    if (postmaster !== undefined) process.kill(postmaster, "SIGKILL");
    await eventually("the database is gone", 60_000, () => (postmasterPid(data) === undefined ? true : undefined));
    rmSync(join(data, "postgres"), { recursive: true });
    rmSync(join(data, "database-password"));
    const { code, stderr } = await holdfast(["serve", "--data", data, "--listen", "127.0.0.1:0"]);
    assert.equal(code, 1);
    assert.match(stderr, /postgres is missing, but there is the key .* and the metadata .*admin rebuild/);
    assert.equal(existsSync(join(data, "postgres")), false);
  });

  test("wrong keys, missing stores and used folders are rejected without creating a folder", async () => {
    writeFileSync(join(folder, "other-key"), `${randomBytes(32).toString("base64")}\n`);
    for (const [what, from, keyFile, code, says] of [
      ["another key", store, join(folder, "other-key"), 1, /other-key does not open this store/],
      ["no key", store, join(folder, "no-key"), 4, /no-key does not exist/],
      ["no store", join(folder, "nowhere"), key, 4, /no store of a Holdfast server in .*nowhere/],
      ["the data folder", data, key, 4, /Did you mean .*store/],
    ] as const) {
      const refused = await rebuild("refused", from, keyFile);
      assert.equal(refused.code, code, `${what}: ${refused.stdout}${refused.stderr}`);
      assert.match(refused.stdout + refused.stderr, says, what);
      assert.equal(existsSync(join(folder, "refused")), false, what);
    }
    assert.equal(existsSync(join(folder, "nowhere")), false);
    const within = await rebuild("data");
    assert.equal(within.code, 2);
    assert.match(within.stdout + within.stderr, /is in/);
  });

  test("the server does not start on a killed rebuild, and the rebuild can be repeated", async () => {
    const target = join(folder, "half");
    const args = ["admin", "rebuild", "--from", store, "--key", key, "--data", target];
    const child = spawn(launcher, args, { stdio: "ignore" });
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve(signal ?? code)));
    const isFar = () => existsSync(join(target, "store")) || child.exitCode !== null;
    await eventually("the rebuild is under way", 300_000, () => (isFar() ? true : undefined));
    child.kill("SIGKILL");
    assert.equal(await exited, "SIGKILL", "it ended before it was killed");
    const refused = await holdfast(["serve", "--data", target, "--listen", "127.0.0.1:0"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /restore .* was interrupted.*admin rebuild/);
    const { code, stdout, stderr } = await rebuild("half");
    assert.equal(code, 0, stdout + stderr);
    rmSync(target, { recursive: true });
    assert.ok(existsSync(join(store, "objects", "keyring")), "the store is not in the folder");
  });

  test("a rebuild reports damaged metadata", async () => {
    const last = metadata("log")
      .filter((path) => !path.endsWith("head"))
      .toSorted()
      .at(-1)!;
    flipByte(last, 20);
    const { code, stdout } = await rebuild("damaged");
    flipByte(last, 20);
    assert.equal(code, 1);
    assert.match(stdout, /damaged/);
    rmSync(join(folder, "damaged"), { recursive: true });
    const head = join(store, "objects", "metadata", "backup.json");
    renameSync(head, `${head}.away`);
    const without = await rebuild("damaged");
    renameSync(`${head}.away`, head);
    assert.notEqual(without.code, 0);
    assert.equal(existsSync(join(folder, "damaged")), false);
  });

  test("a rebuild from store and key restores files, versions, shares and accounts, and resets cursors", async (t) => {
    renameSync(store, join(folder, "store"));
    renameSync(key, join(folder, "key"));
    rmSync(data, { recursive: true });
    const { code, stdout, stderr } = await rebuild("rebuilt", join(folder, "store"), join(folder, "key"));
    assert.equal(code, 0, stdout + stderr);
    const report = JSON.parse(stdout);
    t.diagnostic(stdout.trim());
    assert.deepEqual([report.problems, report.store], [[], null]);
    server = await spawnServer({ dataFolder: join(folder, "rebuilt"), env: { HOLDFAST_SNAPSHOT_INTERVAL: "1s" } });
    const api = await Api.signIn(server.url);
    await verify(api);
    const versions = (await ok(api, "GET", `/files/${await api.idOf("/given/file")}/versions`)).items;
    assert.deepEqual(versions.map(({ number }: { number: number }) => number).toSorted(), [1, 2]);
    const id = await api.idOf("/given/file");
    for (const other of [await Api.signIn(server.url, guest), new Api(server.url, linkToken)]) {
      const { status, body } = await other.call("GET", `/files/${id}/download`);
      assert.deepEqual([status, Buffer.from(body).toString()], [200, "the second content"]);
    }
    const changes = await api.call("GET", `/changes/list?since_token=${encodeURIComponent(cursor)}`);
    assert.deepEqual([changes.status, changes.body.code, changes.body.reason], [410, "reset", "epoch"]);
  });

  test("a rebuilt server writes to the same store, from which it can be rebuilt again", async () => {
    const api = await Api.signIn(server.url);
    await put(api, "/since", "since it was rebuilt");
    const moved = join(folder, "store");
    const backups = join(moved, "objects", "metadata", "backups");
    const former = readdirSync(backups);
    await eventually("both snapshots of before have gone", 120_000, async () => {
      await put(api, "/since", randomBytes(1000), "&on_conflict=replace");
      return readdirSync(backups).every((name) => !former.includes(name)) ? true : undefined;
    });
    await reachesStore();
    await server.stop();
    const { code, stdout, stderr } = await rebuild("again", moved, join(folder, "key"));
    assert.equal(code, 0, stdout + stderr);
    server = await spawnServer({ dataFolder: join(folder, "again") });
    await verify(await Api.signIn(server.url));
  });
});
