import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { NodeId } from "@holdfast/core/ids";
import { blockOf, rejects, serverChecks, type TestedServer } from "./server-conformance.ts";

export function testServerTree(name: string, open: () => Promise<TestedServer>): void {
  const check = serverChecks(name, open);

  check("a new node has the ID from its request everywhere", async (scene) => {
    const folder = await scene.makeFolder("d");
    const file = await scene.must(
      { op: "put", id: scene.id(), parent_id: folder.id, name: "f", ...scene.file("text"), executable: true },
      { blocks: [blockOf("text")] },
    );
    const link = await scene.must({
      op: "symlink",
      id: scene.id(),
      parent_id: scene.folderId,
      name: "l",
      target: "d/f",
    });
    assert.deepEqual([file.kind, file.executable, file.size, link.target], ["file", true, 4, "d/f"]);
    const made = [folder, file, link];
    const changes = await scene.changes();
    assert.deepEqual(
      changes.map(({ kind, id }) => `${kind} ${id}`),
      made.map(({ id }) => `changed ${id}`),
    );
    for (const [index, { node, seq }] of changes.entries()) {
      assert.deepEqual(
        [node?.revision, node?.seq, node?.parent_id],
        [made[index]?.revision, seq, made[index]?.parent_id],
      );
    }
    const below = await scene.other.listBelow(scene.folderId);
    assert.deepEqual(new Set(below.map(({ id }) => id)), new Set(made.map(({ id }) => id)));
    const seen = new Set<string>();
    for (let cursor: string | undefined, isDone = false; !isDone;) {
      const page = await scene.other.snapshot(cursor);
      for (const { id } of page.items) seen.add(id);
      assert.equal(page.epoch, scene.epoch);
      cursor = page.next_cursor ?? undefined;
      isDone = cursor === undefined;
    }
    for (const { id } of [...made, { id: scene.folderId }]) assert.ok(seen.has(id), `${id} is not in the snapshot`);
  });

  check("a repeated operation gets the first response and is not done again", async (scene) => {
    const operation = {
      op: "mkdir" as const,
      operation_id: randomBytes(16).toString("hex"),
      id: scene.id(),
      parent_id: scene.folderId,
      name: "d",
    };
    const first = await scene.send([operation]);
    const { seq } = scene;
    assert.equal(first[0]?.status, "committed");
    await scene.must({ op: "move", file_id: operation.id, parent_id: scene.folderId, name: "e" });
    const again = await scene.send([operation]);
    assert.deepEqual(again, first);
    assert.equal(scene.seq, seq + 1);
    assert.deepEqual(
      await scene.send([{ ...operation, name: "other" }]).then(([result]) => result?.code),
      "operation_reused",
    );
  });

  check("a repeated operation that was refused is evaluated again", async (scene) => {
    const taken = await scene.makeFolder("d");
    const operation = {
      op: "mkdir" as const,
      operation_id: randomBytes(16).toString("hex"),
      id: scene.id(),
      parent_id: scene.folderId,
      name: "d",
    };
    assert.equal((await scene.send([operation]))[0]?.code, "exists");
    await scene.must({ op: "delete", file_id: taken.id });
    assert.equal((await scene.send([operation]))[0]?.status, "committed");
  });

  check("9: a deletion is listed as approved only if the device says so", async (scene) => {
    const [asked, other] = [await scene.makeFolder("asked"), await scene.makeFolder("other")];
    await scene.must({ op: "delete", file_id: asked.id, approved: true });
    await scene.must({ op: "delete", file_id: other.id });
    const listed = new Map((await scene.changes()).map(({ id, kind, approved }) => [id, `${kind} ${approved}`]));
    assert.deepEqual(
      listed,
      new Map([
        [asked.id, "gone true"],
        [other.id, "gone undefined"],
      ]),
    );
  });

  check("9: approving a trashed folder lists it again as approved, and changes nothing else", async (scene) => {
    const folder = await scene.makeFolder("d");
    await scene.create("f", "text");
    const approve = { op: "approve", file_id: folder.id } as const;
    assert.deepEqual(await scene.outcomes([approve]), ["not_found"], "nobody approves what is not in the trash");
    await scene.must({ op: "delete", file_id: folder.id });
    const { token } = await scene.other.snapshot(undefined);
    await scene.must(approve);
    const { changes } = await scene.other.listChanges(token);
    assert.deepEqual(
      changes.map(({ kind, id, approved }) => [kind, id, approved]),
      [["gone", folder.id, true]],
    );
    assert.deepEqual(
      (await scene.other.listBelow(scene.folderId)).map((node) => node.name),
      ["f"],
    );
  });

  check("an operation on an outdated revision is a conflict", async (scene) => {
    const seen = await scene.create("f", "text");
    const now = await scene.must({ op: "set", file_id: seen.id, executable: true });
    const base_revision = seen.revision;
    const place = { parent_id: scene.folderId, name: "g" };
    const stale = [
      { op: "move", file_id: seen.id, ...place, base_revision },
      { op: "set", file_id: seen.id, executable: false, base_revision },
      { op: "delete", file_id: seen.id, base_revision },
    ] as const;
    assert.deepEqual(await scene.outcomes(stale), ["conflict", "conflict", "conflict"]);
    await scene.must({ op: "move", file_id: seen.id, ...place, base_revision: now.revision });
  });

  check("a node names the operation that created its content, and no later one", async (scene) => {
    const file = await scene.create("f", "text");
    const [made] = await scene.commit([{ op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "d" }]);
    assert.equal(made?.node?.operation_id, made?.operation_id);
    const { id: file_id, operation_id = "", version_id } = file;
    assert.match(operation_id ?? "", /^[0-9a-f]{32}$/);
    const moved = await scene.must({ op: "move", file_id, parent_id: scene.folderId, name: "g" });
    const put = { op: "put" as const, file_id, base_version: version_id ?? "" };
    const same = await scene.must({ ...put, ...scene.file("text"), executable: true });
    assert.deepEqual([moved.operation_id, same.operation_id, same.executable], [operation_id, operation_id, true]);
    const [other] = await scene.commit([{ ...put, ...scene.file("next") }], { blocks: [blockOf("next")] });
    assert.equal(other?.node?.operation_id, other?.operation_id);
  });

  check("names that are equal in NFC are one name", async (scene) => {
    await scene.makeFolder("caf\u00e9");
    const drafts = [{ op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "cafe\u0301" }] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["exists"]);
  });

  check("two folders swap their names in one group, but not one after the other", async (scene) => {
    const [a, b] = [await scene.makeFolder("a"), await scene.makeFolder("b")];
    const swap = [
      { op: "move", file_id: a.id, parent_id: scene.folderId, name: "b" },
      { op: "move", file_id: b.id, parent_id: scene.folderId, name: "a" },
    ] as const;
    assert.deepEqual(await scene.outcomes(swap), ["exists", "exists"]);
    assert.deepEqual(await scene.outcomes(swap.map((each) => Object.assign(each, { group: "swap" }))), [
      "committed",
      "committed",
    ]);
    const names = (await scene.other.listBelow(scene.folderId)).map((node) => [node.id, node.name]);
    assert.deepEqual(
      new Map(names as [string, string][]),
      new Map([
        [a.id, "b"],
        [b.id, "a"],
      ]),
    );
  });

  check("a group is refused as a whole if one operation is, with its reason", async (scene) => {
    const [a, b] = [await scene.makeFolder("a"), await scene.makeFolder("b")];
    await scene.changes();
    const group = "g";
    const drafts = [
      { op: "move", file_id: a.id, parent_id: scene.folderId, name: "c", group },
      { op: "move", file_id: b.id, parent_id: scene.folderId, name: "d", base_revision: a.revision, group },
      { op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "alone" },
    ] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["dependency", "conflict", "committed"]);
    assert.deepEqual(
      (await scene.changes()).map(({ id }) => id),
      [drafts[2].id],
    );
  });

  check("a name still taken at the end of a group refuses it, at the second node of that name", async (scene) => {
    const a = await scene.makeFolder("a");
    await scene.makeFolder("b");
    const drafts = [
      { op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "c", group: "g" },
      { op: "move", file_id: a.id, parent_id: scene.folderId, name: "b", group: "g" },
    ] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["dependency", "exists"]);
  });

  check("an operation on a node whose creation was refused gets dependency", async (scene) => {
    await scene.makeFolder("a");
    const id = scene.id();
    const drafts = [
      { op: "mkdir", id, parent_id: scene.folderId, name: "a" },
      { op: "mkdir", id: scene.id(), parent_id: id, name: "b" },
    ] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["exists", "dependency"]);
  });

  check("an ID cannot be used twice", async (scene) => {
    const a = await scene.makeFolder("a");
    const drafts = [{ op: "mkdir", id: a.id as NodeId, parent_id: scene.folderId, name: "b" }] as const;
    assert.notDeepEqual(await scene.outcomes(drafts), ["committed"]);
  });

  check("a folder's deletion is refused after unseen changes by others, but not after own ones", async (scene) => {
    const folder = await scene.makeFolder("d");
    const { seq } = scene;
    const inside = await scene.makeFolder("mine", folder.id);
    const own = await scene.makeFolder("also mine", folder.id);
    await scene.must({ op: "delete", file_id: own.id, seen: seq });
    await scene.must({ op: "mkdir", id: scene.id(), parent_id: inside.id, name: "theirs" }, { by: scene.other });
    const theirs = scene.seq;
    assert.deepEqual(await scene.outcomes([{ op: "delete", file_id: folder.id, seen: seq }]), ["subtree_changed"]);
    assert.deepEqual(await scene.outcomes([{ op: "delete", file_id: folder.id, seen: theirs }]), ["committed"]);
  });

  check("a trashed node, or one in a trashed folder, accepts no changes", async (scene) => {
    const folder = await scene.makeFolder("d");
    const inside = await scene.makeFolder("e", folder.id);
    await scene.must({ op: "delete", file_id: folder.id });
    const drafts = [
      { op: "mkdir", id: scene.id(), parent_id: folder.id, name: "x" },
      { op: "mkdir", id: scene.id(), parent_id: inside.id, name: "x" },
      { op: "move", file_id: inside.id, parent_id: scene.folderId, name: "x" },
      { op: "delete", file_id: folder.id },
      { op: "delete", file_id: scene.id() },
    ] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["trashed", "trashed", "trashed", "trashed", "not_found"]);
    await rejects(scene.other.listBelow(scene.id()), "not_found");
    const states = await scene.other.queryNodes([scene.folderId, folder.id as NodeId, inside.id as NodeId, scene.id()]);
    assert.deepEqual(
      states.map(({ state }) => state),
      ["live", "trashed", "trashed", "gone"],
    );
  });

  check("a folder cannot be moved into itself or below itself", async (scene) => {
    const folder = await scene.makeFolder("d");
    const inside = await scene.makeFolder("e", folder.id);
    const drafts = [
      { op: "move", file_id: folder.id, parent_id: folder.id, name: "d" },
      { op: "move", file_id: folder.id, parent_id: inside.id, name: "d" },
    ] as const;
    assert.deepEqual(await scene.outcomes(drafts), ["cycle", "cycle"]);
  });

  check("the journal lists a node in its present state, and a deleted one only as gone", async (scene) => {
    const [a, b, c] = [await scene.makeFolder("a"), await scene.makeFolder("b"), await scene.makeFolder("c")];
    const inside = await scene.makeFolder("inside", b.id);
    await scene.must({ op: "move", file_id: a.id, parent_id: scene.folderId, name: "a2" });
    await scene.must({ op: "delete", file_id: b.id });
    await scene.must({ op: "delete", file_id: c.id });
    await scene.must({ op: "move", file_id: c.id, parent_id: scene.folderId, name: "c2", revive: true });
    const listed = (await scene.changes()).map(({ kind, id, node }) => [kind, id, node?.name]);
    assert.deepEqual(listed, [
      ["changed", a.id, "a2"],
      ["gone", b.id, undefined],
      ["changed", c.id, "c2"],
      ["gone", inside.id, undefined],
      ["changed", a.id, "a2"],
      ["gone", b.id, undefined],
      ["gone", c.id, undefined],
      ["appeared", c.id, "c2"],
    ]);
  });

  check("reviving a folder restores everything below it, with one entry", async (scene) => {
    const folder = await scene.makeFolder("d");
    const inside = await scene.makeFolder("e", folder.id);
    await scene.must({ op: "delete", file_id: folder.id });
    await scene.changes();
    const back = await scene.must({
      op: "move",
      file_id: folder.id,
      parent_id: scene.folderId,
      name: "d",
      revive: true,
    });
    assert.equal(back.id, folder.id);
    assert.deepEqual(
      (await scene.changes()).map(({ kind, id }) => [kind, id]),
      [["appeared", folder.id]],
    );
    assert.deepEqual(
      (await scene.other.listBelow(folder.id as NodeId)).map(({ id }) => id),
      [inside.id],
    );
  });

  check("a node in a trashed folder is revived alone", async (scene) => {
    const folder = await scene.makeFolder("d");
    const [inside, beside] = [await scene.makeFolder("e", folder.id), await scene.makeFolder("f", folder.id)];
    await scene.must({ op: "delete", file_id: folder.id });
    await scene.changes();
    await scene.must({ op: "move", file_id: inside.id, parent_id: scene.folderId, name: "e", revive: true });
    const listed = (await scene.changes()).map(({ kind, id }) => [kind, id]);
    assert.deepEqual(listed, [["appeared", inside.id]]);
    const states = await scene.other.queryNodes([folder.id as NodeId, beside.id as NodeId, inside.id as NodeId]);
    assert.deepEqual(
      states.map(({ state }) => state),
      ["trashed", "trashed", "live"],
    );
  });

  check(
    "a node revived into trashed folders gets new folders of their names, without their other content",
    async (scene) => {
      const outer = await scene.makeFolder("outer");
      const inner = await scene.makeFolder("inner", outer.id);
      const [kept, gone] = [await scene.makeFolder("kept", inner.id), await scene.makeFolder("gone", inner.id)];
      await scene.must({ op: "delete", file_id: kept.id });
      await scene.must({ op: "delete", file_id: outer.id });
      await scene.changes();
      const back = await scene.must({ op: "move", file_id: kept.id, parent_id: inner.id, name: "kept", revive: true });
      const below = await scene.other.listBelow(scene.folderId);
      assert.deepEqual(new Set(below.map((node) => node.name)), new Set(["outer", "inner", "kept"]));
      for (const { id } of [outer, inner, gone]) assert.ok(!below.some((node) => node.id === id), id);
      assert.equal(below.find(({ id }) => id === kept.id)?.parent_id, back.parent_id);
      const again = await scene.create("text", "text");
      await scene.must({ op: "delete", file_id: again.id });
      const put = { op: "put" as const, file_id: again.id, parent_id: inner.id, name: "text", ...scene.file("text") };
      const second = await scene.must({ ...put, revive: true });
      assert.equal(second.parent_id, back.parent_id);
    },
  );

  check("a file's deletion is refused after unseen changes", async (scene) => {
    const file = await scene.create("f", "text");
    const { seq } = scene;
    await scene.must({ op: "set", file_id: file.id, executable: true }, { by: scene.other });
    assert.deepEqual(await scene.outcomes([{ op: "delete", file_id: file.id, seen: seq }]), ["subtree_changed"]);
    assert.deepEqual(await scene.outcomes([{ op: "delete", file_id: file.id, seen: scene.seq }]), ["committed"]);
  });

  check("invalid names are rejected", async (scene) => {
    const drafts = [".", "..", "a/b", "a\u0000", "a\nb", "x".repeat(256)].map((each) => {
      return { op: "mkdir" as const, id: scene.id(), parent_id: scene.folderId, name: each };
    });
    assert.deepEqual(new Set(await scene.outcomes(drafts)), new Set(["invalid_field"]));
  });

  check("an operation without effect succeeds and leaves no entry", async (scene) => {
    const file = await scene.create("f", "text");
    await scene.changes();
    const { version_id, id: file_id } = file;
    await scene.must({ op: "put", file_id, base_version: version_id ?? "", ...scene.file("text") });
    await scene.must({ op: "set", file_id, executable: false });
    await scene.must({ op: "move", file_id, parent_id: scene.folderId, name: "f" });
    assert.deepEqual(await scene.changes(), []);
  });

  check("a token and an epoch of another history are rejected with the reason", async (scene) => {
    await scene.server.changeEpoch();
    await rejects(scene.one.listChanges(scene.token), "reset", { reason: "epoch" });
    await rejects(scene.commit([{ op: "mkdir", parent_id: scene.server.rootId, name: "never" }]), "reset", {
      reason: "epoch",
    });
    const { token, epoch } = await scene.one.snapshot(undefined);
    assert.notEqual(epoch, scene.epoch);
    assert.deepEqual((await scene.one.listChanges(token)).changes, []);
  });

  check(
    "a poll ends with another device's change, immediately after an earlier one, or after its time",
    async (scene) => {
      const waiting = scene.one.poll(scene.token, 60_000);
      await scene.must({ op: "mkdir", id: scene.id(), parent_id: scene.folderId, name: "d" }, { by: scene.other });
      assert.equal(await waiting, true);
      assert.equal(await scene.one.poll(scene.token, 60_000), true);
      await scene.changes();
      assert.equal(await scene.one.poll(scene.token, 1000), false);
    },
  );
}
