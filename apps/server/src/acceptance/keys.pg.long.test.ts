import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { startTwoServers } from "./two-servers.ts";
import { Api, holdfast, makeFolder, ok, queryDatabase, removeFolder, spawnServer } from "./testing.ts";

const freshKey = () => randomBytes(32).toString("base64");

describe("Server keys", () => {
  test("a missing, invalid or wrong key and another server's store stop the start, and change nothing", async (t) => {
    const folder = makeFolder("keys-wrong");
    t.after(() => removeFolder(folder));
    const [data, foreign] = ["data", "foreign"].map((name) => join(folder, name)) as [string, string];
    const content = randomBytes(100_000);
    for (const dataFolder of [foreign, data]) {
      const server = await spawnServer({ dataFolder });
      assert.equal((await (await Api.signIn(server.url)).put("/file", content)).status, 201);
      assert.equal(await server.stop(), 0);
    }
    const keyFile = join(data, "key-encryption-key");
    const kept = join(folder, "kept-key");
    copyFileSync(keyFile, kept);
    const foreignKey = readFileSync(join(foreign, "key-encryption-key"), "utf8");
    const foreignStore = ["--store", join(foreign, "store")];
    const cases: readonly [name: string, key: string | undefined, args: readonly string[], message: RegExp][] = [
      ["missing", undefined, [], /its key is missing/],
      ["empty", "", [], /key-encryption-key does not contain a key/],
      ["too short", "c2hvcnQ=\n", [], /key-encryption-key does not contain a key/],
      ["random", `${freshKey()}\n`, [], /does not open the data key of epoch 1/],
      ["of another installation", foreignKey, [], /does not open the data key of epoch 1/],
      ["beside the store of another installation", readFileSync(kept, "utf8"), foreignStore, /two installations/],
      ["of the store's installation", foreignKey, foreignStore, /two installations/],
    ];
    for (const [name, key, args, message] of cases) {
      rmSync(keyFile, { force: true });
      if (key !== undefined) writeFileSync(keyFile, key, { mode: 0o600 });
      const before = stateOf(data, foreign);
      await assert.rejects(spawnServer({ dataFolder: data, args }), { message }, name);
      assert.deepEqual(stateOf(data, foreign), before, name);
    }
    copyFileSync(kept, keyFile);
    chmodSync(keyFile, 0o644);
    const server = await spawnServer({ dataFolder: data });
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.deepEqual((await (await Api.signIn(server.url)).download("/file")).body, content);
    assert.equal(await server.stop(), 0);
  });

  test("a running server replaces its key-encryption key under load, and restarts with the new one only", async (t) => {
    const folder = makeFolder("keys-rotated");
    t.after(() => removeFolder(folder));
    const data = join(folder, "data");
    const keyFile = join(data, "key-encryption-key");
    let server = await spawnServer({ dataFolder: data });
    const api = await Api.signIn(server.url);
    const contents = new Map<string, Buffer>();
    const put = async () => {
      const name = `/file-${contents.size}`;
      const content = randomBytes(10_000);
      assert.equal((await api.put(name, content)).status, 201);
      contents.set(name, content);
    };
    const ended = new AbortController();
    const traffic = (async () => {
      while (!ended.signal.aborted) await put();
    })();
    const keys = [readFileSync(keyFile, "utf8")];
    const packs = () => readdirSync(join(data, "store", "objects"), { recursive: true }).map(String);
    const before = packs();
    const answer = await ok(api, "POST", "/admin/keys/rotate", {});
    assert.deepEqual([answer.rotated, answer.key_file], ["key_encryption_key", keyFile]);
    keys.push(readFileSync(keyFile, "utf8"));
    const beside = await holdfast(["admin", "rotate-keys", "--data", data, "--json"]);
    assert.equal(beside.code, 0, beside.stderr);
    keys.push(readFileSync(keyFile, "utf8"));
    assert.equal(new Set(keys).size, 3);
    // Made by the server, and wrapped by the command's new key.
    const renewed = await ok(api, "POST", "/admin/keys/rotate", { data_key: true });
    assert.deepEqual(renewed.cells, [{ cell: "main", epoch: 2, data_keys: 2 }]);
    const made = contents.size;
    while (contents.size < made + 3) await new Promise(setImmediate);
    ended.abort();
    await traffic;
    for (const pack of before) assert.ok(packs().includes(pack), `${pack} is still there`);
    const epochs = await queryDatabase(data, "select distinct epoch::int from cell.packs order by 1");
    assert.deepEqual(
      epochs.map(({ epoch }) => epoch),
      [1, 2],
    );
    await server.kill();
    for (const name of readdirSync(data))
      if (name.startsWith("key-encryption-key.")) renameSync(join(data, name), join(folder, name));
    writeFileSync(keyFile, keys[0]!);
    await assert.rejects(spawnServer({ dataFolder: data }), { message: /does not open the data key of epoch 1/ });
    writeFileSync(keyFile, keys[2]!);
    server = await spawnServer({ dataFolder: data });
    const again = await Api.signIn(server.url);
    for (const [name, content] of contents) assert.deepEqual((await again.download(name)).body, content, name);
    assert.equal(await server.stop(), 0);
  });

  test("a key in the environment is replaced with a second variable", async (t) => {
    const folder = makeFolder("keys-environment");
    t.after(() => removeFolder(folder));
    const data = join(folder, "data");
    const [old, next] = [freshKey(), freshKey()];
    const run = async (env: Record<string, string>, work: (api: Api) => Promise<void>) => {
      const server = await spawnServer({ dataFolder: data, env });
      await work(await Api.signIn(server.url));
      assert.equal(await server.stop(), 0);
    };
    await run({ HOLDFAST_KEY_ENCRYPTION_KEY: old }, async (api) => {
      await api.put("/file", "content");
      const { status, body } = await api.call("POST", "/admin/keys/rotate", {});
      assert.deepEqual(
        [status, /HOLDFAST_NEW_KEY_ENCRYPTION_KEY/.test(body.message ?? body.detail)],
        [409, true],
        JSON.stringify(body),
      );
    });
    await run({ HOLDFAST_KEY_ENCRYPTION_KEY: old, HOLDFAST_NEW_KEY_ENCRYPTION_KEY: next }, async (api) => {
      const answer = await ok(api, "POST", "/admin/keys/rotate", {});
      assert.deepEqual([answer.key_file, answer.cells[0].data_keys], [null, 1]);
    });
    // Starting with both keys still works, for servers that do not have the new key yet.
    await run({ HOLDFAST_KEY_ENCRYPTION_KEY: old, HOLDFAST_NEW_KEY_ENCRYPTION_KEY: next }, async () => {});
    await assert.rejects(spawnServer({ dataFolder: data, env: { HOLDFAST_KEY_ENCRYPTION_KEY: old } }), {
      message: /does not open the data key/,
    });
    await run({ HOLDFAST_KEY_ENCRYPTION_KEY: next }, async (api) => {
      assert.equal(String((await api.download("/file")).body), "content");
    });
  });

  test("a second server reads files sealed with a new data key immediately", async (t) => {
    const { servers, stop } = await startTwoServers("keys-two");
    t.after(stop);
    const [one, two] = [await Api.signIn(servers[0].url), await Api.signIn(servers[1].url)];
    for (const epoch of [2, 3]) {
      const { cells } = await ok(one, "POST", "/admin/keys/rotate", { data_key: true });
      assert.equal(cells[0].epoch, epoch);
      const content = randomBytes(50_000);
      assert.equal((await one.put(`/file-${epoch}`, content)).status, 201);
      assert.deepEqual((await two.download(`/file-${epoch}`)).body, content);
      assert.equal((await two.put(`/other-${epoch}`, content)).status, 201);
    }
  });
});

/** All files of both stores and data folders, except what a database writes at each start. */
function stateOf(data: string, foreign: string): Record<string, string> {
  const state: Record<string, string> = {};
  for (const folder of [data, foreign]) {
    for (const path of [".", "store"].map((name) => join(folder, name))) {
      for (const entry of readdirSync(path, { recursive: path.endsWith("store"), withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (entry.isFile() && !/server\.pid$|lock\.sqlite/.test(file))
          state[file] = readFileSync(file).toString("base64");
      }
    }
  }
  return state;
}
