import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { openOwners, type Owner, type Owners } from "../../features/sharing/testing-owners.ts";
import { checkInvariants } from "../testing/invariants.ts";

describe("Stand-in for a trashed folder", () => {
  let owners: Owners;
  let ann: Owner;
  let bob: Owner;
  let carol: Owner;
  before(async () => void (owners = await openOwners()));
  after(() => owners?.close());
  beforeEach(async () => {
    [ann, bob, carol] = await Promise.all([owners.sign(3), owners.sign(4), owners.sign(5)]);
  });

  async function remove(...nodes: readonly { readonly id: string }[]): Promise<void> {
    for (const { id } of nodes) await owners.commit(ann, { op: "delete", fileId: id });
  }
  const restore = (who: Owner, { id }: { readonly id: string }) => owners.commit(who, { op: "restore", fileId: id });
  const share = ({ id }: { readonly id: string }, role: "editor" | "viewer" | "uploader", { userId }: Owner) =>
    owners.give(ann, id, { role, grantee_id: userId });
  const names = async (id: string) => (await owners.namesIn(ann, id)).map(({ name }) => name);
  const check = () => checkInvariants(owners.dbOf(ann), ann.spaceId);

  test("becomes independent when it is moved, which keeps its content out of the restored folder", async () => {
    const [outer, safe] = [await owners.mkdir(ann, "outer"), await owners.mkdir(ann, "safe")];
    const inner = await owners.mkdir(ann, "inner", outer.id);
    const file = await owners.put(ann, "file", "x", inner.id);
    await share(outer, "viewer", bob);
    await remove(file, inner);
    const standIn = (await restore(ann, file)).parent_id ?? "";
    await owners.commit(ann, { op: "move", fileId: standIn, place: { parentId: safe.id } });
    await owners.put(ann, "secret", "x", standIn);
    await restore(ann, inner);
    assert.deepEqual(await names(inner.id), []);
    assert.deepEqual(await names(standIn), ["file", "secret"]);
    await check();
  });

  test("is private like its folder, and is made in the root if a folder above is private", async () => {
    const make = (name: string, parentId = "root") =>
      owners.commit(ann, { op: "mkdir", place: { parentId, name }, private: true });
    const [outer, open] = [await make("outer"), await owners.mkdir(ann, "open")];
    const inner = await owners.mkdir(ann, "inner", outer.id);
    const shared = await owners.mkdir(ann, "shared", outer.id);
    await share(shared, "viewer", bob);
    const files = [];
    for (const { id } of [outer, open, inner, shared]) files.push(await owners.put(ann, "file", "x", id));
    await remove(...files, outer, open);
    const standIns = [];
    for (const file of files) {
      const { parent_id } = await restore(ann, file);
      standIns.push(await owners.commit(ann, { op: "set", fileId: parent_id ?? "" }));
    }
    assert.deepEqual(
      standIns.map(({ path, private: isPrivate }) => [path, isPrivate]),
      [
        ["/outer", true],
        ["/open", false],
        ["/outer/inner", false],
        ["/shared", true],
      ],
    );
    await check();
  });

  test("is private like its folder, also when it is made for a new item", async () => {
    const outer = await owners.commit(ann, { op: "mkdir", place: { name: "closed" }, private: true });
    const inner = await owners.mkdir(ann, "inner", outer.id);
    await remove(outer);
    await owners.commit(ann, { op: "mkdir", place: { parentId: inner.id, name: "new" }, revive: true });
    const above = (await owners.namesIn(ann, ann.rootId)).find(({ name }) => name === "closed");
    assert.ok(above !== undefined && above.id !== outer.id);
    assert.equal((await owners.commit(ann, { op: "set", fileId: above.id })).private, true);
    await check();
  });

  test("becomes independent when it is shared, and nothing more is restored into it", async () => {
    const folder = await owners.mkdir(ann, "folder");
    const [first, second] = [
      await owners.put(ann, "first", "x", folder.id),
      await owners.put(ann, "second", "x", folder.id),
    ];
    await remove(first, second, folder);
    const standIn = (await restore(ann, first)).parent_id ?? "";
    await share({ id: standIn }, "viewer", bob);
    const restored = await restore(ann, second);
    assert.notEqual(restored.parent_id, standIn);
    assert.equal(restored.path, "/folder (restored)/second");
    await restore(ann, folder);
    assert.deepEqual(await names(standIn), ["first"]);
    assert.deepEqual(await names(folder.id), ["second"]);
    await check();
  });

  test("keeps content made in it if the restored folder is visible to others", async () => {
    const inner = await owners.mkdir(ann, "inner", (await owners.mkdir(ann, "outer")).id);
    const file = await owners.put(ann, "file", "x", inner.id);
    await share(inner, "viewer", bob);
    await remove(file, inner);
    const standIn = (await restore(ann, file)).parent_id ?? "";
    await owners.put(ann, "secret", "x", standIn);
    await restore(ann, inner);
    assert.deepEqual(await names(inner.id), ["file"]);
    assert.deepEqual(await names(standIn), ["secret"]);
    await check();
  });

  test("is not made in a shared root if another account may do less in the folder than in the root", async () => {
    const folder = await owners.mkdir(ann, "folder");
    const file = await owners.put(ann, "file", "x", folder.id);
    await share({ id: ann.rootId }, "editor", bob);
    await share(folder, "uploader", bob);
    await remove(file, folder);
    await assert.rejects(restore(ann, file), { code: "trashed" });
    await restore(ann, folder);
    assert.equal((await restore(ann, file)).path, "/folder/file");
    await check();
  });

  test("contains late edits and new items of a folder with its own permissions", async () => {
    const outer = await owners.mkdir(ann, "outer");
    const inner = await owners.mkdir(ann, "inner", outer.id);
    const deep = await owners.mkdir(ann, "deep", inner.id);
    const file = await owners.put(ann, "file", "x", deep.id);
    await share(outer, "editor", bob);
    await share(inner, "uploader", bob);
    await remove(inner);
    // A new folder of the same name may have wider permissions than the deleted one.
    const other = await owners.mkdir(ann, "inner", outer.id);
    const put = { op: "put" as const, content: await owners.content(ann, "y"), revive: true };
    assert.equal((await owners.commit(ann, { ...put, fileId: file.id })).path, "/inner/deep/file");
    const beside = { ...put, place: { parentId: inner.id, name: "new" } };
    assert.equal((await owners.commit(ann, beside)).path, "/inner/new");
    const folder = { op: "mkdir" as const, place: { parentId: deep.id, name: "folder" }, revive: true };
    assert.equal((await owners.commit(ann, folder)).path, "/inner/deep/folder");
    assert.deepEqual(await names(other.id), []);
    const asBob = { ...put, fileId: file.id, content: { sizeBytes: 0, blocks: [] } };
    await assert.rejects(owners.commit(bob, asBob), { code: "not_found" });
    await check();
  });

  test("contains late edits if another folder with that name is shared", async () => {
    const folder = await owners.mkdir(ann, "folder");
    const files = [await owners.put(ann, "one", "x", folder.id), await owners.put(ann, "two", "x", folder.id)];
    await remove(folder);
    const other = await owners.mkdir(ann, "folder");
    await share(other, "viewer", bob);
    const content = await owners.content(ann, "y");
    for (const { id, name } of files) {
      const { path } = await owners.commit(ann, { op: "put", fileId: id, content, revive: true });
      assert.equal(path, `/folder (restored)/${name}`);
    }
    assert.deepEqual(await names(other.id), []);
    await check();
  });

  test("is not made for a late edit in a shared root", async () => {
    const folder = await owners.mkdir(ann, "folder");
    const file = await owners.put(ann, "file", "x", folder.id);
    await share({ id: ann.rootId }, "editor", bob);
    await share(folder, "uploader", bob);
    await remove(folder);
    const content = await owners.content(ann, "y");
    await assert.rejects(owners.commit(ann, { op: "put", fileId: file.id, content, revive: true }), {
      code: "trashed",
    });
    await check();
  });

  test("stays beside the folder if an editor who cannot see it restores the folder", async () => {
    const outer = await owners.mkdir(ann, "outer");
    const inner = await owners.mkdir(ann, "inner", outer.id);
    const file = await owners.put(ann, "file", "x", inner.id);
    await share(outer, "editor", bob);
    await share(inner, "editor", carol);
    await remove(file, inner);
    const standIn = (await restore(ann, file)).parent_id ?? "";
    await restore(bob, inner);
    assert.deepEqual(await names(outer.id), ["inner"]);
    assert.deepEqual(await names(standIn), ["file"]);
    await check();
  });
});
