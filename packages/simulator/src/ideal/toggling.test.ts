import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeId } from "@holdfast/core/ids";
import { fc } from "@holdfast/tools/properties";
import { IdealWorld } from "./ideal-world.ts";
import { plan } from "@holdfast/sync/plan/plan";
import type { Plan } from "@holdfast/sync/plan/plan-types";
import { settle } from "@holdfast/sync/plan/settle";
import { type ContentKey, isLive, type LocalRow, type Place } from "@holdfast/sync/model/trees";
import { applyRules, wake } from "@holdfast/sync/rules/dormancy";
import { Rules } from "@holdfast/sync/rules/rules";
import { noMissingFeatures } from "@holdfast/sync/model/missing-features";
import { Visibility, visibleTrees } from "@holdfast/sync/rules/visibility";

/** Ideal world with rules. Hidden items without a base are on the disk and in no tree. */
class HidingWorld extends IdealWorld {
  rules = new Rules("", []);
  readonly dormant = new Map<NodeId, true>();
  readonly #asleep = new Map<NodeId, LocalRow>();

  toggle(rules: Rules): void {
    this.rules = rules;
    this.#forgetHidden();
    const { local, synced, dormant } = applyRules(this, rules, {
      makeNodeId: () => this.newId(),
      missingFeatures: noMissingFeatures,
    });
    for (const [id, row] of local) {
      const before = this.local.get(id);
      if (
        row === undefined &&
        before !== undefined &&
        ![...local.values()].some((each) => each?.name === before.name)
      ) {
        this.#asleep.set(id, before);
      }
      put(this.local, id, row);
    }
    for (const [id, row] of synced) put(this.synced, id, row);
    for (const [id, is] of dormant) put(this.dormant, id, is);
    this.#look();
  }

  override plan(): Plan {
    this.#forgetHidden();
    const changes = wake(this, new Visibility(this, this.rules, noMissingFeatures));
    for (const [id, row] of changes.synced) put(this.synced, id, row);
    for (const [id, is] of changes.dormant) put(this.dormant, id, is);
    for (const [id, row] of settle(visibleTrees(this, new Visibility(this, this.rules, noMissingFeatures))).synced)
      put(this.synced, id, row);
    const visibility = new Visibility(this, this.rules, noMissingFeatures);
    const visible = visibleTrees(this, visibility);
    const seen = {
      rootId: this.rootId,
      offers: [],
      intents: this.intents,
      shares: this.shares,
      rights: this.rights,
      local: new Map(visible.local),
      remote: new Map(visible.remote),
      synced: new Map(visible.synced),
    };
    return plan(seen, {
      ...this.policy,
      holdDeletions: (planned) =>
        new Set(
          planned.flatMap(({ nodeId, side }) => {
            const isKeeper = [...this.local, ...this.#asleep].some(
              ([id, { parent }]) => parent === nodeId && !visible.local.has(id),
            );
            const keeps = side === "here" ? isKeeper : visibility.hidesIn(this.childrenOf(nodeId), nodeId);
            return keeps ? [nodeId] : [];
          }),
        ),
    });
  }

  shows(isDisk: boolean, id: NodeId): boolean {
    const visibility = new Visibility(this, this.rules, noMissingFeatures);
    return !(isDisk ? visibility.hidesLocal(id) : visibility.hidesRemote(id));
  }

  wouldShow(isDisk: boolean, place: Place): boolean {
    return !this.rules.hides(pathIn(isDisk ? this.local : this.remote, place), false);
  }

  wholeDisk(): Map<string, string> {
    this.#look();
    return this.diskTree();
  }

  /** Includes hidden items, because a disk has each name once. */
  isTakenOnDisk({ parent, name }: Place): boolean {
    return [...this.local.values(), ...this.#asleep.values()].some((row) => row.parent === parent && row.name === name);
  }

  /** Finds items that became visible, with new ids. */
  #look(): void {
    for (let found = true; found;) {
      found = false;
      for (const [id, row] of this.#asleep) {
        const isFolderThere = row.parent === this.rootId || this.local.has(row.parent);
        if (!isFolderThere || this.rules.hides(pathIn(this.local, row), row.kind === "folder")) continue;
        const fresh = this.newId();
        this.local.set(fresh, row);
        for (const [below, each] of this.#asleep)
          if (each.parent === id) this.#asleep.set(below, { ...each, parent: fresh });
        this.#asleep.delete(id);
        found = true;
      }
    }
  }

  #forgetHidden(): void {
    const visibility = new Visibility(this, this.rules, noMissingFeatures);
    const hidden = [...this.local].filter(([id]) => visibility.hidesLocal(id) && !this.synced.has(id));
    for (const [id, row] of hidden) {
      this.#asleep.set(id, row);
      this.local.delete(id);
    }
  }
}

function pathIn(rows: ReadonlyMap<NodeId, Place>, { parent, name }: Place): string {
  const folder = rows.get(parent);
  return folder === undefined ? name : `${pathIn(rows, folder)}/${name}`;
}

function put<Row>(rows: Map<NodeId, Row>, id: NodeId, row: Row | undefined): void {
  if (row === undefined) rows.delete(id);
  else rows.set(id, row);
}

const names = ["a", "b", "c.txt", "d.txt"];
const texts = ["", "a", "/b", "*.txt", "*.txt\n!d.txt", "a/b", "a/*\n!a/c.txt", "*"];
const exclusions = [[], [], ["a"], ["a/b", "c.txt"]];

interface Act {
  readonly what: "disk" | "server" | "toggle" | "rest";
  readonly verb: "create" | "mkdir" | "edit" | "move";
  readonly node: number;
  readonly folder: number;
  readonly name: number;
  readonly text: number;
  readonly excluded: number;
}

const acts = fc.array(
  fc.record<Act>({
    what: fc.constantFrom("disk", "server", "toggle", "toggle", "rest"),
    verb: fc.constantFrom("create", "create", "mkdir", "edit", "move"),
    node: fc.nat(30),
    folder: fc.nat(30),
    name: fc.nat(names.length - 1),
    text: fc.nat(texts.length - 1),
    excluded: fc.nat(exclusions.length - 1),
  }),
  { maxLength: 14 },
);

function act(world: HidingWorld, { what, verb, node, folder, name }: Act, content: ContentKey): void {
  const isDisk = what === "disk";
  const rows = isDisk ? [...world.local] : [...world.remote].filter(([id]) => isLive(world, id));
  const write = (id: NodeId, change: Parameters<IdealWorld["diskPut"]>[1]): void =>
    isDisk ? world.diskPut(id, change) : world.serverPut(id, change);
  const files = rows.filter(([, { kind }]) => kind === "file");
  if (verb === "edit") {
    const [id] = files[node % Math.max(1, files.length)] ?? [];
    if (id !== undefined) write(id, { content });
    return;
  }
  const folders = [world.rootId, ...rows.filter(([, { kind }]) => kind === "folder").map(([id]) => id)];
  const place = { parent: folders[folder % folders.length]!, name: names[name]! };
  const taken = isDisk ? new Set(world.wholeDisk().keys()) : undefined;
  const isTaken = isDisk
    ? world.isTakenOnDisk(place)
    : rows.some(([, row]) => row.parent === place.parent && row.name === place.name);
  if (isTaken || (taken?.size ?? 0) > 30) return;
  if (verb === "move") {
    // Leaving the visible area counts as a deletion, which does not happen here.
    const [id] = files[node % Math.max(1, files.length)] ?? [];
    if (id !== undefined && world.shows(isDisk, id) && world.wouldShow(isDisk, place)) write(id, place);
    return;
  }
  write(world.newId(), verb === "mkdir" ? { ...place, kind: "folder" } : { ...place, kind: "file", content });
}

test("creations and edits during rule changes delete nothing, and without rules both sides are equal", () => {
  fc.assert(
    fc.property(acts, (story) => {
      const world = new HidingWorld();
      for (const [index, each] of story.entries()) {
        if (each.what === "toggle") world.toggle(new Rules(texts[each.text]!, exclusions[each.excluded]!));
        else if (each.what === "rest") world.settleDown();
        else act(world, each, `${each.what} ${index}` as ContentKey);
      }
      world.settleDown();
      world.toggle(new Rules("", []));
      world.settleDown();
      const deletions = world.log.filter((line) => /^(?:do|send) delete/.test(line));
      assert.deepEqual(deletions, [], world.log.join("\n"));
      assert.deepEqual(world.wholeDisk(), world.serverTree());
    }),
    { numRuns: 3000 },
  );
});
