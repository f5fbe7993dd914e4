import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fc, seed } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import { startTwoTestShards, type TestDatabases } from "../../base/db/testing.ts";
import { listFolder } from "../../tree/read/list-folder.ts";
import { findNode, findNodeByPath, findNodes } from "../../tree/read/look-up.ts";
import { type Role, roleCovers } from "../../tree/rights/roles.ts";
import { ranks } from "../../tree/rights/space-rights.ts";
import { searchAll } from "../search/testing-search.ts";
import { TestDevice } from "./testing-device.ts";
import { isLive, type ModelNode, mountName, wayUp } from "./testing-model.ts";
import { RightsWorld } from "./testing-rights-world.ts";

let databases: TestDatabases;
before(async () => {
  databases = await startTwoTestShards({ fsync: false });
});
after(() => databases.stop());

const people = [0, 1, 2, 3] as const;
const choice = fc.record({
  op: fc.constantFrom(
    ..."folder folder file move move move trash trash restore restore".split(" "),
    ..."restore to,purge,grant,grant,grant,grant below,grant below,grant root,grant wrongly,revoke,revoke,revoke wrongly".split(
      ",",
    ),
    ..."member,member,mount,mount,mount,unmount,leave,leave,leave,leave,leave group".split(","),
  ),
  person: fc.constantFrom(...people),
  isOwner: fc.boolean(),
  node: fc.nat(60),
  other: fc.nat(60),
  to: fc.constantFrom(...people, ...people, "some", "others"),
  role: fc.constantFrom(
    "viewer" as const,
    "commenter" as const,
    "editor" as const,
    "editor" as const,
    "uploader" as const,
  ),
  expires: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  isAsked: fc.integer({ min: 0, max: 3 }).map((one) => one === 0),
});
type Choice = typeof choice extends fc.Arbitrary<infer Value> ? Value : never;

/** Long runs find more. Failures are shrunk. */
const choices = fc.array(choice, { minLength: 1, maxLength: 40, size: "max" });
const batches = fc.array(choices, { minLength: 1, maxLength: 5, size: "max" });

test("after any actions, each account's view and permissions agree with the model, and so do devices", async () => {
  const numRuns = Number(process.env["HOLDFAST_RUNS"] ?? (isLongTier ? 16 : 4));
  console.log(`replay with HOLDFAST_SEED=${seed}`);
  const limit = process.env["HOLDFAST_RUNS"] === undefined ? [fc.interruptAfterTimeLimit(60_000)] : [];
  await fc.assert(fc.asyncProperty(batches, agreesWithModel), { numRuns, plugins: limit });
});

async function agreesWithModel(all: readonly (readonly Choice[])[]): Promise<void> {
  const world = await RightsWorld.open(databases.shards);
  try {
    const devices = people.map(() => new TestDevice(world.shards));
    for (const person of people) await devices[person]!.start(await world.actor(person), 1000);
    await grow(world);
    for (const batch of all) {
      for (const each of batch) {
        await raisesNothing(world, each);
        if (each.isAsked) await follow(world, devices);
        await world.settle();
      }
      for (const person of people) {
        await agreesFor(world, person);
        await findsFor(world, person);
        await hears(world, person, devices[person]!);
      }
    }
  } finally {
    await world.close();
  }
}

async function follow(world: RightsWorld, devices: readonly TestDevice[]): Promise<void> {
  for (const person of people) await devices[person]!.follow(await world.actor(person), 1000);
}

/** Trees of two owners, one on each shard, with nodes to share. */
async function grow(world: RightsWorld): Promise<void> {
  const { nodes } = world.model;
  for (const owner of [0, 2]) {
    const root = nodes[owner]!;
    for (const parent of [root, root]) await world.make(owner, parent, "folder");
    const [first, second] = nodes.filter(({ parent }) => parent === root);
    await world.make(owner, first!, "folder");
    await world.make(owner, first!, "file");
    await world.make(owner, second!, "folder");
    await world.make(
      owner,
      nodes.find(({ parent }) => parent === first)!,
      "folder",
    );
  }
  await world.settle();
}

const always = new Set(["leave", "leave group", "grant wrongly", "revoke wrongly", "unmount"]);
const unlessOwner = new Set(["move", "trash", "restore", "restore to", "purge"]);

/**
 * No act raises the actor's own role, and leaving restores nothing that owners withheld, apart from editors' grants.
 */
async function raisesNothing(world: RightsWorld, chosen: Choice): Promise<void> {
  const { op, person, isOwner } = chosen;
  if (!always.has(op) && (isOwner || !unlessOwner.has(op))) return act(world, chosen);
  const rolesBefore = world.model.roles(person);
  await act(world, chosen);
  for (const [node, [role, ofOwners]] of world.model.roles(person)) {
    const [was, wasOfOwners] = rolesBefore.get(node) ?? [];
    const of = `${person} by ${op}: ${was} of ${node.name} is ${role}`;
    assert.ok(rankOf(role) <= rankOf(was), of);
    if (op.startsWith("leave")) assert.ok(covers(wasOfOwners, ofOwners), `${of} by what the owner gave`);
  }
}

function rankOf(role: Role | undefined): number {
  return role === undefined ? -1 : ranks[role];
}

function covers(role: Role | undefined, other: Role | undefined): boolean {
  return other === undefined || (role !== undefined && roleCovers(role, other));
}

async function act(world: RightsWorld, { op, person, isOwner, node, other, to, role, expires }: Choice): Promise<void> {
  const { nodes, grants, members } = world.model;
  const given = nodes.slice(people.length).filter((each) => !each.isPurged);
  const at = pick(given, node) ?? nodes[0]!;
  const parent = pick(
    nodes.filter(({ owner, isPurged }) => !isPurged && (op === "folder" || op === "file" || owner === at.owner)),
    other,
  )!;
  const who = isOwner ? at.owner : person;
  const grant = pick([...grants], node);
  const sharedWith = () =>
    typeof grant?.to === "number" ? grant.to : (pick([...(members.get(grant?.to ?? "") ?? [])], other) ?? person);
  const acts: Record<string, () => Promise<void> | undefined> = {
    folder: () => world.make(isOwner ? parent.owner : person, parent, "folder"),
    file: () => world.make(isOwner ? parent.owner : person, parent, "file"),
    move: () => world.move(who, at, expires ? nodes[other % people.length]! : parent),
    trash: () => world.trash(who, at),
    restore: () =>
      world.restore(
        who,
        pick(
          given.filter(({ trashedAt }) => trashedAt !== null),
          node,
        ) ?? at,
      ),
    "restore to": () =>
      world.restore(
        who,
        pick(
          given.filter(({ trashedAt }) => trashedAt !== null),
          node,
        ) ?? at,
        parent,
      ),
    purge: () => world.purge(who, at),
    grant: () => world.grant(at.owner, at, to, role, expires),
    "grant below": () => {
      const above = pick(
        [...grants].filter((each) => each.to === to),
        node,
      );
      const below = given.filter((each) => above !== undefined && each !== above.at && isWithin(each, above.at));
      const inner = pick(below, other);
      return inner === undefined ? undefined : world.grant(inner.owner, inner, to, role, false);
    },
    "grant root": () => world.grant(at.owner, nodes[at.owner]!, to, role, expires),
    "grant wrongly": () => world.grant(person, at, to, role, expires),
    revoke: () => (grant === undefined ? undefined : world.revoke(grant.at.owner, grant)),
    "revoke wrongly": () => (grant === undefined ? undefined : world.revoke(person, grant)),
    member: () => world.changeMember(node % 2 === 0 ? "some" : "others", person),
    mount: () => world.mount(sharedWith(), grant?.at ?? at),
    unmount: () => world.unmount(person, node),
    leave: () => {
      const own = pick(
        [...grants].filter((each) => each.to === person),
        node,
      );
      return own === undefined ? undefined : world.leave(person, own);
    },
    "leave group": () => world.leaveGroup(node % 2 === 0 ? "some" : "others", person),
  };
  await acts[op]?.();
}

function isWithin(node: ModelNode, folder: ModelNode): boolean {
  return [...wayUp(node)].includes(folder);
}

function pick<Value>(values: readonly Value[], index: number): Value | undefined {
  return values[index % Math.max(1, values.length)];
}

async function agreesFor(world: RightsWorld, person: number): Promise<void> {
  const { model, shards } = world;
  const actor = await world.actor(person);
  const found = await findNodes(
    shards,
    actor,
    model.nodes.map(({ id }) => id),
  );
  for (const node of model.nodes) {
    const of = `${node.name} of ${node.owner} for ${person}`;
    const seen = found.get(node.id);
    const says = seen === undefined ? "not found" : `${seen.role} ${seen.path} ${seen.row.trashed_at === null}`;
    const isSeen = model.sees(person, node);
    const expected = isSeen ? `${model.role(person, node)} ${model.path(person, node)} ${isLive(node)}` : "not found";
    assert.equal(says, expected, of);
    if (!model.shows(person, node)) continue;
    const path = model.path(person, node);
    if (node.owner === person || model.shownBy(person, node) !== undefined) {
      const byPath = await findNodeByPath(shards, actor, path);
      assert.ok([byPath.row.id, byPath.row.target].includes(node.id), `${of} at ${path} is ${byPath.row.id}`);
    }
    if (node.kind === "folder") await listsFor(world, person, node);
  }
}

/**
 * Every name has an `n`, so a search must find each visible node exactly once. Mounted folders have their mount's name.
 */
async function findsFor(world: RightsWorld, person: number): Promise<void> {
  const { model, shards } = world;
  const found = await searchAll(shards, await world.actor(person), { q: "n", limit: 3 });
  const isMount = (node: ModelNode): boolean =>
    node.owner !== person && model.shownBy(person, node) === node && model.wayInView(person, node).length === 1;
  const expected = model.nodes
    .filter((node) => node.name !== "" && model.shows(person, node) && !isMount(node))
    .map((node) => `${node.name} ${model.role(person, node)} ${model.path(person, node)}`);
  for (const node of model.mounts.get(person)!.keys()) {
    expected.push(`${mountName(node)} ${model.role(person, node)} /${mountName(node)}`);
  }
  const says = found.map(({ name, role, path }) => `${name} ${role} ${path}`);
  assert.deepEqual(says.toSorted(), expected.toSorted(), `what a search finds for ${person}`);
}

async function listsFor(world: RightsWorld, person: number, folder: ModelNode): Promise<void> {
  const { model, shards } = world;
  const actor = await world.actor(person);
  const children = (at: ModelNode) => model.nodes.filter((each) => each.parent === at && model.shows(person, each));
  const below = (at: ModelNode): ModelNode[] => [...children(at), ...children(at).flatMap(below)];
  const mounts = person === folder.owner && folder.parent === null ? [...model.mounts.get(person)!.keys()] : [];
  const says = (nodes: readonly ModelNode[]) => [
    ...nodes.map((node) => `${node.name} ${model.role(person, node)} ${model.path(person, node)}`),
    ...mounts.map((node) => `${mountName(node)} ${model.role(person, node)} /${mountName(node)}`),
  ];
  const at = await findNode(shards, actor, folder.id);
  for (const [recursive, expected] of [
    [false, says(children(folder))],
    [true, says(below(folder))],
  ] as const) {
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const asked = { recursive, limit: 4, ...(cursor === null ? {} : { cursor }) };
      const page: Awaited<ReturnType<typeof listFolder>> = await listFolder(shards, actor, at, asked);
      listed.push(...page.items.map(({ name, role, path }) => `${name} ${role} ${path}`));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const of = `${folder.name} of ${folder.owner} for ${person}${recursive ? ", with all below" : ""}`;
    assert.deepEqual(listed.toSorted(), expected.toSorted(), of);
  }
}

async function hears(world: RightsWorld, person: number, device: TestDevice): Promise<void> {
  const actor = await world.actor(person);
  await device.follow(actor, 5);
  const fresh = new TestDevice(world.shards);
  await fresh.start(actor, 5);
  const expected = treeFor(world, person);
  assert.deepEqual(fresh.tree(), expected, `what the snapshot shows ${person}`);
  assert.deepEqual(device.tree(), expected, `what the changes told ${person}`);
}

function treeFor({ model }: RightsWorld, person: number): Map<string, string> {
  const mounts = model.mounts.get(person)!;
  const tree: [string, string][] = [];
  for (const node of model.nodes) {
    const { id, kind, parent, name } = node;
    const shown = model.shownBy(person, node);
    if (!model.shows(person, node) || (node.owner !== person && (shown === undefined || shown === node))) continue;
    const folder = parent === null ? "-" : (mounts.get(parent) ?? parent.id);
    tree.push([id, `${kind} ${folder} ${name} ${model.role(person, node)}`]);
  }
  const root = model.nodes[person]!.id;
  for (const [node, id] of mounts) tree.push([id, `mount ${root} ${mountName(node)} ${model.role(person, node)}`]);
  return new Map(tree.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
