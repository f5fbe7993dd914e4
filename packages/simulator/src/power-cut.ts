import type { NodeId } from "@holdfast/core/ids";
import { pathOf } from "@holdfast/sync/model/tree-paths";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import { samePlace } from "@holdfast/sync/model/trees";
import type { Tape } from "./chances.ts";
import { describeInode, type Inode, type SimulatedRoot } from "./simulated-root.ts";
import { contentOf } from "./small-blocks.ts";
import { checkWhole } from "./step-oracle.ts";
import type { Device, WorldState } from "./world-state.ts";

/**
 * Invariant 14: agreed data survives. A person's other unsynced changes may be lost or torn, which then counts as that
 * person's act.
 */
export function cutPower(world: WorldState, device: Device, tape: Tape): void {
  const { root } = device;
  const before = contentsOf(root.visible(true));
  const agreed = agreedPaths(device, root.visible());
  const [seen, inDoubt] = [root.visible(), root.namesInDoubt()];
  const contents = new Map([...root.inodes()].map((inode) => [inode, contentOf(inode.now.bytes)]));
  root.crash(tape);
  // Torn content of several authors belongs to nobody either.
  for (const [{ now }, content] of contents)
    if (world.ledger.shared.has(content)) world.ledger.shared.add(contentOf(now.bytes));
  const after = root.visible();
  // Only the move is left and its reversal is lost, so the item or a folder above is at its intermediate place.
  const isTaken = (path: string): boolean =>
    withFoldersAbove(path).some((at) => inDoubt.has(after.get(at)?.number ?? 0));
  const taken = new Set([...after].flatMap(([path, inode]) => (isTaken(path) ? [inode] : [])));
  for (const [path, shown] of agreed) {
    const left = after.get(path);
    const stood = seen.get(path);
    if (left === undefined && stood !== undefined && taken.has(stood) && describeInode(stood) === shown) continue;
    const now = left === undefined ? "nothing" : describeInode(left);
    if (now !== shown) world.violate(`${path} of ${device.name} was agreed on as ${shown}; the power cut left ${now}`);
  }
  takeForDone(world, device, before);
  checkWhole(world, device);
}

/** Returns paths that match the base on the disk, with all their folders. */
function agreedPaths({ state }: Device, visible: ReadonlyMap<string, Inode>): ReadonlyMap<string, string> {
  const isAgreed = (id: NodeId): boolean => {
    if (id === state.rootId) return true;
    const [local, base] = [state.local.get(id), state.synced.get(id)];
    if (local === undefined || base === undefined || state.parked.has(id) || local.readState === "unsettled")
      return false;
    // A mount's mode belongs to each device.
    const isSamePrivacy = state.shares.has(id) || (base.isPrivate === true) === (local.isPrivate === true);
    const isSame = base.content === local.content && base.executable === local.executable && isSamePrivacy;
    return isSame && samePlace(base.place, local) && isAgreed(local.parent);
  };
  const found = new Map<string, string>();
  for (const [id, { kind, content, executable, isPrivate = false, fingerprint }] of state.local) {
    const path = pathOf(state, id);
    const inode = path === undefined ? undefined : visible.get(path);
    if (path === undefined || inode === undefined || !isAgreed(id)) continue;
    const { now, number } = inode;
    // Rewritten content needs another scan before it counts as agreed, even if equal.
    const isSeen = now.mtimeNs === fingerprint.mtimeNs && now.executable === executable;
    const isShown = now.isPrivate === isPrivate && (kind !== "file" || (isSeen && contentOf(now.bytes) === content));
    if (isShown && fingerprint.inode === BigInt(number)) found.set(path, describeInode(inode));
  }
  return found;
}

function takeForDone(
  { ledger, model, devices, broughtBack }: WorldState,
  { root, state }: Device,
  before: ReadonlySet<string>,
): void {
  // In the engine's folder, only parked and stashed items belong to a person; the rest are copies.
  const aside = [...state.stashed.keys(), ...[...state.parked.values()].map(({ path }) => path)];
  const own = [...root.visible().values(), ...aside.flatMap((path) => inodesAt(root, path))];
  const others = devices
    .filter((device) => device.root !== root)
    .map((device) => contentsOf(device.root.visible(true)));
  const left = [new Set(own.map(({ now }) => contentOf(now.bytes))), ...others, model.contents];
  for (const content of before) if (!left.some((contents) => contents.has(content))) ledger.lose(content);
  // Content that returned under a removed name belongs to nobody.
  const known = [before, ...left];
  for (const content of contentsOf(root.visible(true))) {
    if (!known.some((contents) => contents.has(content))) ledger.forget(content);
  }
  // All writers are gone, and all files are closed.
  for (const content of new Set(own.map(({ now }) => contentOf(now.bytes)))) {
    ledger.find(root, content);
    // Two failures may tear a file equally; the second one restores nothing.
    if (!before.has(content)) broughtBack.add(content);
  }
}

function inodesAt(root: SimulatedRoot, path: string): Inode[] {
  const inode = root.at(path);
  if (inode === undefined) return [];
  return inode.kind === "folder" ? [...root.below(path).values()] : [inode];
}

function contentsOf(visible: ReadonlyMap<string, Inode>): ReadonlySet<string> {
  return new Set([...visible.values()].flatMap(({ kind, now }) => (kind === "file" ? [contentOf(now.bytes)] : [])));
}
