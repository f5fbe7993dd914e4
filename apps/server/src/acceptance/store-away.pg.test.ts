import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { openPlainStore } from "@holdfast/object-store/open-store";
import { isLongTier, longTest } from "@holdfast/tools/tiers";
import { writeKeyringObject } from "../packs/keys/wrapped-keys.ts";
import { assertCommitted, hashOf, putBatch } from "./batches.ts";
import { findPackFiles } from "./pack-files.ts";
import {
  administrator,
  Api,
  eventually,
  holdfast,
  jobResult,
  makeFolder,
  queryDatabase,
  removeFolder,
  type RunningServer,
  startServer,
} from "./testing.ts";

/**
 * Invariant: the temporary absence of a store, or of a part of it, is reported as absence. It changes nothing and ends when the store is
 * back. Only blocks missing from a store that is certainly present count as damage, and only while they are missing.
 */
describe("Unavailable store", () => {
  let folder: string;
  let server: RunningServer;
  let api: Api;
  const store = () => join(folder, "disk");
  const elsewhere = () => join(folder, "unmounted");

  before(async () => {
    folder = makeFolder("store-away");
    server = await startServer({ dataFolder: `${folder}/data`, args: ["--store", store()] });
    api = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  /** Imitates `umount`, which leaves the empty mount point. */
  function unmount(): void {
    renameSync(store(), elsewhere());
    mkdirSync(store());
  }

  function mount(): void {
    assert.deepEqual(readdirSync(store(), { recursive: true }), [], "something was written below the disk");
    rmdirSync(store());
    renameSync(elsewhere(), store());
  }

  async function putFile(path: string, content: Buffer<ArrayBuffer>): Promise<string> {
    const known = findPackFiles(store());
    assertCommitted(await putBatch(api, [{ path, blocks: [content] }]));
    return [...findPackFiles(store())].find(([pack]) => !known.has(pack))?.[1] ?? assert.fail();
  }

  const flagged = () =>
    queryDatabase(
      `${folder}/data`,
      "select hash from cell.blocks where state = 'damaged' union all select id::text::bytea from cell.packs where state <> 'live'",
    );

  const readyStatus = async () => (await fetch(`${server.url}/readyz`)).status;

  async function scrub() {
    assert.equal((await api.call("POST", "/admin/scrub")).status, 202);
    return eventually("the scrub ends", 60_000, async () => {
      const { body } = await api.call("GET", "/admin/scrub");
      return body.state === "running" ? undefined : body;
    });
  }

  test("returns retryable 503 responses, damages no data and makes the server not ready", async () => {
    const content = randomBytes(5000);
    await putFile("/away", content);
    assert.equal(await readyStatus(), 200);
    unmount();
    for (const [what, { status, body }] of Object.entries({
      download: await api.download("/away"),
      block: await api.call("GET", `/blocks/${hashOf(content)}`),
      scrub: await api.call("POST", "/admin/scrub"),
      "rebuild-index": await api.call("POST", "/admin/rebuild-index"),
      upload: await api.put("/meanwhile", randomBytes(3000)),
    })) {
      assert.equal(status, 503, `${what}: ${status} ${JSON.stringify(body)}`);
      assert.deepEqual([body.code, body.retryable], ["unavailable", true], what);
      assert.match(body.detail, /store .*is not available/, what);
      assert.ok(!body.detail.includes(folder), `${what} tells where the store lies: ${body.detail}`);
    }
    assert.equal(
      await eventually("readiness sees it", 60_000, async () => ((await readyStatus()) === 503 ? 503 : undefined)),
      503,
    );
    assert.deepEqual(await flagged(), []);
    mount();
    assert.equal(
      await eventually("readiness sees it", 60_000, async () => ((await readyStatus()) === 200 ? 200 : undefined)),
      200,
    );
    assert.deepEqual((await api.download("/away")).body, content);
    assert.deepEqual((await scrub()).damaged, []);
  });

  test("another server's store in its place is not changed, and work continues with the right one", async () => {
    renameSync(store(), elsewhere());
    const [strange, foreign] = [`${folder}/foreign`, [{ epoch: 1, wrapped: randomBytes(60), createdAt: 1 }]];
    const ports = { disk: nodeDisk, randomBytes, nowMs: () => Date.now(), environment: {} };
    await writeKeyringObject(await openPlainStore(store(), ports), foreign);
    const untouched = readdirSync(store(), { recursive: true });
    const { status, body } = await api.put("/into another", randomBytes(3000));
    assert.deepEqual([status, body.code], [503, "unavailable"]);
    assert.match(body.detail, /the store of another server is in its place/);
    assert.deepEqual(readdirSync(store(), { recursive: true }), untouched);
    renameSync(store(), strange);
    renameSync(elsewhere(), store());
    const content = randomBytes(5000);
    await putFile("/into the right one", content);
    assert.deepEqual((await api.download("/into the right one")).body, content);
  });

  longTest("prevents a server start and admin commands", async () => {
    const content = randomBytes(5000);
    await putFile("/before-start", content);
    assert.equal(await server.stop(), 0);
    unmount();
    await assert.rejects(
      startServer({ dataFolder: `${folder}/data`, args: ["--store", store()], port: server.port }),
      /Is its disk mounted\?/,
    );
    for (const command of [
      ["admin", "scrub", "--now"],
      ["admin", "rebuild-index"],
    ]) {
      const result = await holdfast([...command, "--data", `${folder}/data`], { env: { HOLDFAST_STORE: store() } });
      assert.notEqual(result.code, 0, result.stdout);
      assert.match(result.stderr, /Is its disk mounted\?/);
    }
    mount();
    server = await startServer({ dataFolder: `${folder}/data`, args: ["--store", store()], port: server.port });
    api = await Api.signIn(server.url, administrator);
    assert.deepEqual(await flagged(), []);
    assert.deepEqual((await api.download("/before-start")).body, content);
  });

  const notices: Record<string, (path: string) => Promise<{ body?: unknown }>> = {
    "a download": (path) => api.download(path),
    "a scrub": () => scrub(),
    "rebuilding the index": () => jobResult(api, "/admin/rebuild-index"),
  };
  for (const [row, [missed, notice]] of Object.entries(notices).entries()) {
    for (const [column, [found, look]] of Object.entries(notices).entries()) {
      // The short run tests three pairs, in which each kind misses one pack and finds a pack missed by another kind.
      if (!isLongTier && column !== (row + 1) % 3) continue;
      test(`a pack missed by ${missed} counts again once ${found} finds it`, async () => {
        const content = randomBytes(5000);
        const path = `/${missed} ${found}`;
        const pack = await putFile(path, content);
        renameSync(pack, join(folder, "pack"));
        await notice(path);
        assert.notEqual((await flagged()).length, 0, `${missed} did not notice it`);
        const { body: lost } = await api.call("POST", "/blocks/query", { hashes: [hashOf(content)] });
        assert.deepEqual(lost.missing, [hashOf(content)]);
        renameSync(join(folder, "pack"), pack);
        const looked = await look(path);
        if (found === "a download") assert.deepEqual(looked.body, content, "the first reading was not answered");
        assert.deepEqual(await flagged(), []);
        const { body: held } = await api.call("POST", "/blocks/query", { hashes: [hashOf(content)] });
        assert.deepEqual(held.have, [hashOf(content)]);
        assert.deepEqual((await api.download(path)).body, content);
        assert.deepEqual((await scrub()).damaged, []);
      });
    }
  }
});
