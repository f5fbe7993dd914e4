import { contentIdOf } from "@holdfast/core/manifest";
import { nameKey } from "@holdfast/core/names";
import { hiddenContents, shownOf } from "./hidden-oracle.ts";
import { aliased, sameButNames, shownNames } from "./shown-names.ts";
import { describeNode, isLiveNode, lineage, type ModelNode, type Nodes } from "./model-tree.ts";
import { seenTree } from "./person.ts";
import {
  checkRights,
  checkWaiting,
  isWithin,
  keptContents,
  takenPaths,
  viewOf,
  waitingPaths,
  withoutOwnPrivacy,
  withTaken,
} from "./share-oracle.ts";
import type { World } from "./world.ts";
import type { Device } from "./world-state.ts";

/**
 * Checks the invariants of the idle state; 2 and 8 are checked at every step, 9 by the story. For 5 and 6: the changes
 * of one active person are exactly the result, so nothing returned and there is no conflicted copy.
 * @param alone tree left by the only active person, if there was one
 * @param fresh new public items in it; one that replaces a private item becomes private
 */
export function checkRest(
  world: World,
  alone: ReadonlyMap<string, string> | undefined,
  fresh = new Set<string>(),
): void {
  if (world.hasShares) return checkShared(world, alone);
  const server = serverTree(world.model.nodes);
  for (const device of world.devices) {
    const { name } = device;
    const expected = world.foldsCase(name) ? serverTree(shownNames(world.model.nodes)) : server;
    const bits = world.hasBits(name) ? expected : withoutBits(expected);
    compareShown(world, device, world.hasPrivateModes(name) ? bits : withoutPrivacy(bits));
  }
  if (alone !== undefined) {
    const hasAllModes = world.devices.every(({ name }) => world.hasPrivateModes(name));
    const normalized = (tree: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
      const seen = hasAllModes ? withoutPrivacyOf(tree, fresh) : withoutPrivacy(tree);
      return world.hasConfusableNames ? sameButNames(seen) : seen;
    };
    const [left, kept] = [normalized(alone), normalized(server)];
    const hasAllBits = world.devices.every(({ name }) => world.hasBits(name));
    const [one, other] = hasAllBits ? [left, kept] : [withoutBits(left), withoutBits(kept)];
    compare(world, "what the only active one left / server", one, other);
  }
  checkNames(world);
  const kept = keptInHistory(world);
  checkContents(world, world.isSelective ? kept.union(hiddenContents(world)) : kept);
  checkTree(world);
  checkServer(world);
}

/** Checks invariant 1. */
function compareShown(world: World, device: Device, expected: ReadonlyMap<string, string>): void {
  const seen = seenTree(device.root);
  const [one, other] = world.isSelective ? shownOf(device, seen, expected) : [seen, expected];
  compare(world, `${device.name} / server`, one, other);
}

/** Checks shares: each account has its own view, which reports waiting items. */
function checkShared(world: World, alone: ReadonlyMap<string, string> | undefined): void {
  for (const device of world.devices) {
    checkWaiting(world, device);
    const waiting = waitingPaths(device);
    const taken = takenPaths(world, device);
    const view = withTaken(world, device, { view: viewOf(world.model, device.account), taken });
    // A new item at a taken name is on this device only.
    const isNew = (path: string): boolean => taken.some((each) => isWithin(path, each) && !view.has(each));
    const withoutWaiting = (tree: ReadonlyMap<string, string>) =>
      new Map([...tree].filter(([path]) => !waiting.has(path) && !isNew(path)));
    const comparable = (tree: ReadonlyMap<string, string>) =>
      withoutOwnPrivacy(world.model, device.account, { tree, view });
    compare(world, `${device.name} / server`, withoutWaiting(comparable(seenTree(device.root))), withoutWaiting(view));
    if (device.isActive && alone !== undefined)
      compare(world, "what the only active one left / server", comparable(alone), view);
  }
  checkContents(world, keptContents(world).union(keptInHistory(world)));
  checkTree(world);
  checkServer(world);
  checkRights(world);
}

function withoutBits(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...tree].map(([path, what]) => [path.replace(/ x$/, ""), what.replace(/ x( p)?$/, "$1")]));
}

function withoutPrivacy(tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...tree].map(([path, what]) => [path, what.replace(/ p$/, "")]));
}

function withoutPrivacyOf(tree: ReadonlyMap<string, string>, some: ReadonlySet<string>): Map<string, string> {
  const bare = withoutPrivacy(tree);
  return new Map(
    [...tree].map(([path, what]) => [path, some.has(bare.get(path) ?? "") ? (bare.get(path) ?? "") : what]),
  );
}

/** Checks invariant 1. */
function compare(
  world: World,
  what: string,
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): void {
  for (const path of new Set([...one.keys(), ...other.keys()])) {
    if (one.get(path) === other.get(path)) continue;
    world.violate(`${what} differ at ${path}: ${one.get(path) ?? "nothing"} / ${other.get(path) ?? "nothing"}`);
  }
}

/** A disk's case alias is on the server only if a person also gave that name. */
function checkNames(world: World): void {
  for (const { name } of liveNodes(world.model.nodes)) {
    const original = name.replace(/ \([^()]*'s conflicted copy [^()]*\)/, "");
    const isGiven = world.devices.some(({ root }) => root.given.has(name) || root.given.has(original));
    if (aliased.test(name) && !isGiven) world.violate(`the server has the name ${name}, which nobody gave`);
  }
}

/**
 * Returns contents in the history. Devices that knew different versions after the restored one may both be right. Bytes
 * of a conflict may also be replaced in their copy by a later one of the same file.
 */
function keptInHistory({ model, wasRestored }: World): Set<string> {
  const versions = wasRestored ? [...model.versions.values()].map((entries) => contentIdOf(entries)) : [];
  return model.copied.union(new Set(versions));
}

/** Checks invariants 3 and 4. */
function checkContents(world: World, kept: ReadonlySet<string>): void {
  const { model, ledger } = world;
  const live = new Set(liveNodes(model.nodes).map(({ contentId }) => contentId));
  for (const content of ledger.mustLive) {
    if (!live.has(content) && !kept.has(content))
      world.violate(`nobody replaced or deleted ${content.slice(0, 12)}, and it is not live`);
  }
  for (const content of live) {
    if (content !== null && !ledger.states.has(content))
      world.violate(`${content.slice(0, 12)} is live and never was a state`);
  }
}

/** Checks invariant 7. */
function checkTree(world: World): void {
  const names = new Set<string>();
  for (const { parentId, name } of liveNodes(world.model.nodes)) {
    const claim = `${parentId}/${nameKey(name)}`;
    if (names.has(claim)) world.violate(`two nodes are called ${claim}`);
    names.add(claim);
  }
}

/** Checks invariant 10. */
function checkServer(world: World): void {
  const { model } = world;
  for (const { versionId } of model.nodes.values()) {
    for (const { hash } of versionId === null ? [] : (model.versions.get(versionId) ?? [])) {
      if (!model.blocks.has(hash)) world.violate(`the block ${hash.slice(0, 12)} is missing`);
    }
  }
  for (const entries of Map.groupBy(model.journal, ({ space }) => space).values()) {
    for (const [index, { seq }] of entries.entries()) {
      if (seq !== index + 1) world.violate(`the journal has a gap at ${index + 1}`);
    }
  }
}

export function serverTree(nodes: Nodes): Map<string, string> {
  return new Map(liveNodes(nodes).map((node) => [pathOfNode(nodes, node), describeNode(node)]));
}

export function liveNodes(nodes: Nodes): ModelNode[] {
  return [...nodes.values()].filter(({ id, parentId }) => parentId !== null && isLiveNode(nodes, id));
}

function pathOfNode(nodes: Nodes, node: ModelNode): string {
  const names = lineage(nodes, node.id)
    .slice(0, -1)
    .map(({ name }) => name);
  return names.toReversed().join("/");
}
