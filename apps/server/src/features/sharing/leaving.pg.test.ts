import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import type { Role } from "../../tree/rights/roles.ts";
import type { Grantee, ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

const owner = 0;
const guest = 1;
const editor = 2;

describe("Leaving a share raises no role", () => {
  let databases: TestDatabases;
  let world: RightsWorld;
  let top: ModelNode;
  let inner: ModelNode;
  let innermost: ModelNode;

  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  after(() => databases.stop());

  beforeEach(async () => {
    world = await RightsWorld.open(databases.shards);
    const folderIn = async (parent: ModelNode) => {
      await world.make(owner, parent, "folder");
      return world.model.nodes.at(-1)!;
    };
    top = await folderIn(world.model.nodes[owner]!);
    inner = await folderIn(top);
    innermost = await folderIn(inner);
  });
  afterEach(() => world.close());

  const give = (at: ModelNode, role: Exclude<Role, "owner">, to: Grantee = guest, by = owner) =>
    world.grant(by, at, to, role, false);
  const roles = () => [top, inner, innermost].map((node) => world.model.role(guest, node) ?? "none");
  async function leave(at: ModelNode): Promise<void> {
    const grant = [...world.model.grants].find((each) => each.at === at && each.to === guest);
    assert.ok(grant !== undefined);
    await world.leave(guest, grant);
  }
  const join = (group: string, person = guest) => world.changeMember(group, person);

  test("with a lower permission in a folder; leaving the higher one above ends both", async () => {
    await give(top, "editor");
    await give(inner, "viewer");
    await leave(inner);
    assert.deepEqual(roles(), ["editor", "viewer", "viewer"]);
    await leave(top);
    assert.deepEqual(roles(), ["none", "none", "none"]);
  });

  test("with a viewer's permission below an uploader's, and vice versa", async () => {
    await give(top, "uploader");
    await give(inner, "viewer");
    await give(innermost, "uploader");
    await leave(inner);
    await leave(innermost);
    assert.deepEqual(roles(), ["uploader", "viewer", "uploader"]);
  });

  test("in several steps from the innermost folder outwards", async () => {
    await give(top, "editor");
    await give(inner, "viewer");
    await give(innermost, "viewer");
    await leave(innermost);
    await leave(inner);
    assert.deepEqual(roles(), ["editor", "viewer", "viewer"]);
  });

  test("with a personal permission and a group's on one folder, until the owner removes one", async () => {
    await join("some");
    await give(top, "editor", "some");
    await give(top, "viewer");
    await leave(top);
    assert.deepEqual(roles(), ["viewer", "viewer", "viewer"]);
    await world.revoke(
      owner,
      [...world.model.grants].find(({ to }) => to === "some")!,
    );
    await leave(top);
    assert.deepEqual(roles(), ["none", "none", "none"]);
  });

  test("with a permission around a limiting one and a group's above", async () => {
    await join("some");
    await give(top, "editor", "some");
    await give(inner, "editor");
    await give(innermost, "commenter");
    await leave(inner);
    assert.deepEqual(roles(), ["editor", "editor", "commenter"]);
  });

  test("with a group, for its manager, by leaving or deleting it; an administrator can do both", async () => {
    await join("some");
    await join("others");
    await give(top, "editor", "some");
    await give(inner, "viewer", "others");
    await world.leaveGroup("others", guest);
    await world.endGroup("others", guest);
    assert.deepEqual(roles(), ["editor", "viewer", "viewer"]);
    await world.leaveGroup("some", guest);
    assert.deepEqual(roles(), ["none", "viewer", "viewer"]);
    await world.leaveGroup("others", guest);
    await join("some");
    await join("others");
    await world.endGroup("others");
    assert.deepEqual(roles(), ["editor", "editor", "editor"]);
  });

  test("in the owner's own folders does not prevent leaving a group", async () => {
    await join("some", owner);
    await join("others", owner);
    await give(top, "editor", "some");
    await give(inner, "viewer", "others");
    await world.leaveGroup("others", owner);
    assert.equal(world.model.members.get("others")?.has(owner), false);
  });

  test("with grants by two editors, one of them to a group", async () => {
    for (const person of [editor, 3]) await give(top, "editor", person);
    await join("some");
    await join("some", 3);
    await give(inner, "viewer", guest, editor);
    await give(inner, "editor", "some", 3);
    assert.deepEqual(roles(), ["none", "editor", "editor"]);
    const { role } = await world.seen(guest, inner);
    assert.equal(role, "editor");
    await leave(inner);
    assert.deepEqual(roles(), ["none", "editor", "editor"]);
  });
});
