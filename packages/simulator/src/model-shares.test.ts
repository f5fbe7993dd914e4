import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { ModelServer } from "./model-server.ts";

/** An owner with the folder `docs`, in which is `a.txt`, and a guest. */
class Scene {
  readonly model = new ModelServer();
  readonly ownerRoot = this.model.addAccount("ada");
  readonly guestRoot = this.model.addAccount("bob");
  #token = "";
  #count = 0;

  constructor() {
    this.must("ada", { op: "mkdir", id: "docs", parent_id: this.ownerRoot, name: "docs" });
    this.put("ada", "a", "docs", "first");
    this.#token = this.model.snapshot(undefined, "bob").token;
  }

  mount(role: "viewer" | "editor"): string {
    this.model.grant("ada 1", "docs", "bob", role);
    return this.model.mount(this.bob, "docs", { parentId: this.guestRoot, name: "from ada" });
  }

  get bob() {
    return { device: "bob 1", account: "bob" };
  }

  commit(account: string, draft: object): string {
    this.#count += 1;
    const operation = { operation_id: String(this.#count).padStart(32, "0"), ...draft } as BatchOperationInput;
    const { results } = this.model.commit(`${account} 1`, this.model.epoch, [operation], [], account);
    return results[0]?.code ?? results[0]?.status ?? "";
  }

  must(account: string, draft: object): void {
    assert.equal(this.commit(account, draft), "committed");
  }

  put(account: string, id: string, parent: string, text: string): void {
    const into = this.model.nodes.has(parent) ? parent : undefined;
    const bytes = Buffer.from(text);
    const entries = [{ hash: sha256(bytes), size: bytes.length }];
    this.model.putBlocks(
      entries.map(({ hash }) => ({ hash, bytes })),
      account,
      into,
    );
    const content = { size: bytes.length, content_id: contentIdOf(entries), blocks: entries };
    this.must(account, { op: "put", id, parent_id: parent, name: `${id}.txt`, ...content });
  }

  /** What the guest hears of since it was asked last. */
  news(): string[] {
    const heard: string[] = [];
    for (let hasMore = true; hasMore;) {
      const page = this.model.listChanges(this.#token, "bob");
      heard.push(
        ...page.changes.map(({ kind, id, node }) => `${kind} ${id}${node === undefined ? "" : ` ${node.role}`}`),
      );
      this.#token = page.next_token;
      hasMore = page.has_more;
    }
    return heard;
  }

  guestSees(): string[] {
    return this.model.snapshot(undefined, "bob").items.map(({ id }) => id);
  }
}

test("a grant alone shows nothing; a mount is one entry, and what it shows is listed", () => {
  const scene = new Scene();
  scene.model.grant("ada 1", "docs", "bob", "viewer");
  assert.deepEqual(scene.news(), []);
  const mount = scene.mount("viewer");
  assert.deepEqual(scene.news(), [`appeared ${mount} viewer`]);
  const below = scene.model.listBelow(mount as NodeId, "bob");
  assert.deepEqual(
    below.map(({ id, parent_id, role }) => [id, parent_id, role]),
    [["a", "docs", "viewer"]],
  );
});

test("what a guest hears of is what moves in the share, with the role as it is now", () => {
  const scene = new Scene();
  const mount = scene.mount("viewer");
  scene.news();
  scene.put("ada", "b", "docs", "second");
  scene.put("ada", "secret", scene.ownerRoot, "third");
  assert.deepEqual(scene.news(), ["appeared b viewer"]);
  scene.must("ada", { op: "move", file_id: "a", parent_id: scene.ownerRoot, name: "a.txt" });
  scene.must("ada", { op: "move", file_id: "docs", parent_id: scene.ownerRoot, name: "renamed" });
  assert.deepEqual(scene.news(), ["gone a"]);
  scene.model.grant("ada 1", "docs", "bob", "editor");
  assert.deepEqual(scene.news(), [`changed ${mount} editor`]);
  assert.deepEqual(scene.model.queryNodes(["a", "secret", "docs"] as NodeId[], "bob"), [
    { id: "a", state: "gone" },
    { id: "secret", state: "gone" },
    { id: "docs", state: "gone" },
  ]);
});

test("a viewer is forbidden to write, an editor is not, and neither touches the shared folder itself or what is outside", () => {
  const scene = new Scene();
  scene.mount("viewer");
  const mkdir = { op: "mkdir", id: "new", parent_id: "docs", name: "new" };
  assert.equal(scene.commit("bob", mkdir), "forbidden");
  assert.equal(scene.commit("bob", { op: "delete", file_id: "a" }), "forbidden");
  assert.throws(() => scene.model.putBlocks([], "bob", "docs"), { code: "forbidden" });
  scene.model.grant("ada 1", "docs", "bob", "editor");
  assert.equal(scene.commit("bob", mkdir), "committed");
  assert.equal(scene.commit("bob", { op: "delete", file_id: "docs" }), "not_found");
  assert.equal(scene.commit("bob", { op: "mkdir", id: "x", parent_id: scene.ownerRoot, name: "x" }), "not_found");
  assert.equal(scene.commit("bob", { op: "move", file_id: "a", parent_id: scene.guestRoot, name: "a" }), "bad_request");
});

test("to leave a share is to delete its mount, and deletes nothing of the owner's", () => {
  const scene = new Scene();
  const mount = scene.mount("viewer");
  scene.news();
  scene.must("bob", { op: "delete", file_id: mount });
  assert.deepEqual(scene.news(), [`gone ${mount}`]);
  assert.equal(scene.model.nodes.get("a")?.trashed, false);
  assert.deepEqual(scene.guestSees(), [scene.guestRoot]);
  assert.notEqual(scene.mount("viewer"), mount);
});

test("a share that was revoked, or whose folder is in the trash, is an entry in the guest's own journal", () => {
  for (const end of ["revoke", "trash"]) {
    const scene = new Scene();
    const mount = scene.mount("editor");
    const [versionId = ""] = scene.model.versions.keys();
    assert.equal(scene.model.manifests([{ versionId }], "bob").size, 1);
    scene.news();
    if (end === "revoke") scene.model.grant("ada 1", "docs", "bob", undefined);
    else scene.must("ada", { op: "delete", file_id: "docs" });
    assert.deepEqual(scene.news(), [`gone ${mount}`]);
    assert.deepEqual(scene.guestSees(), [scene.guestRoot]);
    assert.equal(scene.model.manifests([{ versionId }], "bob").size, 0);
    assert.equal(scene.commit("bob", { op: "delete", file_id: "a" }), "not_found");
  }
});

test("a block of another space is not there for who only knows its hash", () => {
  const scene = new Scene();
  scene.mount("editor");
  const hash = sha256(Buffer.from("first"));
  assert.deepEqual([...scene.model.missingBlocks([hash], "bob")], [hash]);
  assert.deepEqual([...scene.model.missingBlocks([hash], "bob", "docs")], []);
});

test("each space counts its own entries, and a page says up to where it tells of each", () => {
  const scene = new Scene();
  const mount = scene.mount("editor");
  const { seq, share_seqs } = scene.model.snapshot(undefined, "bob");
  assert.deepEqual([seq, share_seqs], [1, { [mount]: 2 }]);
  const numbers = Map.groupBy(scene.model.journal, ({ space }) => space);
  for (const entries of numbers.values())
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      entries.map((_, index) => index + 1),
    );
});
