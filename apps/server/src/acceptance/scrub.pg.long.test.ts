import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { assertCommitted, type BatchFile, hashOf, putBatch } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import {
  administrator,
  Api,
  type CommandResult,
  eventually,
  holdfast,
  makeFolder,
  queryDatabase,
  removeFolder,
  type ServerProcess,
  spawnServer,
} from "./testing.ts";

/**
 * Invariant: a scrub repairs what it can, marks only blocks without a whole copy as damaged, and ends with 0 after all
 * is healed.
 */
describe("Scrub by command", () => {
  let folder: string;
  let server: ServerProcess;
  let api: Api;

  before(async () => {
    folder = makeFolder("scrub");
    server = await spawnServer({ dataFolder: `${folder}/data` });
    api = await Api.signIn(server.url);
    const { code, stderr } = await command("login", server.url, "--email", administrator.email, "--password-stdin");
    assert.equal(code, 0, stderr);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const command = (...args: string[]): Promise<CommandResult> =>
    holdfast(args, { env: { HOLDFAST_CONFIG_DIR: join(folder, "config") }, input: `${administrator.password}\n` });
  const scrub = () => command("admin", "scrub", "--now");
  const packFiles = () => findPackFiles(join(folder, "data", "store"));

  async function putInOnePack(files: readonly BatchFile[]): Promise<string> {
    const known = packFiles();
    assertCommitted(await putBatch(api, files));
    const made = [...packFiles()].filter(([pack]) => !known.has(pack));
    assert.equal(made.length, 1, "the files are not in one pack");
    return made[0]![1];
  }

  async function resend(path: string, block: Buffer<ArrayBuffer>): Promise<void> {
    assertCommitted(await putBatch(api, [{ path, blocks: [block] }]));
  }

  async function assertAllWell(): Promise<void> {
    const { code, stdout } = await scrub();
    assert.equal(code, 0, stdout);
    const rebuilt = await command("admin", "rebuild-index");
    assert.equal(rebuilt.code, 0, rebuilt.stdout);
  }

  for (const [name, at] of [
    ["its footer", ({ footerStart }: { footerStart: number }) => footerStart + 5],
    ["its magic", () => 3],
    ["its epoch", () => 29],
    ["the count of its records", () => 33],
    ["the length of a record", () => 41],
  ] as const) {
    test(`a pack with a flipped byte in ${name} is restored exactly`, async () => {
      const pack = await putInOnePack(
        [1, 2, 3].map((file) => ({ path: `/${name} ${file}`, blocks: [randomBytes(2000 + file)] })),
      );
      const original = readFileSync(pack);
      flipByte(pack, at(readPackLayout(pack)));
      const { code, stdout } = await scrub();
      assert.equal(code, 0, stdout);
      assert.match(stdout, /repaired from the index: pack /);
      assert.ok(readFileSync(pack).equals(original));
      await assertAllWell();
    });
  }

  test("a damaged block is reported as new once, then as known, until its content is uploaded again", async () => {
    const [broken, sound] = [randomBytes(3000), randomBytes(3000)];
    const pack = await putInOnePack([
      { path: "/broken", blocks: [broken] },
      { path: "/sound", blocks: [sound] },
    ]);
    flipByte(pack, readPackLayout(pack).records[0]!.start + 10);
    const first = await scrub();
    assert.equal(first.code, 1, first.stdout);
    assert.match(first.stdout, /1 damaged, 1 of them new/);
    assert.match(first.stdout, new RegExp(`damaged: ${hashOf(broken)} .*\\(new\\)`));
    const second = await scrub();
    assert.equal(second.code, 1, second.stdout);
    assert.match(second.stdout, /1 damaged, 0 of them new/);
    assert.match(second.stdout, new RegExp(`damaged: ${hashOf(broken)} .*\\(known since `));
    await resend("/broken", broken);
    const healed = await scrub();
    assert.equal(healed.code, 0, healed.stdout);
    assert.match(healed.stdout, /1 damaged block with another, intact copy/);
    await assertAllWell();
  });

  test("a truncated pack is no longer needed after its lost blocks are uploaded again", async () => {
    const blocks = [1, 2, 3, 4].map((number) => randomBytes(3000 + number));
    const pack = await putInOnePack(blocks.map((block, index) => ({ path: `/cut ${index}`, blocks: [block] })));
    truncateSync(pack, readPackLayout(pack).records[2]!.start + 100);
    const cut = await scrub();
    assert.equal(cut.code, 1, cut.stdout);
    assert.match(cut.stdout, /\/cut 2 .*[^]*\/cut 3 /);
    assert.doesNotMatch(cut.stdout, /\/cut [01] /);
    for (const index of [2, 3]) await resend(`/cut ${index}`, blocks[index]!);
    await assertAllWell();
    renameSync(pack, join(folder, "cut-pack"));
    for (const [index, block] of blocks.entries()) assert.deepEqual((await api.download(`/cut ${index}`)).body, block);
    await assertAllWell();
  });

  test("a missing pack is no longer needed after its blocks are uploaded again", async () => {
    const block = randomBytes(3000);
    const pack = await putInOnePack([{ path: "/missing", blocks: [block] }]);
    renameSync(pack, join(folder, "missing-pack"));
    const missing = await scrub();
    assert.equal(missing.code, 1, missing.stdout);
    await resend("/missing", block);
    await assertAllWell();
  });

  test("packs without rows are scrubbed too", async () => {
    const [good, bad] = [randomBytes(3000), randomBytes(3000)];
    const goodPack = await putInOnePack([{ path: "/forgotten good", blocks: [good] }]);
    const badPack = await putInOnePack([{ path: "/forgotten bad", blocks: [bad] }]);
    const ids = [goodPack, badPack].map((path) => `'${path.slice(path.lastIndexOf("/") + 1)}'`).join();
    await queryDatabase(`${folder}/data`, `delete from cell.blocks where pack_id in (${ids})`);
    await queryDatabase(`${folder}/data`, `delete from cell.packs where id in (${ids})`);
    flipByte(badPack, readPackLayout(badPack).records[0]!.start + 10);
    const damaged = await scrub();
    assert.equal(damaged.code, 1, damaged.stdout);
    assert.match(damaged.stdout, /2 packs read that are not in the index/);
    assert.match(damaged.stdout, new RegExp(hashOf(bad)));
    assert.match(damaged.stdout, /\/forgotten bad/);
    assert.doesNotMatch(damaged.stdout, new RegExp(hashOf(good)));
    flipByte(badPack, readPackLayout(badPack).records[0]!.start + 10);
    flipByte(badPack, statSync(badPack).size - 1);
    const closed = await scrub();
    assert.equal(closed.code, 1, closed.stdout);
    assert.match(closed.stdout, /a footer in pack .*not in the index/);
    flipByte(badPack, statSync(badPack).size - 1);
    assert.equal((await scrub()).code, 0);
    writeFileSync(join(folder, "data", "store", "objects", "no-pack"), "of another program");
    await assertAllWell();
    assert.deepEqual((await api.download("/forgotten bad")).body, bad);
  });

  test("a requested scrub finishes after its server was killed", async () => {
    for (let pack = 0; pack < 40; pack++) await putInOnePack([{ path: `/pack ${pack}`, blocks: [randomBytes(3000)] }]);
    assert.equal((await api.call("POST", "/admin/scrub")).status, 202);
    await server.kill();
    server = await spawnServer({ dataFolder: `${folder}/data`, port: server.port });
    api = await Api.signIn(server.url);
    const report = await eventually("the scrub ends", 120_000, async () => {
      const { body } = await api.call("GET", "/admin/scrub");
      return body.state === "running" ? undefined : body;
    });
    assert.equal(report.state, "done");
    assert.ok(report.packs >= 40, `${report.packs} packs`);
    await assertAllWell();
  });
});
