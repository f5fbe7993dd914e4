import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { encodeFrame, findFrames, framesContentType } from "@holdfast/protocol/frames";
import { assertCommitted, hashOf, putBatch } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

/** Invariant: a lost block never delays other blocks of a request and is always reported as lost. */
describe("Fetching blocks when some are damaged", () => {
  const blocks = Array.from({ length: 6 }, () => randomBytes(900_000));
  const lost = [1, 4];
  let folder: string;
  let server: RunningServer;
  let owner: Api;
  let viewer: Api;
  let file: { id: string; parent_id: string; version_id: string };

  before(async () => {
    folder = makeFolder("damaged-fetch");
    server = await startServer({ dataFolder: `${folder}/data` });
    owner = await Api.signIn(server.url);
    const account = { email: "viewer@example.com", password: "the password of the viewer" };
    await ok(owner, "POST", "/admin/users", { ...account, name: "viewer" });
    viewer = await Api.signIn(server.url, account);
    await ok(owner, "POST", "/metadata", { path: "/shared", kind: "folder" });
    assertCommitted(await putBatch(owner, [{ path: "/shared/file", blocks }]));
    file = await ok(owner, "GET", "/metadata?path=/shared/file");
    const root = (await ok(owner, "GET", "/metadata?path=/")).id;
    await ok(owner, "POST", `/files/${file.id}/copy`, { parent_id: root, name: "private name" });
    await ok(owner, "POST", `/files/${file.parent_id}/share`, { email: account.email, role: "viewer" });
    const packs = [...findPackFiles(join(folder, "data", "store")).values()];
    assert.equal(packs.length, 1);
    const { records } = readPackLayout(packs[0]!);
    for (const index of lost) flipByte(packs[0]!, records[index]!.start + 100_000);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function fetched(api: Api, hashes: readonly string[], more: object = {}): Promise<[string, number][]> {
    const answer = await api.call("POST", "/blocks/fetch", { items: [{ hashes, ...more }] });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const frames = findFrames(answer.body, { framesMax: hashes.length, isCut: false });
    return frames.map(({ kind, hash, start, end }) => {
      const index = blocks.findIndex((block) => hashOf(block) === hash);
      if (kind === "raw") assert.ok(blocks[index]!.equals(answer.body.subarray(start, end)), "other bytes came");
      return [kind, index];
    });
  }

  const expected = blocks.map((_, index) => [lost.includes(index) ? "absent" : "raw", index]);

  test("returns the others in the requested order, to the owner and to viewers of the version", async () => {
    const hashes = blocks.map(hashOf);
    // The first read detects unknown damage.
    for (const [api, more] of [
      [owner, {}],
      [viewer, { version_id: file.version_id }],
      [owner, { version_id: file.version_id }],
    ] as const) {
      assert.deepEqual(await fetched(api, hashes, more), expected);
    }
    assert.deepEqual(await fetched(owner, [hashes[1]!, hashes[0]!]), [
      ["absent", 1],
      ["raw", 0],
    ]);
  });

  test("reports the damage of a single requested block only to accounts that can read it", async () => {
    const hash = hashOf(blocks[1]!);
    for (const [api, item, files] of [
      [owner, {}, ["/private name", "/shared/file"]],
      [viewer, { version_id: file.version_id }, []],
    ] as const) {
      const { status, body } = await api.call("POST", "/blocks/fetch", { items: [{ hashes: [hash], ...item }] });
      assert.deepEqual([status, body.code, body.hash, body.files.toSorted()], [500, "damaged", hash, files]);
    }
    assert.deepEqual(await fetched(viewer, [hash]), [["absent", 1]]);
  });

  test("names the other affected files only to their owner", async () => {
    const { token } = await ok(owner, "POST", `/files/${file.id}/share`, { link: true, role: "viewer" });
    const link = new Api(server.url, token);
    const range = { range: "bytes=900000-900100" };
    for (const [api, files] of [
      [owner, ["/private name", "/shared/file"]],
      [viewer, []],
      [link, []],
    ] as const) {
      const { status, body } = await api.call("GET", `/files/${file.id}/download`, undefined, { headers: range });
      assert.deepEqual([status, body.code, body.files.toSorted()], [500, "damaged", files]);
      assert.doesNotMatch(JSON.stringify(body), api === owner ? /^$/ : /private|shared/);
    }
  });

  test("returns all blocks after the damaged ones were uploaded again", async () => {
    const frames = lost.map((index) => {
      const block = blocks[index]!;
      return encodeFrame({ kind: "raw", hash: sha256(block), size: block.length, payload: block });
    });
    const body = Buffer.concat(frames.flat());
    await ok(owner, "POST", "/blocks", undefined, { body, headers: { "content-type": framesContentType } });
    assert.deepEqual(
      await fetched(viewer, blocks.map(hashOf), { version_id: file.version_id }),
      blocks.map((_, index) => ["raw", index]),
    );
  });
});
