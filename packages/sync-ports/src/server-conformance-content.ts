import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { sha256 } from "@holdfast/core/hash";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { blockOf, rejects, serverChecks, type TestedServer } from "./server-conformance.ts";

export function testServerContent(name: string, open: () => Promise<TestedServer>): void {
  const check = serverChecks(name, open);

  check("a put on an outdated version is a conflict", async (scene) => {
    const first = await scene.create("f", "one");
    const put = { op: "put" as const, file_id: first.id, base_version: first.version_id ?? "" };
    const second = await scene.must({ ...put, ...scene.file("two") }, { blocks: [blockOf("two")] });
    assert.notEqual(second.version_id, first.version_id);
    assert.deepEqual(await scene.outcomes([{ ...put, ...scene.file("three") }], { blocks: [blockOf("three")] }), [
      "conflict",
    ]);
    assert.equal(await scene.read(second), "two");
    assert.equal(await scene.read(first), "one");
  });

  check("missing blocks are named, and the same operation succeeds once they are sent", async (scene) => {
    const texts = [0, 1].map((number) => `${number} ${randomBytes(8).toString("hex")}`);
    const hashes = texts.map((text) => sha256(Buffer.from(text)));
    const known = await scene.create("known", "text");
    assert.deepEqual(await scene.other.missingBlocks([...hashes, sha256(Buffer.from("text"))]), new Set(hashes));
    await scene.one.putBlocks([blockOf(texts[0] ?? "")]);
    assert.deepEqual(await scene.other.missingBlocks(hashes), new Set(hashes.slice(1)));
    const operation = {
      op: "put" as const,
      operation_id: randomBytes(16).toString("hex"),
      id: scene.id(),
      parent_id: scene.folderId,
      name: "f",
      ...scene.file(...texts, "text"),
    };
    const [missing] = await scene.send([operation]);
    assert.deepEqual([missing?.status, missing?.missing_blocks], ["missing", hashes.slice(1)]);
    const [done] = await scene.send([operation], { blocks: [blockOf(texts[1] ?? "")] });
    assert.equal(done?.status, "committed");
    assert.equal(done.node === undefined ? "" : await scene.read(done.node), `${texts.join("")}text`);
    assert.equal(await scene.read(known), "text");
  });

  check("no operation of a group is done while one lacks a block", async (scene) => {
    const lacking = `never sent ${randomBytes(8).toString("hex")}`;
    const drafts = [
      { op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "d", group: "g" },
      { op: "put", id: scene.id(), parent_id: scene.folderId, name: "f", ...scene.file(lacking), group: "g" },
    ] as const;
    await scene.changes();
    assert.deepEqual(await scene.outcomes(drafts), ["dependency", "missing"]);
    assert.deepEqual(await scene.changes(), []);
  });

  check("a block list that does not match the content ID is rejected", async (scene) => {
    const { content_id } = scene.file("something else");
    const drafts = [{ op: "put", parent_id: scene.folderId, name: "f", ...scene.file("text"), content_id }] as const;
    assert.deepEqual(await scene.outcomes(drafts, { blocks: [blockOf("text")] }), ["content_mismatch"]);
  });

  check("bytes with a wrong hash are rejected, and not stored", async (scene) => {
    const { hash } = blockOf(randomBytes(8).toString("hex"));
    await rejects(scene.one.putBlocks([{ hash, bytes: Buffer.from("others") }]), "hash_mismatch");
    assert.deepEqual(await scene.one.missingBlocks([hash]), new Set([hash]));
  });

  check("splices apply only to their base version", async (scene) => {
    const first = await scene.create("f", "a", "b", "c");
    const insert = scene.file("x", "y").blocks;
    const { size, content_id } = scene.file("a", "x", "y", "c");
    const put = {
      op: "put" as const,
      file_id: first.id,
      base_version: first.version_id ?? "",
      size,
      content_id,
      splices: [{ at: 1, remove: 1, insert }],
    };
    const blocks = [blockOf("x"), blockOf("y")];
    const second = await scene.must(put, { blocks });
    assert.equal(await scene.read(second), "axyc");
    assert.deepEqual(await scene.outcomes([put]), ["conflict"]);
    assert.deepEqual(await scene.outcomes([{ ...put, base_version: scene.id() }]), ["conflict"]);
    const wrong = { ...put, base_version: second.version_id ?? "" };
    assert.deepEqual(await scene.outcomes([wrong]), ["invalid_field"]);
    const beyond = { ...wrong, splices: [{ at: 5, remove: 1, insert }] };
    assert.deepEqual(await scene.outcomes([beyond]), ["invalid_field"]);
  });

  check("splices of another file's version make a new file or version", async (scene) => {
    const first = await scene.create("f", "a", "b", "c");
    const { size, content_id } = scene.file("a", "b", "c");
    const copy = {
      op: "put" as const,
      id: scene.id(),
      parent_id: scene.folderId,
      name: "copy",
      size,
      content_id,
      source_version: first.version_id ?? "",
      splices: [],
    };
    const made = await scene.must(copy);
    assert.deepEqual([made.content_id, await scene.read(made)], [first.content_id, "abc"]);
    // A source is no base: the name must be free, and a replacement names its own version.
    assert.deepEqual(await scene.outcomes([{ ...copy, id: scene.id() }]), ["exists"]);
    const other = await scene.create("g", "other");
    const splices = [{ at: 1, remove: 1, insert: scene.file("x").blocks }];
    const edited = { ...scene.file("a", "x", "c"), blocks: undefined, splices, source_version: copy.source_version };
    const put = { op: "put" as const, file_id: other.id, base_version: other.version_id ?? "", ...edited };
    const second = await scene.must(put, { blocks: [blockOf("x")] });
    assert.deepEqual([second.id, await scene.read(second)], [other.id, "axc"]);
    assert.deepEqual(await scene.outcomes([put]), ["conflict"]);
    // Trashed and older versions are readable.
    await scene.must({ op: "delete", file_id: first.id });
    assert.equal(await scene.read(await scene.must({ ...copy, id: scene.id(), name: "again" })), "abc");
  });

  check("a missing source version is rejected, and so is one beside a full list", async (scene) => {
    const first = await scene.create("f", "a");
    const { blocks, ...head } = scene.file("a");
    const copy = { op: "put" as const, parent_id: scene.folderId, name: "copy", ...head };
    const unknown = { ...copy, splices: [], source_version: scene.id() };
    assert.deepEqual(await scene.outcomes([unknown, { ...unknown, source_version: first.id }]), [
      "not_found",
      "not_found",
    ]);
    const both = { ...copy, blocks, source_version: first.version_id ?? "" };
    assert.deepEqual(await scene.outcomes([both]), ["invalid_field"]);
    const content_id = scene.file("b").content_id;
    const wrong = { ...copy, content_id, splices: [], source_version: first.version_id ?? "" };
    assert.deepEqual(await scene.outcomes([wrong]), ["content_mismatch"]);
  });

  check("block lists of existing versions are returned, in full or relative to a known one", async (scene) => {
    const many = Array.from({ length: 100 }, (_, number) => `block ${number}`);
    const first = await scene.create("f", ...many);
    const put = { op: "put" as const, file_id: first.id, base_version: first.version_id ?? "" };
    const next = many.with(50, "another");
    const second = await scene.must({ ...put, ...scene.file(...next) }, { blocks: [blockOf("another")] });
    const [versionId, baseId, unknown] = [second.version_id ?? "", first.version_id ?? "", scene.id()];
    const entries = scene.file(...many).blocks;
    const base = { nodeId: first.id as NodeId, versionId: baseId, entries };
    const lists = await scene.other.manifests([{ versionId, base }, { versionId: baseId }, { versionId: unknown }]);
    assert.deepEqual(lists.get(versionId), scene.file(...next).blocks);
    assert.deepEqual(lists.get(baseId), entries);
    assert.equal(lists.has(unknown), false);
    const gone = { ...base, versionId: unknown };
    assert.deepEqual(
      (await scene.other.manifests([{ versionId, base: gone }])).get(versionId),
      scene.file(...next).blocks,
    );
  });

  check("a version is found by its content only in the given file", async (scene) => {
    const first = await scene.create("f", "one");
    const put = { op: "put" as const, file_id: first.id, base_version: first.version_id ?? "" };
    const { blocks, ...head } = scene.file("two");
    const second = await scene.must({ ...put, ...head, blocks }, { blocks: [blockOf("two")] });
    const other = await scene.create("g", "three");
    const find = (text: string, id = first.id) => scene.other.versionWith(id as NodeId, scene.file(text).content_id);
    assert.deepEqual(await Promise.all([find("one"), find("two"), find("three"), find("three", other.id)]), [
      first.version_id,
      second.version_id,
      undefined,
      other.version_id,
    ]);
    assert.equal(await find("one", scene.id()), undefined);
  });

  check("blocks are returned in the requested order, repeated as requested", async (scene) => {
    const file = await scene.create("f", "a", "b", "c");
    const versionId = file.version_id ?? "";
    const order = ["c", "a", "a", "b", "c"];
    const wanted = order.map((text) => ({ hash: blockOf(text).hash, sizeBytes: 1, versionId }));
    const came: string[] = [];
    for await (const { bytes } of scene.other.fetchBlocks(wanted)) came.push(Buffer.from(bytes).toString());
    assert.deepEqual(came, order);
  });

  check("an unavailable block is named", async (scene) => {
    const file = await scene.create("f", "a");
    const lost = blockOf(randomBytes(8).toString("hex")).hash;
    const fetch = (hash: HashHex, versionId: string) =>
      Array.fromAsync(scene.other.fetchBlocks([{ hash, sizeBytes: 16, versionId }]));
    await rejects(fetch(lost, file.version_id ?? ""), "not_found", { hash: lost });
    const { hash } = blockOf("a");
    await rejects(fetch(hash, scene.id()), "not_found", { hash });
  });

  check("a file in the trash is put again with its history only on request", async (scene) => {
    const file = await scene.create("f", "one");
    await scene.must({ op: "delete", file_id: file.id });
    await scene.changes();
    const put = { op: "put" as const, file_id: file.id, base_version: file.version_id ?? "", ...scene.file("two") };
    const blocks = [blockOf("two")];
    assert.deepEqual(await scene.outcomes([put], { blocks }), ["trashed"]);
    const back = await scene.must({ ...put, parent_id: scene.folderId, name: "g", revive: true });
    assert.deepEqual([back.id, back.name, back.trashed_at], [file.id, "g", null]);
    const changes = await scene.changes();
    assert.deepEqual([changes[0]?.kind, changes.at(-1)?.node?.name], ["appeared", "g"]);
    assert.equal(await scene.read(back), "two");
  });

  check("a folder moved out of one trashed again is reported after the folder it moved to", async (scene) => {
    const folder = await scene.makeFolder("d");
    const inside = await scene.makeFolder("e", folder.id);
    await scene.must({ op: "delete", file_id: folder.id });
    await scene.changes();
    const back = { parent_id: scene.folderId, name: "d", revive: true };
    await scene.must({ op: "move", file_id: folder.id, ...back });
    const made = await scene.makeFolder("f");
    await scene.must({ op: "move", file_id: inside.id, parent_id: made.id, name: "e" });
    await scene.must({ op: "delete", file_id: folder.id });
    assert.deepEqual(
      (await scene.changes()).map(({ kind, id, existed }) => [kind, id, existed]),
      [
        ["gone", folder.id, undefined],
        ["changed", made.id, undefined],
        ["changed", inside.id, true],
        ["gone", folder.id, undefined],
      ],
    );
  });
}
