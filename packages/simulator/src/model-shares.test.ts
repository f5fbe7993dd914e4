import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { ModelServer } from "./model-server.ts";
import type { ModelRole } from "./model-shares.ts";

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

  folder(id: string, parent: string, role?: ModelRole): void {
    this.must("ada", { op: "mkdir", id, parent_id: parent, name: id });
    if (role !== undefined) this.grant(role, id);
  }

  grant(role: ModelRole | undefined, target = "docs"): void {
    this.model.grant("ada 1", target, "bob", role);
  }

  mount(role: ModelRole): string {
    this.grant(role);
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

  news(): string[] {
    const heard: string[] = [];
    for (let hasMore = true; hasMore;) {
      const page = this.model.listChanges(this.#token, "bob");
      heard.push(
        ...page.changes.map(
          ({ kind, id, node }) =>
            `${kind} ${id}${node === undefined ? "" : ` ${node.role}${node.granted ? " granted" : ""}${node.waits ? " waits" : ""}`}`,
        ),
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

test("a grant alone shows nothing; a mount is one entry, and its content is listed", () => {
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

test("a guest receives the moves in the share, with the present role", () => {
  const scene = new Scene();
  const mount = scene.mount("viewer");
  scene.news();
  scene.put("ada", "b", "docs", "second");
  scene.put("ada", "secret", scene.ownerRoot, "third");
  assert.deepEqual(scene.news(), ["changed b viewer"]);
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

test("a viewer cannot write, an editor can, and neither changes the shared folder itself or anything outside", () => {
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

test("leaving a share deletes its mount, and nothing of the owner's", () => {
  const scene = new Scene();
  const mount = scene.mount("viewer");
  scene.news();
  scene.must("bob", { op: "delete", file_id: mount });
  assert.deepEqual(scene.news(), [`gone ${mount}`]);
  assert.equal(scene.model.nodes.get("a")?.trashed, false);
  assert.deepEqual(scene.guestSees(), [scene.guestRoot]);
  assert.notEqual(scene.mount("viewer"), mount);
});

test("a revoked share, or one whose folder is in the trash, is an entry in the guest's own journal", () => {
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

test("knowing the hash of another space's block gives no access to it", () => {
  const scene = new Scene();
  scene.mount("editor");
  const hash = sha256(Buffer.from("first"));
  assert.deepEqual([...scene.model.missingBlocks([hash], "bob")], [hash]);
  assert.deepEqual([...scene.model.missingBlocks([hash], "bob", "docs")], []);
});

test("each space counts its own entries, and a page includes the position in each", () => {
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

test("the nearest grant below a mount applies, and a change of it is one entry with an unchanged revision", () => {
  const scene = new Scene();
  scene.folder("outer", "docs");
  scene.folder("inner", "outer", "editor");
  scene.put("ada", "deep", "inner", "deep");
  const mount = scene.mount("viewer");
  scene.news();
  const rolesOf = (): string[] =>
    scene.model
      .listBelow(mount as NodeId, "bob")
      .map(({ id, role, granted }) => `${id} ${role}${granted ? " granted" : ""}`);
  assert.deepEqual(rolesOf(), ["a viewer", "outer viewer", "inner editor granted", "deep editor"]);
  const { revision, seq = 0 } = scene.model.nodes.get("inner") ?? {};
  scene.grant("commenter", "inner");
  assert.deepEqual(scene.news(), ["changed inner commenter granted"]);
  assert.equal(scene.model.nodes.get("inner")?.revision, revision);
  assert.ok((scene.model.nodes.get("inner")?.seq ?? 0) > seq);
  scene.grant(undefined, "inner");
  assert.deepEqual(scene.news(), ["changed inner viewer"]);
  scene.grant("editor");
  assert.deepEqual(scene.news(), [`changed ${mount} editor`]);
  scene.grant("editor");
  assert.deepEqual(scene.news(), []);
  assert.deepEqual(rolesOf(), ["a editor", "outer editor", "inner editor", "deep editor"]);
});

test("creating or moving an item requires permission at it and at its folder, and writing only its own", () => {
  const scene = new Scene();
  scene.folder("inner", "docs", "editor");
  scene.folder("below", "inner");
  scene.put("ada", "deep", "inner", "deep");
  scene.mount("viewer");
  const move = (id: string, to: string): string =>
    scene.commit("bob", { op: "move", file_id: id, parent_id: to, name: id });
  assert.equal(move("inner", "docs"), "forbidden");
  assert.equal(scene.commit("bob", { op: "delete", file_id: "inner" }), "forbidden");
  assert.equal(move("deep", "docs"), "forbidden");
  assert.equal(move("a", "inner"), "forbidden");
  assert.equal(move("deep", "below"), "committed");
  assert.equal(scene.commit("bob", { op: "set", file_id: "deep", executable: true }), "committed");
  scene.grant("editor");
  scene.grant("viewer", "below");
  assert.equal(scene.commit("bob", { op: "set", file_id: "deep", executable: false }), "forbidden");
  assert.equal(move("deep", "docs"), "forbidden");
  assert.equal(move("below", "docs"), "forbidden");
  assert.equal(move("inner", "docs"), "committed");
});

test("an uploader sees nothing of a folder, and its content appears with a higher role", () => {
  const scene = new Scene();
  scene.folder("inner", "docs");
  scene.put("ada", "deep", "inner", "deep");
  const mount = scene.mount("editor");
  scene.news();
  scene.grant("uploader", "inner");
  assert.deepEqual(scene.news(), ["gone inner"]);
  assert.deepEqual(scene.guestSees().toSorted(), ["a", mount, scene.guestRoot].toSorted());
  assert.equal(scene.commit("bob", { op: "mkdir", id: "dropped", parent_id: "inner", name: "dropped" }), "committed");
  assert.equal(scene.commit("bob", { op: "delete", file_id: "dropped" }), "not_found");
  assert.equal(scene.commit("bob", { op: "move", file_id: "a", parent_id: "inner", name: "a" }), "not_found");
  assert.deepEqual(scene.news(), []);
  scene.must("ada", { op: "move", file_id: "a", parent_id: "inner", name: "a" });
  assert.deepEqual(scene.news(), ["gone a"]);
  scene.grant("viewer", "inner");
  assert.deepEqual(scene.news(), ["appeared inner viewer granted"]);
  scene.grant("uploader");
  assert.deepEqual(scene.news(), [`gone ${mount}`]);
});

test("an expired grant ends at its time, and is reported once it is swept", () => {
  const scene = new Scene();
  let now = 0;
  scene.model.shares.nowMs = () => now;
  scene.folder("inner", "docs");
  const mount = scene.mount("viewer");
  scene.model.grant("ada 1", "inner", "bob", "editor", 10);
  scene.model.grant("ada 1", "docs", "bob", "viewer", 20);
  scene.news();
  const mkdir = { op: "mkdir", parent_id: "inner" };
  assert.equal(scene.commit("bob", { ...mkdir, id: "one", name: "one" }), "committed");
  now = 10;
  assert.equal(scene.commit("bob", { ...mkdir, id: "two", name: "two" }), "forbidden");
  assert.deepEqual(scene.news(), ["changed one viewer"]);
  scene.model.sweep();
  assert.deepEqual(scene.news(), ["changed inner viewer"]);
  now = 20;
  scene.model.sweep();
  assert.deepEqual(scene.news(), [`gone ${mount}`]);
});

test("a move below another grant changes the mount's role, and a move out of all grants ends the mount", () => {
  const scene = new Scene();
  const mount = scene.mount("viewer");
  scene.folder("shelf", scene.ownerRoot, "editor");
  scene.folder("box", "shelf");
  const part = scene.model.mount(scene.bob, "box", { parentId: scene.guestRoot, name: "box" });
  scene.news();
  scene.must("ada", { op: "move", file_id: "box", parent_id: scene.ownerRoot, name: "box" });
  assert.deepEqual(scene.news(), [`gone ${part}`]);
  scene.must("ada", { op: "move", file_id: "docs", parent_id: "shelf", name: "docs" });
  assert.deepEqual(scene.news(), []);
  scene.grant(undefined);
  assert.deepEqual(scene.news(), [`changed ${mount} editor`]);
});

test("while its owner is suspended a mount waits, and none of its content is listed or readable", () => {
  const scene = new Scene();
  const mount = scene.mount("editor");
  const [versionId = ""] = scene.model.versions.keys();
  scene.news();
  scene.model.suspend("ada", true);
  assert.deepEqual(scene.news(), [`changed ${mount} editor waits`]);
  scene.put("ada", "b", "docs", "second");
  assert.deepEqual(scene.news(), []);
  assert.deepEqual(scene.guestSees(), [mount, scene.guestRoot]);
  assert.deepEqual(scene.model.snapshot(undefined, "bob").share_seqs, {});
  assert.throws(() => scene.model.putBlocks([], "bob", "docs"), { code: "not_found" });
  assert.equal(scene.model.manifests([{ versionId }], "bob").size, 0);
  scene.model.suspend("ada", false);
  assert.deepEqual(scene.news(), [`appeared ${mount} editor`]);
  assert.deepEqual(
    scene.model.listBelow(mount as NodeId, "bob").map(({ id }) => id),
    ["a", "b"],
  );
});
