import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { fc } from "@holdfast/tools/properties";
import { folderContent, linkContent } from "@holdfast/sync/model/content";
import {
  type ContentKey,
  type DiskPlace,
  isLive,
  type LocalRow,
  nameOnDisk,
  type NodeState,
} from "@holdfast/sync/model/trees";
import type { NodeKind } from "@holdfast/sync-ports/ports";
import { IdealWorld } from "./ideal-world.ts";

export type Side = "disk" | "server";

const verbs = [
  "create",
  "mkdir",
  "edit",
  "chmod",
  "hide",
  "move",
  "move",
  "delete",
  "swap",
  "turn",
  "retype",
  "link",
  "relink",
] as const;
type Verb = (typeof verbs)[number];

export interface Act {
  readonly side: Side;
  readonly verb: Verb;
  readonly node: number;
  readonly other: number;
  readonly name: number;
}

export const plainNames = 6;
/** Names after `plainNames` differ from earlier ones in case. */
export const names = ["a", "b", "c", "d.txt", "e\u0301", "\u00e9", "A", "C", "D.txt", "D.TXT", "\u00c9"];

export function acts(sides: readonly Side[], nameCount = plainNames): fc.Arbitrary<Act[]> {
  const act = fc.record<Act>({
    side: fc.constantFrom(...sides),
    verb: fc.constantFrom(...verbs),
    node: fc.nat(30),
    other: fc.nat(30),
    name: fc.nat(nameCount - 1),
  });
  return fc.array(act, { maxLength: 9 });
}

export const beginnings = fc.array(
  fc.record({ isFolder: fc.boolean(), parent: fc.nat(30), name: fc.nat(plainNames - 1) }),
  {
    maxLength: 9,
  },
);

const makings = new Map<Act["verb"], NodeKind>([
  ["create", "file"],
  ["mkdir", "folder"],
  ["link", "symlink"],
]);

function contentOf(kind: NodeKind, content: ContentKey, target: number): ContentKey {
  if (kind === "folder") return folderContent;
  // Few targets, so that some are equal.
  return kind === "file" ? content : linkContent(`${target % 3}`);
}

export class View {
  readonly #world: IdealWorld;
  readonly side: Side;

  constructor(world: IdealWorld, side: Side) {
    this.#world = world;
    this.side = side;
  }

  rows(): [NodeId, DiskPlace & Pick<NodeState, "kind" | "content" | "executable" | "isPrivate">][] {
    const { remote, local } = this.#world;
    return this.side === "disk" ? [...local] : [...remote].filter(([id]) => isLive(this.#world, id));
  }

  do({ verb, node, other, name }: Omit<Act, "side">, content: ContentKey): void {
    const rows = this.rows();
    const [id, row] = rows[node % Math.max(1, rows.length)] ?? [];
    const folders = [this.#world.rootId, ...rows.filter(([, { kind }]) => kind === "folder").map(([folder]) => folder)];
    const place = { parent: folders[other % folders.length] ?? this.#world.rootId, name: names[name] ?? "a" };
    const made = makings.get(verb);
    if (made !== undefined) {
      if (this.#isFree(place))
        this.#put(this.#world.newId(), { ...place, kind: made, content: contentOf(made, content, other) });
    } else if (id === undefined || row === undefined) return;
    else if (verb === "edit" && row.kind === "file") this.#put(id, { content });
    else if (verb === "chmod" && row.kind === "file") this.#put(id, { executable: !row.executable });
    else if (verb === "hide" && row.kind !== "symlink") this.#put(id, { isPrivate: row.isPrivate !== true });
    else if (verb === "move" && this.#isFree(place, id) && !this.#isBelow(place.parent, id))
      this.#put(id, { ...place, alias: undefined });
    else if (verb === "delete") this.#remove(id);
    else if (verb === "retype" && row.kind !== "folder") this.#retype(id, row, "folder", folderContent);
    else if (verb === "relink" && row.kind !== "folder") this.#retype(id, row, "symlink", linkContent(`${name}`));
    else if (verb === "swap") this.#swap(id, rows[other % rows.length]?.[0] ?? id);
    else if (verb === "turn" && row.kind === "folder" && row.parent !== this.#world.rootId) this.#turn(id, row);
  }

  #retype(id: NodeId, row: DiskPlace, kind: NodeKind, content: ContentKey): void {
    this.#remove(id);
    this.#put(this.#world.newId(), { parent: row.parent, name: nameOnDisk(row), kind, content });
  }

  #turn(inner: NodeId, row: DiskPlace): void {
    const outer = this.#row(row.parent);
    const isTaken = this.rows().some(
      ([, each]) => each.parent === inner && this.#key(nameOnDisk(each)) === this.#key(nameOnDisk(row)),
    );
    if (isTaken) return;
    this.#put(inner, { parent: outer.parent, name: nameOnDisk(outer), alias: undefined });
    this.#put(row.parent, { parent: inner, name: nameOnDisk(row), alias: undefined });
  }

  #key(name: string): string {
    return (this.side === "disk" ? this.#world.slotKey : nameKey)(name);
  }

  #swap(one: NodeId, other: NodeId): void {
    if (this.#isBelow(one, other) || this.#isBelow(other, one)) return;
    const [first, second] = [this.#row(one), this.#row(other)];
    this.#put(one, { parent: second.parent, name: nameOnDisk(second), alias: undefined });
    this.#put(other, { parent: first.parent, name: nameOnDisk(first), alias: undefined });
  }

  #row(id: NodeId): DiskPlace {
    const { remote, local, rootId } = this.#world;
    return (this.side === "disk" ? local : remote).get(id) ?? { parent: rootId, name: "" };
  }

  #isFree({ parent, name }: DiskPlace, except?: NodeId): boolean {
    return !this.rows().some(
      ([id, row]) => id !== except && row.parent === parent && this.#key(nameOnDisk(row)) === this.#key(name),
    );
  }

  #isBelow(id: NodeId, above: NodeId): boolean {
    for (let at = id; at !== this.#world.rootId; at = this.#row(at).parent) if (at === above) return true;
    return false;
  }

  #put(
    id: NodeId,
    { alias, ...change }: Partial<DiskPlace & Pick<NodeState, "kind" | "content" | "executable" | "isPrivate">>,
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

export function makeWorld(
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

/** Executes only the beginning of a plan. */
interface Step {
  readonly verb: "step";
  readonly remoteMax: number;
  readonly localMax: number;
}

interface Look {
  readonly verb: "look";
  readonly node: number;
  readonly readState: LocalRow["readState"];
}

const step = fc.record<Step>({
  verb: fc.constant("step"),
  remoteMax: fc.constantFrom(0, 1, 2, Infinity),
  localMax: fc.constantFrom(0, 1, 2, Infinity),
});

const look = fc.record<Look>({
  verb: fc.constant("look"),
  node: fc.nat(30),
  readState: fc.constantFrom("known", "racy", "unsettled"),
});

/** Generates acts and partly executed plans, while parts of the disk are unreadable. */
export function interruptedActs(sides: readonly Side[], nameCount = plainNames): fc.Arbitrary<(Act | Step | Look)[]> {
  const part = fc.oneof(acts(sides, nameCount), fc.array(step, { maxLength: 2 }), fc.array(look, { maxLength: 3 }));
  return fc.array<(Act | Step | Look)[]>(part, { maxLength: 6 }).map((parts) => parts.flat());
}

/** Runs a story. Afterwards the whole disk is readable. */
export function run(world: IdealWorld, story: readonly (Act | Step | Look)[]): void {
  for (const [index, event] of story.entries()) {
    if (event.verb === "step") world.step(event.remoteMax, event.localMax);
    else if (event.verb === "look") see(world, event);
    else new View(world, event.side).do(event, `${event.side} ${index}` as ContentKey);
    hideBelow(world);
  }
  for (const [id, row] of world.local) world.local.set(id, { ...row, readState: "known" });
}

function see({ local }: IdealWorld, { node, readState }: Look): void {
  const [id, row] = [...local][node % Math.max(1, local.size)] ?? [];
  if (id !== undefined && row !== undefined) local.set(id, { ...row, readState });
}

/** Content of an unlistable folder is unreadable too. */
function hideBelow({ local }: IdealWorld): void {
  const hidden = [...local].flatMap(([id, { readState }]) => (readState === "unsettled" ? [id] : []));
  for (let folder = hidden.pop(); folder !== undefined; folder = hidden.pop()) {
    for (const [id, row] of local) {
      if (row.parent !== folder || row.readState === "unsettled") continue;
      local.set(id, { ...row, readState: "unsettled" });
      hidden.push(id);
    }
  }
}

export function contentsOf(world: IdealWorld, side: Side): Map<NodeId, ContentKey> {
  const files = new View(world, side).rows().filter(([, { kind }]) => kind !== "folder");
  return new Map(files.map(([id, { content }]) => [id, content]));
}
