import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { TestDevice } from "./testing-device.ts";
import type { ModelGrant, ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

const owner = 0;
const guest = 2;

/**
 * A right ends and returns before the server reviews its mounts. They stay, and a device finds them empty in between.
 */
describe("Mount whose folder is out of view at a request", () => {
  let databases: TestDatabases;
  before(async () => {
    databases = await startTwoTestShards({ fsync: false });
  });
  after(() => databases.stop());

  interface Scene {
    readonly world: RightsWorld;
    readonly device: TestDevice;
    readonly shared: ModelNode;
    readonly right: ModelGrant;
  }

  async function make(world: RightsWorld, parent: ModelNode, kind: "folder" | "file"): Promise<ModelNode> {
    await world.make(owner, parent, kind);
    const made = world.model.nodes.at(-1);
    assert.ok(made !== undefined);
    return made;
  }

  const follow = async ({ world, device }: Scene) => device.follow(await world.actor(guest), 5);

  async function endsWithAll(act: (scene: Scene) => Promise<void>): Promise<void> {
    const world = await RightsWorld.open(databases.shards);
    try {
      const root = world.model.nodes[owner];
      assert.ok(root !== undefined);
      const shared = await make(world, root, "folder");
      await make(world, await make(world, shared, "folder"), "file");
      await world.grant(owner, shared, guest, "editor", false);
      await world.settle();
      await world.mount(guest, shared);
      await world.settle();
      const right = [...world.model.grants].find(({ at }) => at === shared);
      assert.ok(right !== undefined);
      const scene = { world, shared, right, device: new TestDevice(world.shards) };
      await scene.device.start(await world.actor(guest), 5);
      await act(scene);
      await world.settle();
      await follow(scene);
      const fresh = new TestDevice(world.shards);
      await fresh.start(await world.actor(guest), 5);
      assert.deepEqual(scene.device.tree(), fresh.tree());
      assert.equal([...fresh.tree().values()].filter((node) => node.startsWith("file")).length, 2);
    } finally {
      await world.close();
    }
  }

  const giveAgain = ({ world, shared }: Scene) => world.grant(owner, shared, guest, "editor", false);

  test("reports nodes created before that", () =>
    endsWithAll(async (scene) => {
      const { world, shared, right } = scene;
      await make(world, shared, "file");
      await world.revoke(owner, right);
      await follow(scene);
      await giveAgain(scene);
    }));

  test("reports nodes created meanwhile", () =>
    endsWithAll(async (scene) => {
      const { world, shared, right } = scene;
      await world.revoke(owner, right);
      await follow(scene);
      await make(world, shared, "file");
      await giveAgain(scene);
    }));

  test("is listed if the device started meanwhile", () =>
    endsWithAll(async (scene) => {
      const { world, shared, right, device } = scene;
      await make(world, shared, "file");
      await world.revoke(owner, right);
      await device.start(await world.actor(guest), 5);
      await giveAgain(scene);
    }));

  test("is listed once if its permission was new", () =>
    endsWithAll(async (scene) => {
      const { world, shared } = scene;
      await make(world, shared, "file");
      const heard = await follow(scene);
      assert.ok(heard.length > 0);
      assert.ok(
        heard.every((each) => !each.startsWith("appeared")),
        heard.join(", "),
      );
    }));
});
