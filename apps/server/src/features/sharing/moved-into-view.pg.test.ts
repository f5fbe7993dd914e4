import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { TestDevice } from "./testing-device.ts";
import type { ModelGrant, ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

const owner = 0;
const guest = 2;

/**
 * A folder moves into a shared folder from one that is shared afterwards. A device that gets both changes at once does
 * not know its content.
 */
describe("Folder moved into view", () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  after(() => databases.stop());

  interface Scene {
    readonly world: RightsWorld;
    readonly shared: ModelNode;
    readonly hidden: ModelNode;
    readonly moved: ModelNode;
  }

  interface Hiding {
    readonly world: RightsWorld;
    readonly moved: ModelNode;
    readonly hiding: ModelGrant;
  }

  async function make(world: RightsWorld, parent: ModelNode, kind: "folder" | "file"): Promise<ModelNode> {
    await world.make(owner, parent, kind);
    const made = world.model.nodes.at(-1);
    assert.ok(made !== undefined);
    return made;
  }

  async function hearsOf(act: (scene: Scene) => Promise<void>): Promise<void> {
    const world = await RightsWorld.open(databases.shards);
    try {
      const root = world.model.nodes[owner];
      assert.ok(root !== undefined);
      const shared = await make(world, root, "folder");
      const hidden = await make(world, root, "folder");
      const moved = await make(world, hidden, "folder");
      await make(world, moved, "file");
      await world.grant(owner, shared, guest, "editor", false);
      await world.settle();
      await world.mount(guest, shared);
      await world.settle();
      const device = new TestDevice(world.shards);
      await device.start(await world.actor(guest), 5);
      await act({ world, shared, hidden, moved });
      await world.settle();
      await device.follow(await world.actor(guest), 5);
      const fresh = new TestDevice(world.shards);
      await fresh.start(await world.actor(guest), 5);
      assert.deepEqual(device.tree(), fresh.tree());
      assert.ok(
        [...device.tree().values()].some((node) => node.startsWith("file")),
        "the file is shown",
      );
    } finally {
      await world.close();
    }
  }

  test("out of a folder that is mounted afterwards", () =>
    hearsOf(async ({ world, shared, hidden, moved }) => {
      await world.grant(owner, hidden, guest, "viewer", false);
      await world.settle();
      await world.move(owner, moved, shared);
      await world.settle();
      await world.mount(guest, hidden);
    }));

  test("out of a folder that is moved into view afterwards", () =>
    hearsOf(async ({ world, shared, hidden, moved }) => {
      await world.move(owner, moved, shared);
      await world.settle();
      await world.move(owner, hidden, shared);
    }));

  test("out of a folder below one that is moved into view afterwards", () =>
    hearsOf(async ({ world, shared, hidden, moved }) => {
      const inner = await make(world, hidden, "folder");
      await world.settle();
      await world.move(owner, moved, inner);
      await world.settle();
      await world.move(owner, moved, shared);
      await world.settle();
      await world.move(owner, hidden, shared);
    }));

  for (const [how, change] of [
    ["revoked", async ({ world, hiding }: Hiding) => world.revoke(owner, hiding)],
    ["changed to viewer", async ({ world, moved }: Hiding) => world.grant(owner, moved, "some", "viewer", false)],
  ] as const) {
    test(`after a group's permission hid it, which is ${how} before the member leaves`, async () => {
      const world = await RightsWorld.open(databases.shards);
      try {
        const root = world.model.nodes[owner];
        assert.ok(root !== undefined);
        const shared = await make(world, root, "folder");
        const moved = await make(world, shared, "folder");
        await make(world, moved, "file");
        await world.changeMember("some", guest);
        await world.grant(owner, shared, guest, "editor", false);
        await world.settle();
        await world.mount(guest, shared);
        await world.settle();
        await world.grant(owner, moved, "some", "uploader", false);
        await world.settle();
        const hiding = [...world.model.grants].find(({ at }) => at === moved);
        assert.ok(hiding !== undefined);
        const device = new TestDevice(world.shards);
        await device.start(await world.actor(guest), 5);
        assert.equal(device.tree().has(moved.id), false, "it is hidden");
        await change({ world, moved, hiding });
        await world.settle();
        await world.changeMember("some", guest);
        await world.settle();
        await device.follow(await world.actor(guest), 5);
        const fresh = new TestDevice(world.shards);
        await fresh.start(await world.actor(guest), 5);
        assert.deepEqual(device.tree(), fresh.tree());
        assert.ok(device.tree().has(moved.id), "it is shown");
      } finally {
        await world.close();
      }
    });
  }

  for (const [what, hiding, given] of [
    ["shown", "uploader", "viewer"],
    ["made writable", undefined, "editor"],
  ] as const) {
    test(`${what} only by a group's permission, which is revoked before the member leaves`, async () => {
      const world = await RightsWorld.open(databases.shards);
      try {
        const root = world.model.nodes[owner];
        assert.ok(root !== undefined);
        const shared = await make(world, root, "folder");
        const moved = await make(world, shared, "folder");
        await make(world, moved, "file");
        await world.changeMember("some", guest);
        await world.grant(owner, shared, guest, "viewer", false);
        await world.settle();
        await world.mount(guest, shared);
        await world.changeMember("others", guest);
        if (hiding !== undefined) await world.grant(owner, moved, "others", hiding, false);
        await world.grant(owner, moved, "some", given, false);
        await world.settle();
        const showing = [...world.model.grants].find(({ at, to }) => at === moved && to === "some");
        assert.ok(showing !== undefined);
        const device = new TestDevice(world.shards);
        await device.start(await world.actor(guest), 5);
        const shown = device.tree().get(moved.id);
        assert.ok(shown !== undefined, "it is shown");
        await world.revoke(owner, showing);
        await world.settle();
        await world.changeMember("some", guest);
        await world.settle();
        await device.follow(await world.actor(guest), 5);
        const fresh = new TestDevice(world.shards);
        await fresh.start(await world.actor(guest), 5);
        assert.deepEqual(device.tree(), fresh.tree());
        assert.notEqual(device.tree().get(moved.id), shown);
      } finally {
        await world.close();
      }
    });
  }

  test("a grant to a group is reported only to its members, not to former ones", async () => {
    const world = await RightsWorld.open(databases.shards);
    try {
      const root = world.model.nodes[owner];
      assert.ok(root !== undefined);
      const [shared, others] = [await make(world, root, "folder"), await make(world, root, "folder")];
      await world.changeMember("some", guest);
      await world.grant(owner, shared, guest, "viewer", false);
      await world.settle();
      await world.mount(guest, shared);
      await world.changeMember("some", guest);
      await world.settle();
      const device = new TestDevice(world.shards);
      await device.start(await world.actor(guest), 5);
      await world.grant(owner, others, "some", "viewer", false);
      await world.settle();
      assert.deepEqual(await device.follow(await world.actor(guest), 5), []);
    } finally {
      await world.close();
    }
  });

  test("a move within the view is reported as a change, without a new listing", async () => {
    const world = await RightsWorld.open(databases.shards);
    try {
      const root = world.model.nodes[owner];
      assert.ok(root !== undefined);
      const shared = await make(world, root, "folder");
      const [from, to] = [await make(world, shared, "folder"), await make(world, shared, "folder")];
      const moved = await make(world, from, "folder");
      await make(world, moved, "file");
      await world.grant(owner, shared, guest, "editor", false);
      await world.settle();
      await world.mount(guest, shared);
      await world.settle();
      const device = new TestDevice(world.shards);
      await device.start(await world.actor(guest), 5);
      await world.move(owner, moved, to);
      const heard = await device.follow(await world.actor(guest), 5);
      assert.deepEqual(heard, [`changed ${moved.id}`]);
    } finally {
      await world.close();
    }
  });
});
