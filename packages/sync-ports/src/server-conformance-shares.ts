import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { sha256 } from "@holdfast/core/hash";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "./ports.ts";
import { blockOf, rejects, Scene, type TestedServer } from "./server-conformance.ts";

/** Two devices of an owner, `one` and `other`, and a `guest` of another account. */
export interface TestedShares extends TestedServer {
  readonly guest: Server;
  readonly guestRootId: NodeId;
  readonly people: {
    share(folderId: string, role: "viewer" | "commenter" | "editor" | "uploader"): Promise<void>;
    unshare(folderId: string): Promise<void>;
    /** In the guest's own root. @returns the mount's id */
    mount(folderId: string, name: string): Promise<NodeId>;
    moment(): Promise<string>;
    rewind(folderId: string, moment: string): Promise<void>;
  };
}

const waitMs = 2000;
const waitsMax = 60;

/** The scene's folder contains `docs/inner/deep`. The guest has mounted `docs`. */
export class SharedScene {
  readonly scene: Scene;
  readonly tested: TestedShares;
  docs = "";
  inner = "";
  deep: NodeJson | undefined;
  mount = "" as NodeId;
  #token = "";
  #lastRole = "";
  readonly #mounts = new Set<string>();
  readonly #gone = new Set<string>();

  private constructor(tested: TestedShares, scene: Scene) {
    this.tested = tested;
    this.scene = scene;
  }

  static async make(tested: TestedShares, role: "viewer" | "editor"): Promise<SharedScene> {
    const shared = new SharedScene(tested, await Scene.make(tested));
    const { scene } = shared;
    shared.docs = (await scene.makeFolder("docs")).id;
    shared.inner = (await scene.makeFolder("inner", shared.docs)).id;
    shared.deep = await shared.put("deep", shared.inner, "deep");
    await tested.people.share(shared.docs, role);
    shared.#token = (await tested.guest.snapshot(undefined)).token;
    shared.mount = await shared.mountAt(shared.docs);
    await shared.hears([`appeared mount ${role}`]);
    return shared;
  }

  put(name: string, parent: string, text: string, by: Server = this.tested.one): Promise<NodeJson> {
    const draft = { op: "put" as const, id: this.scene.id(), parent_id: parent, name, ...this.scene.file(text) };
    return this.scene.must(draft, { by, blocks: [blockOf(text)] });
  }

  async tries(draft: Parameters<Scene["commit"]>[0][number]): Promise<string> {
    const { epoch } = await this.tested.guest.snapshot(undefined);
    const operation = { ...draft, operation_id: randomBytes(16).toString("hex") } as never;
    const { results } = await this.tested.guest.commit(epoch, [operation], []);
    return results[0]?.code ?? results[0]?.status ?? "";
  }

  /** Exactly these changes (kind, name, role, is granted) were reported since the last call, in any order. */
  async hears(expected: readonly string[]): Promise<void> {
    const heard: string[] = [];
    for (let wait = 0; wait < waitsMax && heard.length < expected.length; wait += 1) {
      heard.push(...(await this.#news()));
      if (heard.length < expected.length) await this.tested.guest.poll(this.#token, waitMs);
    }
    heard.push(...(await this.#news()));
    assert.deepEqual(heard.toSorted(), [...expected].toSorted());
  }

  async #news(): Promise<string[]> {
    const heard: string[] = [];
    for (let hasMore = true; hasMore;) {
      const page = await this.tested.guest.listChanges(this.#token);
      this.#token = page.next_token;
      hasMore = page.has_more;
      // Mounts of other scenes may be reported again, and no device knows the shared folder by its own id.
      const ofScene = page.changes.filter(
        ({ kind, id, node }) =>
          (node?.kind !== "mount" || this.#isNew(id, node.role)) && !this.#isGoneAgain(kind, id) && id !== this.docs,
      );
      heard.push(
        ...ofScene.map(
          ({ kind, id, node, rewound, approved }) =>
            `${kind} ${this.nameOf(id)}${roleText(node)}${rewound === true ? " rewound" : ""}${approved === true ? " approved" : ""}`,
        ),
      );
    }
    return heard;
  }

  #isNew(mount: string, role: string): boolean {
    const isNew = mount === this.mount && role !== this.#lastRole;
    if (isNew) this.#lastRole = role;
    return isNew;
  }

  /** Another report of an ended mount again reads as its end. */
  #isGoneAgain(kind: string, id: string): boolean {
    if (kind !== "gone" || !this.#mounts.has(id)) return false;
    const isAgain = this.#gone.has(id);
    this.#gone.add(id);
    return isAgain;
  }

  async mountAt(id: string): Promise<NodeId> {
    const mount = await this.tested.people.mount(id, randomBytes(4).toString("hex"));
    this.#mounts.add(mount);
    return mount;
  }

  nameOf(id: string): string {
    const names: Record<string, string> = { [this.mount]: "mount", [this.docs]: "docs", [this.inner]: "inner" };
    return id === this.deep?.id ? "deep" : (names[id] ?? id);
  }

  async listed(): Promise<string[]> {
    const below = await this.tested.guest.listBelow(this.mount);
    return below
      .map((node) => `${this.nameOf(node.id)} in ${this.nameOf(node.parent_id ?? "")}${roleText(node)}`)
      .toSorted();
  }
}

function roleText(node: NodeJson | undefined): string {
  if (node === undefined) return "";
  return ` ${node.role}${node.kind !== "mount" && node.granted === true ? " granted" : ""}`;
}

/** Rules 7 and 14 and invariant 11: responses for recipients of a share. */
export function testServerShares(name: string, open: () => Promise<TestedShares>): void {
  const check = (what: string, role: "viewer" | "editor", body: (shared: SharedScene) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => body(await SharedScene.make(await open(), role)));
  };

  check(
    "a mount lists its content like the snapshot, with separate sequence numbers of its space",
    "viewer",
    async (shared) => {
      const { guest } = shared.tested;
      assert.deepEqual(await shared.listed(), ["deep in inner viewer", "inner in docs viewer"]);
      const seen = new Map<string, string>();
      let seqs: Readonly<Record<string, number>> = {};
      for (let cursor: string | undefined, hasMore = true; hasMore;) {
        const page = await guest.snapshot(cursor);
        for (const node of page.items)
          seen.set(shared.nameOf(node.id), `${shared.nameOf(node.parent_id ?? "")}${roleText(node)}`);
        seqs = page.share_seqs ?? {};
        cursor = page.next_cursor ?? undefined;
        hasMore = cursor !== undefined;
      }
      assert.deepEqual([seen.get("inner"), seen.get("deep"), seen.has("docs")], ["docs viewer", "inner viewer", false]);
      assert.ok((seqs[shared.mount] ?? 0) > 0, "share_seqs lacks the mount");
      const states = await guest.queryNodes([shared.mount, shared.inner, shared.scene.folderId] as NodeId[]);
      assert.deepEqual(
        states.map(({ state }) => state),
        ["live", "live", "gone"],
      );
      assert.equal(await shared.scene.read(shared.deep as NodeJson, guest), "deep");
    },
  );

  check("changes in a share are listed for the guest, and changes beside it are not", "viewer", async (shared) => {
    const { scene, docs, inner } = shared;
    const { id } = await shared.put("new", docs, "new");
    await scene.makeFolder("beside");
    await scene.must({ op: "move", file_id: docs, parent_id: scene.folderId, name: "renamed" });
    await shared.hears([`changed ${id} viewer`]);
    await scene.must({ op: "move", file_id: inner, parent_id: scene.folderId, name: "inner" });
    await shared.hears(["gone inner"]);
    await scene.must({ op: "move", file_id: inner, parent_id: docs, name: "inner" });
    await shared.hears(["appeared inner viewer"]);
    await scene.must({ op: "delete", file_id: inner });
    await shared.hears(["gone inner"]);
  });

  check("an item that left the share and is back in it is listed as it is now", "viewer", async (shared) => {
    const { scene, docs, inner } = shared;
    const outside = (await scene.makeFolder("outside")).id;
    const between = (await scene.makeFolder("between", docs)).id;
    await shared.hears([`changed ${between} viewer`]);
    const move = (id: string, parent: string) => scene.must({ op: "move", file_id: id, parent_id: parent, name: id });
    await move(inner, outside);
    await move(outside, docs);
    await shared.hears(["changed inner viewer", `appeared ${outside} viewer`]);
    await move(inner, between);
    await move(between, scene.folderId);
    await move(inner, outside);
    await shared.hears(["changed inner viewer", `gone ${between}`, "appeared inner viewer"]);
  });

  check("9: nodes trashed by a rewind are listed as such, and restored ones appear", "viewer", async (shared) => {
    const { docs, inner, scene, tested } = shared;
    const moment = await tested.people.moment();
    const { id } = await shared.put("new", docs, "new");
    await scene.must({ op: "delete", file_id: inner });
    await shared.hears([`changed ${id} viewer`, "gone inner"]);
    const { token } = await tested.one.snapshot(undefined);
    await tested.people.rewind(docs, moment);
    await shared.hears([`gone ${id} rewound`, "appeared inner viewer"]);
    const { changes } = await tested.one.listChanges(token);
    assert.deepEqual(
      new Map(changes.map((change) => [change.id, change.rewound])),
      new Map([
        [id, true],
        [inner, undefined],
      ]),
    );
  });

  check(
    "9: an approved deletion is listed as such only for devices of the approving account",
    "editor",
    async (shared) => {
      const { docs, inner, scene } = shared;
      const { id } = await shared.put("new", docs, "new");
      await shared.hears([`changed ${id} editor`]);
      await scene.must({ op: "delete", file_id: inner, approved: true });
      await shared.hears(["gone inner"]);
      assert.equal(await shared.tries({ op: "approve", file_id: inner }), "forbidden", "only its owner may say so");
      assert.equal(await shared.tries({ op: "delete", file_id: id, approved: true }), "committed");
      await shared.hears([`gone ${id} approved`]);
    },
  );

  check(
    "14: the nearest role applies, and a change of it is one entry with an unchanged revision",
    "viewer",
    async (shared) => {
      const { inner, tested } = shared;
      const revisionOf = async (): Promise<string | undefined> =>
        (await tested.guest.listBelow(shared.mount)).find(({ id }) => id === inner)?.revision;
      const revision = await revisionOf();
      await tested.people.share(inner, "editor");
      await shared.hears(["changed inner editor granted"]);
      assert.deepEqual(await shared.listed(), ["deep in inner editor", "inner in docs editor granted"]);
      await tested.people.share(shared.docs, "commenter");
      await shared.hears(["changed mount commenter"]);
      await tested.people.share(inner, "viewer");
      await shared.hears(["changed inner viewer granted"]);
      await tested.people.unshare(inner);
      await shared.hears(["changed inner commenter"]);
      assert.equal(await revisionOf(), revision);
    },
  );

  check("14: a hidden folder is gone, and appears when it is visible again", "viewer", async (shared) => {
    await shared.tested.people.share(shared.inner, "uploader");
    await shared.hears(["gone inner"]);
    assert.deepEqual(await shared.listed(), []);
    await shared.tested.people.unshare(shared.inner);
    await shared.hears(["appeared inner viewer"]);
  });

  check("14: an ended grant is one entry for the mount, and its content is inaccessible", "editor", async (shared) => {
    const { guest, people } = shared.tested;
    const versionId = shared.deep?.version_id ?? "";
    await people.unshare(shared.docs);
    await shared.hears(["gone mount"]);
    await rejects(guest.listBelow(shared.mount), "not_found");
    assert.equal((await guest.manifests([{ versionId }])).size, 0);
    assert.equal(await shared.tries({ op: "delete", file_id: shared.inner }), "not_found");
    await people.share(shared.docs, "viewer");
    await shared.hears([]);
  });

  check("11: a viewer changes nothing, and each folder below applies its own role", "viewer", async (shared) => {
    const { docs, inner, scene, tested } = shared;
    const mkdir = (parent: string): Promise<string> =>
      shared.tries({ op: "mkdir", id: scene.id(), parent_id: parent, name: randomBytes(4).toString("hex") });
    assert.deepEqual([await mkdir(docs), await mkdir(inner)], ["forbidden", "forbidden"]);
    await rejects(tested.guest.putBlocks([blockOf("bytes of the guest")], inner as NodeId), "forbidden");
    await tested.people.share(inner, "editor");
    assert.deepEqual([await mkdir(docs), await mkdir(inner)], ["forbidden", "committed"]);
    assert.equal(await shared.tries({ op: "move", file_id: inner, parent_id: docs, name: "other" }), "forbidden");
    assert.equal(await shared.tries({ op: "delete", file_id: inner }), "forbidden");
    await tested.people.share(docs, "editor");
    await tested.people.share(inner, "viewer");
    assert.deepEqual([await mkdir(docs), await mkdir(inner)], ["committed", "forbidden"]);
    assert.equal(
      await shared.tries({ op: "move", file_id: shared.deep?.id ?? "", parent_id: docs, name: "deep" }),
      "forbidden",
    );
  });

  check(
    "11: an editable file in a read-only folder can be edited, but not moved or deleted",
    "viewer",
    async (shared) => {
      const { deep, docs, scene, tested } = shared;
      const id = deep?.id ?? "";
      await tested.people.share(id, "editor");
      await shared.hears(["changed deep editor granted"]);
      await rejects(tested.guest.putBlocks([blockOf("of the guest")], shared.inner as NodeId), "forbidden");
      await tested.guest.putBlocks([blockOf("of the guest")], id as NodeId);
      const edit = {
        op: "put" as const,
        file_id: id,
        base_version: deep?.version_id ?? "",
        ...scene.file("of the guest"),
      };
      assert.equal(await shared.tries(edit), "committed");
      assert.equal(await shared.tries({ op: "set", file_id: id, executable: true }), "committed");
      assert.equal(await shared.tries({ op: "move", file_id: id, parent_id: docs, name: "deep" }), "forbidden");
      assert.equal(await shared.tries({ op: "delete", file_id: id }), "forbidden");
    },
  );

  check(
    "7: nothing moves between spaces, and a guest cannot move or delete the shared folder itself",
    "editor",
    async (shared) => {
      const { deep, docs, scene, tested } = shared;
      const move = (id: string, parent: string): Promise<string> =>
        shared.tries({ op: "move", file_id: id, parent_id: parent, name: randomBytes(4).toString("hex") });
      const refused = await move(deep?.id ?? "", tested.guestRootId);
      assert.ok(["invalid_field", "bad_request"].includes(refused), refused);
      assert.ok(["not_found", "forbidden"].includes(await move(docs, docs)));
      assert.ok(["not_found", "forbidden"].includes(await shared.tries({ op: "delete", file_id: docs })));
      // Invisible items are reported like missing ones.
      assert.equal(await move(deep?.id ?? "", scene.folderId), await move(deep?.id ?? "", scene.id()));
      assert.equal(await move(deep?.id ?? "", docs), "committed");
    },
  );

  check(
    "7: a mount is moved and deleted in the guest's own space, without changing the owner's folder",
    "editor",
    async (shared) => {
      const { mount, scene, tested } = shared;
      const newName = randomBytes(4).toString("hex");
      assert.equal(
        await shared.tries({ op: "move", file_id: mount, parent_id: tested.guestRootId, name: newName }),
        "committed",
      );
      await shared.hears([]);
      assert.equal(await shared.tries({ op: "delete", file_id: mount }), "committed");
      await shared.hears(["gone mount"]);
      assert.deepEqual((await scene.one.listBelow(shared.docs as NodeId)).map(({ name: each }) => each).toSorted(), [
        "deep",
        "inner",
      ]);
    },
  );

  check(
    "14: a folder with its own mount is listed only there, and in the share around it once that mount is gone",
    "editor",
    async (shared) => {
      const { scene, tested } = shared;
      const side = await scene.makeFolder("side");
      await tested.people.share(side.id, "editor");
      const mount = await shared.mountAt(side.id);
      const file = await shared.put("in side", side.id, "text");
      await shared.hears([`changed ${file.id} editor`]);
      const folder = await scene.makeFolder("folder", shared.docs);
      await scene.must({ op: "move", file_id: side.id, parent_id: folder.id, name: "side" });
      const after = await shared.put("after it", shared.docs, "text");
      await shared.hears([`changed ${folder.id} editor`, `changed ${after.id} editor`]);
      assert.equal(await shared.tries({ op: "delete", file_id: folder.id }), "forbidden");
      const parents = new Map<string, string | null>();
      for (let cursor: string | undefined, hasMore = true; hasMore;) {
        const page = await tested.guest.snapshot(cursor);
        for (const { id, parent_id: parent } of page.items) parents.set(id, parent);
        cursor = page.next_cursor ?? undefined;
        hasMore = cursor !== undefined;
      }
      assert.deepEqual([parents.get(side.id), parents.get(file.id)], [folder.id, side.id]);
      assert.equal(await shared.tries({ op: "delete", file_id: mount }), "committed");
      await shared.hears([`gone ${mount}`]);
      const listed = new Map((await tested.guest.listBelow(shared.mount)).map((node) => [node.id, node.parent_id]));
      assert.deepEqual([listed.get(side.id), listed.get(file.id)], [folder.id, side.id]);
      const [first, second] = await tested.guest.queryNodes([side.id, file.id] as NodeId[]);
      assert.deepEqual([first?.state, second?.state], ["live", "live"]);
      assert.equal(await shared.tries({ op: "delete", file_id: folder.id }), "committed");
    },
  );

  check("11: knowing the hash of another space's block gives no access to it", "editor", async (shared) => {
    const { scene, tested, docs } = shared;
    await scene.create("secret", "nobody else has read this");
    const hash = sha256(Buffer.from("nobody else has read this"));
    assert.deepEqual([...(await tested.guest.missingBlocks([hash]))], [hash]);
    assert.deepEqual([...(await tested.guest.missingBlocks([hash], docs as NodeId))], [hash]);
  });
}
