import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import fc from "fast-check";
import { type ContentKey, type DiskPlace, isLive, nameOnDisk } from "../trees.ts";
import { IdealWorld } from "./ideal-world.ts";

type Side = "disk" | "server";

interface Act {
  readonly side: Side;
  readonly verb: "create" | "mkdir" | "edit" | "move" | "delete" | "swap" | "retype";
  readonly node: number;
  readonly other: number;
  readonly name: number;
}

const plainNames = 6;
/** Those behind the plain ones differ from them in case. */
const names = ["a", "b", "c", "d.txt", "e\u0301", "\u00e9", "A", "C", "D.txt", "D.TXT", "\u00c9"];

function acts(sides: readonly Side[], nameCount = plainNames): fc.Arbitrary<Act[]> {
  const act = fc.record<Act>({
    side: fc.constantFrom(...sides),
    verb: fc.constantFrom("create", "mkdir", "edit", "move", "move", "delete", "swap", "retype"),
    node: fc.nat(30),
    other: fc.nat(30),
    name: fc.nat(nameCount - 1),
  });
  return fc.array(act, { maxLength: 9 });
}

const beginnings = fc.array(fc.record({ isFolder: fc.boolean(), parent: fc.nat(30), name: fc.nat(plainNames - 1) }), {
  maxLength: 9,
});

/** One side as the acts see it. */
class View {
  readonly #world: IdealWorld;
  readonly side: Side;

  constructor(world: IdealWorld, side: Side) {
    this.#world = world;
    this.side = side;
  }

  rows(): [NodeId, DiskPlace & { kind: string; content: ContentKey }][] {
    const { remote, local } = this.#world;
    return this.side === "disk" ? [...local] : [...remote].filter(([id]) => isLive(this.#world, id));
  }

  do({ verb, node, other, name }: Omit<Act, "side">, content: ContentKey): void {
    const rows = this.rows();
    const [id, row] = rows[node % Math.max(1, rows.length)] ?? [];
    const folders = [this.#world.rootId, ...rows.filter(([, { kind }]) => kind === "folder").map(([folder]) => folder)];
    const place = { parent: folders[other % folders.length]!, name: names[name]! };
    if (verb === "create" || verb === "mkdir") {
      if (!this.#isFree(place)) return;
      const kind = verb === "mkdir" ? ("folder" as const) : ("file" as const);
      this.#put(this.#world.newId(), { ...place, kind, content: kind === "file" ? content : ("" as ContentKey) });
    } else if (id === undefined || row === undefined) return;
    else if (verb === "edit" && row.kind === "file") this.#put(id, { content });
    else if (verb === "move" && this.#isFree(place, id) && !this.#isBelow(place.parent, id))
      this.#put(id, { ...place, alias: undefined });
    else if (verb === "delete") this.#remove(id);
    else if (verb === "retype" && row.kind === "file") {
      this.#remove(id);
      this.#put(this.#world.newId(), {
        parent: row.parent,
        name: nameOnDisk(row),
        kind: "folder",
        content: "" as ContentKey,
      });
    } else if (verb === "swap") this.#swap(id, rows[other % rows.length]![0]);
  }

  #swap(one: NodeId, other: NodeId): void {
    if (this.#isBelow(one, other) || this.#isBelow(other, one)) return;
    const [first, second] = [this.#row(one), this.#row(other)];
    this.#put(one, { parent: second.parent, name: nameOnDisk(second), alias: undefined });
    this.#put(other, { parent: first.parent, name: nameOnDisk(first), alias: undefined });
  }

  #row(id: NodeId): DiskPlace {
    return this.rows().find(([each]) => each === id)![1];
  }

  #isFree({ parent, name }: DiskPlace, except?: NodeId): boolean {
    const key = this.side === "disk" ? this.#world.slotKey : nameKey;
    return !this.rows().some(
      ([id, row]) => id !== except && row.parent === parent && key(nameOnDisk(row)) === key(name),
    );
  }

  #isBelow(id: NodeId, above: NodeId): boolean {
    for (let at = id; at !== this.#world.rootId; at = this.#row(at).parent) if (at === above) return true;
    return false;
  }

  #put(
    id: NodeId,
    { alias, ...change }: Partial<DiskPlace> & { kind?: "file" | "folder"; content?: ContentKey },
  ): void {
    if (this.side === "disk") this.#world.diskPut(id, { ...change, alias });
    else this.#world.serverPut(id, change);
  }

  #remove(id: NodeId): void {
    if (this.side === "server") return this.#world.serverPut(id, { trashed: true });
    for (const [child, row] of new Map(this.#world.local)) if (row.parent === id) this.#remove(child);
    this.#world.local.delete(id);
  }
}

function makeWorld(
  beginning: readonly { isFolder: boolean; parent: number; name: number }[],
  slotKey: (name: string) => string = nameKey,
): IdealWorld {
  const world = new IdealWorld(slotKey);
  const server = new View(world, "server");
  for (const [index, { isFolder, parent, name }] of beginning.entries()) {
    server.do({ verb: isFolder ? "mkdir" : "create", node: 0, other: parent, name }, `old ${index}` as ContentKey);
  }
  world.settleDown();
  return world;
}

function run(world: IdealWorld, story: readonly Act[]): void {
  for (const [index, act] of story.entries()) {
    new View(world, act.side).do(act, `${act.side} ${index}` as ContentKey);
  }
}

function contentsOf(world: IdealWorld, side: Side): Map<NodeId, ContentKey> {
  const files = new View(world, side).rows().filter(([, { kind }]) => kind === "file");
  return new Map(files.map(([id, { content }]) => [id, content]));
}

test("whatever both sides did, both become equal, and then there is nothing to plan", () => {
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"]), (beginning, story) => {
      const world = makeWorld(beginning);
      run(world, story);
      const last = world.settleDown();
      assert.deepEqual([...last.waiting], []);
      assert.deepEqual(world.diskTree(), world.serverTree());
    }),
    { numRuns: 3000 },
  );
});

test("every content that either side made and has kept is live afterwards, beside any deletion and any other edit", () => {
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
    { numRuns: 3000 },
  );
});

test("with one active side the other becomes exactly what it is, without any conflict", () => {
  fc.assert(
    fc.property(beginnings, fc.constantFrom<Side>("disk", "server"), acts(["disk"]), (beginning, side, story) => {
      const world = makeWorld(beginning);
      run(
        world,
        story.map((act) => ({ ...act, side })),
      );
      const wanted = side === "disk" ? world.diskTree() : world.serverTree();
      world.settleDown();
      assert.deepEqual(world.serverTree(), wanted);
      assert.deepEqual(world.diskTree(), wanted);
    }),
    { numRuns: 3000 },
  );
});

test("what one side deleted, and nobody changed or moved, does not come back", () => {
  fc.assert(
    fc.property(beginnings, fc.nat(30), acts(["disk", "server"]), (beginning, node, story) => {
      const world = makeWorld(beginning);
      const disk = new View(world, "disk");
      const files = disk.rows().filter(([, { kind }]) => kind === "file");
      const [id, row] = files[node % Math.max(1, files.length)] ?? [];
      if (id === undefined || row === undefined) return;
      world.local.delete(id);
      // The server's side may do anything but touch it or move what it lies in.
      run(
        world,
        story.filter(({ verb }) => verb === "create" || verb === "mkdir"),
      );
      world.settleDown();
      assert.ok(![...contentsOf(world, "server").values()].includes(row.content), `${row.content} is back`);
    }),
    { numRuns: 3000 },
  );
});

function isStuckAnywhere(beginning: Parameters<typeof makeWorld>[0], story: readonly Act[]): boolean {
  const world = makeWorld(beginning);
  run(world, story);
  return world.settleDown().waiting.size > 0;
}

test("on a disk that folds case both become equal too, and of one slot's nodes only the first made has its own name", () => {
  const fold = (name: string): string => nameKey(name).toLowerCase();
  fc.assert(
    fc.property(beginnings, acts(["disk", "server"], names.length), (beginning, story) => {
      const world = makeWorld(beginning, fold);
      run(world, story);
      const last = world.settleDown();
      // A swap with a folder that the server threw away may wait for ever, on any disk.
      if (last.waiting.size > 0) return assert.ok(isStuckAnywhere(beginning, story));
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
    { numRuns: 3000 },
  );
});

test("an alias ends when the other is gone, and a name that a person gives to it is its name", () => {
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
