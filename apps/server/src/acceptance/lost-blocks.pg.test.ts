import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import { assertCommitted, hashOf, putBatch } from "./batches.ts";
import { findPackFiles, flipByte, readPackLayout } from "./pack-files.ts";
import { Api, eventually, makeFolder, ok, removeFolder, type RunningServer, startServer } from "./testing.ts";

type Bytes = Buffer<ArrayBuffer>;
type Outcome = { readonly status: string; readonly code?: string; readonly missing_blocks?: string[] };

/** Invariant: no version may use a block known as lost until the client sends it again. */
describe("Known lost block", () => {
  let folder: string;
  let server: RunningServer;
  let admin: Api;
  let ann: Api;
  let bob: Api;
  let made = 0;

  before(async () => {
    folder = makeFolder("lost-blocks");
    server = await startServer({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
    [ann, bob] = [await signUp("ann"), await signUp("bob")];
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  async function signUp(name: string): Promise<Api> {
    const account = { email: `${name}@example.com`, password: `the password of ${name}` };
    await ok(admin, "POST", "/admin/users", { ...account, name });
    return Api.signIn(server.url, account);
  }

  const random = (sizeBytes = 5000): Bytes => randomBytes(sizeBytes);
  const entriesOf = (blocks: readonly Bytes[]) => blocks.map((block) => ({ hash: sha256(block), size: block.length }));
  const sizeOf = (blocks: readonly Bytes[]) => blocks.reduce((sum, { length }) => sum + length, 0);

  async function putAndLose(path: string, blocks: readonly Bytes[], index: number, api = ann) {
    const store = join(folder, "data", "store");
    const known = findPackFiles(store);
    assertCommitted(await putBatch(api, [{ path, blocks }]));
    const packs = [...findPackFiles(store)].filter(([id]) => !known.has(id)).map(([, file]) => file);
    assert.equal(packs.length, 1, "the file is not in one pack");
    flipByte(packs[0]!, readPackLayout(packs[0]!).records[index]!.start + 7);
    assert.equal((await admin.call("POST", "/admin/scrub")).status, 202);
    await eventually("the scrub ends", 60_000, async () => {
      const { body } = await admin.call("GET", "/admin/scrub");
      return body.state === "done" ? body : undefined;
    });
    assert.equal((await api.download(path)).status, 500, "it is not lost");
    return ok(api, "GET", `/metadata?path=${path}`);
  }

  async function delta(api: Api, ...operations: readonly object[]): Promise<Outcome[]> {
    const named = operations.map((operation) =>
      Object.assign({ operation_id: randomBytes(16).toString("hex") }, operation),
    );
    const { results } = await ok(api, "POST", "/sync/delta", { operations: named });
    return results.map(({ status, code, missing_blocks }: Outcome) => {
      if (missing_blocks !== undefined) return { status, missing_blocks };
      return code === undefined ? { status } : { status, code };
    });
  }

  const putOf = (path: string, blocks: readonly Bytes[], more: object = {}) => ({
    op: "put",
    path,
    size: sizeOf(blocks),
    blocks: entriesOf(blocks),
    ...more,
  });
  const missing = (...blocks: readonly Bytes[]): Outcome => ({ status: "missing", missing_blocks: blocks.map(hashOf) });
  const committed: Outcome = { status: "committed" };
  const newPath = (): string => `/file-${(made += 1)}`;
  const send = (api: Api, block: Bytes, into = "") =>
    ok(api, "PUT", `/chunks/${hashOf(block)}${into}`, undefined, { body: block });
  const content = async (path: string, api = ann): Promise<Buffer> => (await api.download(path)).body;

  test("is reported missing to commits, and an upload of it completes every file that contains it", async () => {
    const blocks = [random(), random(), random()];
    const path = newPath();
    const { version_id } = await putAndLose(path, blocks, 1);
    const [edited, again] = [[random(), blocks[1]!], newPath()];
    const spliced = {
      op: "put",
      path,
      base_version: version_id,
      size: 20_000,
      splices: [{ at: 3, remove: 0, insert: entriesOf([blocks[0]!]) }],
    };
    await send(ann, edited[0]!);
    assert.deepEqual(await delta(ann, putOf(again, edited), spliced, putOf(newPath(), [blocks[0]!])), [
      missing(blocks[1]!),
      missing(blocks[1]!),
      committed,
    ]);
    assert.equal((await ann.call("GET", `/metadata?path=${again}`)).status, 404);
    await send(ann, blocks[1]!);
    assert.deepEqual(await delta(ann, putOf(again, edited), spliced), [committed, committed]);
    assert.deepEqual(await content(again), Buffer.concat(edited));
    assert.deepEqual(await content(path), Buffer.concat([...blocks, blocks[0]!]));
  });

  test("is reported missing at the end of a segmented manifest", async () => {
    const blocks = Array.from({ length: 600 }, () => random(40));
    const { version_id } = await putAndLose(newPath(), blocks, 599);
    const next = newPath();
    const spliced = { op: "put", path: next, source_version: version_id, size: 599 * 40 + 40, splices: [] };
    assert.deepEqual(await delta(ann, putOf(next, blocks), spliced), [missing(blocks[599]!), missing(blocks[599]!)]);
    await send(ann, blocks[599]!);
    assert.deepEqual(await delta(ann, putOf(next, blocks)), [committed]);
    assert.deepEqual(await content(next), Buffer.concat(blocks));
  });

  test("rejects its group, and a stale base is reported before the missing block", async () => {
    const blocks = [random()];
    const path = newPath();
    const { id } = await putAndLose(path, blocks, 0);
    const [one, other] = [newPath(), newPath()];
    const group = { group: "g" };
    assert.deepEqual(await delta(ann, { op: "mkdir", path: one, ...group }, putOf(other, blocks, group)), [
      { status: "error", code: "dependency" },
      missing(...blocks),
    ]);
    assert.equal((await ann.call("GET", `/metadata?path=${one}`)).status, 404);
    const stale = { file_id: id, path: undefined, base_version: "7" };
    assert.equal((await delta(ann, putOf("", [...blocks, ...blocks], stale)))[0]?.status, "conflict");
  });

  test("is reported missing to a sync of one file", async () => {
    const blocks = [random(), random()];
    const path = newPath();
    const { id } = await putAndLose(path, blocks, 0);
    const body = { current_version: 1, new_block_hashes: entriesOf([...blocks, blocks[1]!]) };
    assert.deepEqual((await ok(ann, "POST", `/files/${id}/sync`, body)).missing_blocks, [hashOf(blocks[0]!)]);
    await send(ann, blocks[0]!);
    assert.equal((await ok(ann, "POST", `/files/${id}/sync`, body)).version, 2);
    assert.deepEqual(await content(path), Buffer.concat([...blocks, blocks[1]!]));
  });

  test("is reported missing to a copy or restore of the file, but not to a copy of its folder", async () => {
    const lost = [random()];
    assert.equal((await ann.call("POST", "/metadata", { path: "/folder", kind: "folder" })).status, 201);
    const file = await putAndLose("/folder/file", lost, 0);
    const root = (await ok(ann, "GET", "/metadata?path=/")).id;
    const asked = { parent_id: root, name: "copy" };
    const refused = (answer: { status: number; body: { code?: string; missing_blocks?: string[] } }) =>
      assert.deepEqual(
        [answer.status, answer.body.code, answer.body.missing_blocks],
        [409, "missing_blocks", lost.map(hashOf)],
      );
    refused(await ann.call("POST", `/files/${file.id}/copy`, asked));
    assert.deepEqual(await delta(ann, { op: "copy", file_id: file.id, ...asked }), [missing(...lost)]);
    const folderCopy = { op: "copy", file_id: file.parent_id, parent_id: root, name: "folder copy" };
    assert.deepEqual(await delta(ann, folderCopy), [committed]);

    assert.deepEqual(await delta(ann, putOf("/folder/file", [], { on_conflict: "replace" })), [committed]);
    refused(await ann.call("POST", `/files/${file.id}/restore?version=1`));
    refused(await ann.call("POST", `/files/${file.id}/restore?version=${file.version_id}`));
    await send(ann, lost[0]!);
    await ok(ann, "POST", `/files/${file.id}/restore?version=1`);
    await ok(ann, "POST", `/files/${file.id}/copy`, asked);
    for (const path of ["/folder/file", "/copy", "/folder copy/file"])
      assert.deepEqual(await content(path), lost[0], path);
  });

  test("does not block renames, attributes, the trash or an unchanged commit", async () => {
    const blocks = [random(), random()];
    const path = newPath();
    const { id, version_id } = await putAndLose(path, blocks, 1);
    const same = putOf("", blocks, { file_id: id, path: undefined, base_version: version_id, executable: true });
    const outcomes = await delta(
      ann,
      same,
      { op: "set", file_id: id, modified_at: "2024-05-06T07:08:09Z" },
      { op: "move", file_id: id, parent_id: "root", name: "another name" },
      { op: "delete", file_id: id },
      { op: "restore", file_id: id },
    );
    assert.deepEqual(outcomes, [committed, committed, committed, committed, committed]);
    const node = await ok(ann, "GET", `/files/${id}`);
    assert.deepEqual(
      [node.version_id, node.name, node.executable, node.modified_at],
      [version_id, "another name", true, "2024-05-06T07:08:09.000000Z"],
    );
  });

  test("does not block a rewind to its version", async () => {
    const blocks = [random()];
    const path = newPath();
    const { id } = await putAndLose(path, blocks, 0);
    const to = new Date().toISOString();
    assert.deepEqual(await delta(ann, putOf(path, [], { on_conflict: "replace" })), [committed]);
    assert.equal((await ok(ann, "POST", `/files/${id}/rewind`, { to })).reverted, 1);
    await send(ann, blocks[0]!);
    assert.deepEqual(await content(path), blocks[0]);
  });

  test("fails the end of an upload, which succeeds after the block is sent", async () => {
    // More than fits into one block, so that some are stored before the end.
    const bytes = random(limits.blockBytesMax + 1_000_000);
    const request = { path: newPath(), size: bytes.length };
    const store = join(folder, "data", "store");
    const known = findPackFiles(store);
    const { upload_id } = await ok(ann, "POST", "/files/upload?uploadType=resumable", request);
    const piece = (start: number, end: number) =>
      ann.call("PUT", `/upload/${upload_id}`, undefined, {
        body: bytes.subarray(start, end),
        headers: { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` },
      });
    assert.equal((await piece(0, bytes.length - 1)).status, 308);
    const [pack] = [...findPackFiles(store)].filter(([id]) => !known.has(id)).map(([, file]) => file);
    flipByte(pack!, readPackLayout(pack!).records[0]!.start + 7);
    await ok(admin, "POST", "/admin/scrub");
    await eventually("the scrub ends", 60_000, async () =>
      (await ok(admin, "GET", "/admin/scrub")).state === "done" ? true : undefined,
    );
    const ended = await piece(bytes.length - 1, bytes.length);
    assert.deepEqual([ended.status, ended.body.code, ended.body.complete], [409, "missing_blocks", true]);
    const cut = cutBlocks(bytes, true).blocks.map(({ start, end }) => bytes.subarray(start, end));
    const lost = cut.find((block) => hashOf(block) === ended.body.missing_blocks[0]);
    await send(ann, Buffer.from(lost!));
    await ok(ann, "POST", `/upload/${upload_id}/commit`, {});
    assert.deepEqual(await content(request.path), bytes);
  });

  test("is reported missing to an editor of the file, whose upload repairs it for the owner", async () => {
    const blocks = [random(), random()];
    await ok(ann, "POST", "/metadata", { path: "/shared", kind: "folder" });
    const { id, parent_id, version_id } = await putAndLose("/shared/file", blocks, 0);
    const secret = random();
    await putAndLose("/secret", [secret], 0);
    await ok(ann, "POST", `/files/${parent_id}/share`, { email: "bob@example.com", role: "editor" });
    const edit = {
      op: "put",
      file_id: id,
      base_version: version_id,
      size: 15_000,
      splices: [{ at: 2, remove: 0, insert: entriesOf([blocks[1]!]) }],
    };
    const guess = { op: "put", parent_id, name: "guess", size: secret.length, blocks: entriesOf([secret]) };
    const unknown = random();
    const never = { op: "put", parent_id, name: "never", size: unknown.length, blocks: entriesOf([unknown]) };
    assert.deepEqual(await delta(bob, edit, guess, never), [missing(blocks[0]!), missing(secret), missing(unknown)]);
    const copy = { op: "copy", file_id: id, parent_id: "root", name: "copy" };
    assert.deepEqual(await delta(bob, copy), [missing(blocks[0]!)]);
    await send(bob, blocks[0]!, `?into=${parent_id}`);
    assert.deepEqual(await delta(bob, edit, copy), [committed, committed]);
    assert.deepEqual(await content("/shared/file"), Buffer.concat([...blocks, blocks[1]!]));
    assert.deepEqual(await content("/copy", bob), Buffer.concat([...blocks, blocks[1]!]));
  });
});
