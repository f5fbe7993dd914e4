import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { fc } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { nameOnDisk } from "@holdfast/sync/model/trees";
import { IdealWorld } from "./ideal-world.ts";
import {
  type Act,
  acts,
  beginnings,
  contentsOf,
  interruptedActs,
  makeWorld,
  names,
  run,
  type Side,
  View,
} from "./testing-random-changes.ts";

/** HOLDFAST_PLANS=100000 for a long run; fast-check prints the seed of a failure. */
const numRuns = Number(process.env["HOLDFAST_PLANS"] ?? (isLongTier ? 10_000 : 250));

test("after any changes on both sides both become equal, and no plan is left", () => {
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"]), (beginning, story) => {
      const world = makeWorld(beginning);
      run(world, story);
      const last = world.settleDown();
      assert.deepEqual([...last.waiting], []);
      assert.deepEqual(world.diskTree(), world.serverTree());
    }),
    { numRuns },
  );
});

test("all content created and kept on either side is live afterwards, despite deletions and other edits", () => {
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"]), (beginning, story) => {
      const world = makeWorld(beginning);
      const old = new Set(contentsOf(world, "server").values());
      run(world, story);
      const made = [...contentsOf(world, "disk").values(), ...contentsOf(world, "server").values()].filter(
        (content) => !old.has(content),
      );
      world.settleDown();
      const live = new Set(contentsOf(world, "server").values());
      for (const content of made) assert.ok(live.has(content), `${content} is lost`);
    }),
    { numRuns },
  );
});

test("both become equal after any changes, with partial plans and unreadable items", () => {
  fc.assert(
    fc.property(beginnings, interruptedActs(["disk", "server"]), fc.boolean(), (beginning, story, tellsForms) => {
      const world = makeWorld(beginning, tellsForms ? (name) => name : nameKey);
      const old = new Set(contentsOf(world, "server").values());
      run(world, story);
      const edits = [...contentsOf(world, "disk"), ...contentsOf(world, "server")].filter(
        ([id, content]) => !old.has(content) && world.synced.get(id)?.content !== content,
      );
      const last = world.settleDown();
      assert.deepEqual([...last.waiting], []);
      assert.deepEqual(world.diskTree(), world.serverTree());
      const live = new Set(contentsOf(world, "server").values());
      for (const [, content] of edits) assert.ok(live.has(content), `${content} is lost`);
    }),
    { numRuns },
  );
});

test("a file's executable bit is as the side that flipped it left it, after any changes on both sides", () => {
  const verbs: ReadonlySet<Act["verb"]> = new Set(["edit", "chmod", "move"]);
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"]), (beginning, story) => {
      const world = makeWorld(beginning);
      const flips = new Map<NodeId, Set<Side>>();
      const bitsOf = (side: Side): Map<NodeId, boolean> =>
        new Map(new View(world, side).rows().map(([id, { executable }]) => [id, executable]));
      for (const act of story.filter(({ verb }) => verbs.has(verb))) {
        const before = { disk: bitsOf("disk"), server: bitsOf("server") };
        run(world, [act]);
        if (act.verb !== "chmod") continue;
        for (const [id, bit] of bitsOf(act.side)) {
          if (bit === before[act.side].get(id)) continue;
          const sides = flips.get(id) ?? new Set<Side>();
          flips.set(id, sides.symmetricDifference(new Set([act.side])));
        }
      }
      world.settleDown();
      assert.deepEqual(world.diskTree(), world.serverTree());
      // Files start without the bit. A bit flipped back on one side is unchanged.
      for (const [id, sides] of flips) assert.equal(world.remote.get(id)?.executable, sides.size > 0, id);
    }),
    { numRuns },
  );
});

test("with one active side the other becomes exactly equal, without any conflict", () => {
  fc.assert(
    fc.property(
      beginnings,
      fc.constantFrom<Side>("disk", "server"),
      interruptedActs(["disk"]),
      (beginning, side, story) => {
        const world = makeWorld(beginning);
        run(
          world,
          story.map((event) => ("side" in event ? { ...event, side } : event)),
        );
        const wanted = side === "disk" ? world.diskTree() : world.serverTree();
        world.settleDown();
        assert.deepEqual(world.serverTree(), wanted);
        assert.deepEqual(world.diskTree(), wanted);
      },
    ),
    { numRuns },
  );
});

test("a node deleted on one side, and not changed or moved on the other, does not come back", () => {
  fc.assert(
    fc.property(beginnings, fc.nat(30), acts(["disk", "server"]), (beginning, node, story) => {
      const world = makeWorld(beginning);
      const disk = new View(world, "disk");
      const files = disk.rows().filter(([, { kind }]) => kind === "file");
      const [id, row] = files[node % Math.max(1, files.length)] ?? [];
      if (id === undefined || row === undefined) return;
      world.local.delete(id);
      // The server may change anything except the item and its folders.
      run(
        world,
        story.filter(({ verb }) => verb === "create" || verb === "mkdir"),
      );
      world.settleDown();
      assert.ok(![...contentsOf(world, "server").values()].includes(row.content), `${row.content} is back`);
    }),
    { numRuns },
  );
});

test("on a case-folding disk both become equal too, and only a slot's first node has its own name", () => {
  const fold = (name: string): string => nameKey(name).toLowerCase();
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"], names.length), (beginning, story) => {
      const world = makeWorld(beginning, fold);
      run(world, story);
      const last = world.settleDown();
      assert.deepEqual([...last.waiting], []);
      assert.deepEqual(world.diskTree(), world.serverTree());
      const slots = Map.groupBy(world.local, ([, { parent, name }]) => `${parent}/${fold(name)}`);
      for (const nodes of slots.values()) {
        const [first, ...others] = nodes.toSorted(([one], [other]) => (one < other ? -1 : 1));
        assert.equal(first?.[1].alias, undefined);
        for (const [, { alias = "" }] of others) assert.match(alias, / \(case conflict( \d)?\)/);
      }
      const shown = [...world.local.values()].map((row) => `${row.parent}/${fold(nameOnDisk(row))}`);
      assert.equal(new Set(shown).size, shown.length);
    }),
    { numRuns },
  );
});

test("an alias ends when the other node is gone, and a new name by a person is the node's name", () => {
  const world = new IdealWorld((name) => name.toLowerCase());
  const [first, second] = [world.newId(), world.newId()];
  world.serverPut(first, { name: "readme" });
  world.serverPut(second, { name: "README" });
  world.settleDown();
  const shown = (id: NodeId): string => nameOnDisk(world.local.get(id)!);
  assert.deepEqual([shown(first), shown(second)], ["readme", "README (case conflict)"]);
  world.serverPut(first, { name: "other" });
  world.settleDown();
  assert.deepEqual([shown(first), shown(second)], ["other", "README"]);
  world.serverPut(first, { name: "readme" });
  world.settleDown();
  world.diskPut(second, { name: "mine", alias: undefined });
  world.settleDown();
  assert.deepEqual([...world.serverTree().keys()].toSorted(), ["mine", "readme"]);
});
