import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { longTest } from "@holdfast/tools/tiers";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { TestDevice } from "./testing-device.ts";
import type { ModelNode } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

const [owner, giver, reader] = [0, 1, 3] as const;

interface Mounted {
  readonly world: RightsWorld;
  readonly top: ModelNode;
  readonly inner: ModelNode;
}

async function followed(
  begin: (mounted: Mounted) => Promise<void>,
  ...acts: readonly ((mounted: Mounted) => Promise<void>)[]
): Promise<void> {
  const world = await RightsWorld.open(databases.shards);
  try {
    const { nodes } = world.model;
    const make = async (parent: ModelNode, kind: "folder" | "file") => {
      await world.make(owner, parent, kind);
      return nodes.at(-1)!;
    };
    const top = await make(nodes[owner]!, "folder");
    const inner = await make(top, "folder");
    await make(inner, "file");
    const mounted = { world, top, inner };
    await begin(mounted);
    await world.settle();
    await world.mount(reader, top);
    await world.settle();
    const device = new TestDevice(world.shards);
    await device.start(await world.actor(reader), 1000);
    for (const [index, act] of acts.entries()) {
      await act(mounted);
      await world.settle();
      await device.follow(await world.actor(reader), 1000);
      const fresh = new TestDevice(world.shards);
      await fresh.start(await world.actor(reader), 1000);
      assert.deepEqual(device.tree(), fresh.tree(), `after act ${index}`);
    }
  } finally {
    await world.close();
  }
}

for (const role of ["commenter", "uploader"] as const) {
  // Only the uploader sees nothing of the subfolder.
  const define = role === "uploader" ? test : longTest;

  define(`joining and leaving a group that is ${role} on a subfolder is reported`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, reader, "editor", false);
        await world.grant(owner, inner, "some", role, false);
      },
      ({ world }) => world.changeMember("some", reader),
      ({ world }) => world.changeMember("some", reader),
    ),
  );

  define(`a change from ${role} on a subfolder is reported`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, reader, "editor", false);
        await world.grant(owner, inner, reader, role, false);
      },
      ({ world, inner }) => world.grant(owner, inner, reader, "viewer", false),
      ({ world, inner }) => world.grant(owner, inner, reader, role, false),
      ({ world, inner }) => world.revoke(owner, grantAt(world, inner)),
    ),
  );

  define(`a permission granted by an editor above keeps the owner's grant of ${role} on a subfolder`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, giver, "editor", false);
        await world.grant(owner, top, "some", "viewer", false);
        await world.changeMember("some", reader);
        await world.grant(owner, inner, reader, role, false);
      },
      ({ world, top }) => world.grant(giver, top, reader, "editor", false),
      ({ world, top }) => world.revoke(owner, grantAt(world, top)),
    ),
  );

  define(`deleting a group that is ${role} on a subfolder is reported to its members`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, reader, "editor", false);
        await world.grant(owner, inner, "some", role, false);
        await world.changeMember("some", reader);
      },
      ({ world }) => world.endGroup("some"),
    ),
  );

  define(`an editor's grant of ${role} moves with its folder to where another applies`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, giver, "editor", false);
        await world.grant(owner, top, reader, "editor", false);
        await world.settle();
        await world.make(owner, inner, "folder");
        await world.make(owner, world.model.nodes.at(-1)!, "file");
        await world.grant(giver, world.model.nodes.at(-2)!, reader, role, false);
        await world.make(owner, top, "folder");
        await world.grant(owner, world.model.nodes.at(-1)!, reader, "viewer", false);
      },
      ({ world, inner }) => world.move(owner, inner, world.model.nodes.at(-1)!),
      ({ world, top, inner }) => world.move(owner, inner, top),
    ),
  );

  define(`an editor's grant of ${role} on a subfolder applies when the role above is lowered`, () =>
    followed(
      async ({ world, top, inner }) => {
        await world.grant(owner, top, giver, "editor", false);
        await world.grant(owner, top, reader, "editor", false);
        await world.settle();
        await world.grant(giver, inner, reader, role, false);
      },
      ({ world, top }) => world.grant(owner, top, reader, "viewer", false),
      ({ world, top }) => world.grant(owner, top, reader, "editor", false),
    ),
  );
}

function grantAt({ model }: RightsWorld, node: ModelNode) {
  return [...model.grants].find(({ at, to }) => at === node && to === reader)!;
}
