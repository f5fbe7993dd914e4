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
 * Invariant 14: what was agreed on survives. All else that a person did and nobody synced may be gone or torn, which is then
 * as if that person had done it.
 */
export function cutPower(world: WorldState, device: Device, tape: Tape): void {
  const { root } = device;
  const before = contentsOf(root.visible(true));
  const agreed = agreedPaths(device, root.visible());
  const [seen, inDoubt] = [root.visible(), root.namesInDoubt()];
  const contents = new Map([...root.inodes()].map((inode) => [inode, contentOf(inode.now.bytes)]));
  root.crash(tape);
  // What is torn of something that several people wrote is nobody's either.
  for (const [{ now }, content] of contents)
    if (world.ledger.shared.has(content)) world.ledger.shared.add(contentOf(now.bytes));
  const after = root.visible();
  // Away and back, of which only the first is left: it stands where the person had taken it, or a folder above it.
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

/** Paths that the disk shows just as the base has them, in folders of which that is so too. */
function agreedPaths({ state }: Device, visible: ReadonlyMap<string, Inode>): ReadonlyMap<string, string> {
  const isAgreed = (id: NodeId): boolean => {
    if (id === state.rootId) return true;
    const [local, base] = [state.local.get(id), state.synced.get(id)];
    if (local === undefined || base === undefined || state.parked.has(id) || local.sight === "unsettled") return false;
    // The mode of a mount is each device's own matter.
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
    // Written anew, if only with the same bytes, it is agreed on once it was looked at again.
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
  // Of what the engine has in its own folder only what it took aside is a person's; the rest are copies.
  const aside = [...state.stashed.keys(), ...[...state.parked.values()].map(({ path }) => path)];
  const own = [...root.visible().values(), ...aside.flatMap((path) => inodesAt(root, path))];
  const others = devices
    .filter((device) => device.root !== root)
    .map((device) => contentsOf(device.root.visible(true)));
  const left = [new Set(own.map(({ now }) => contentOf(now.bytes))), ...others, model.contents];
  for (const content of before) if (!left.some((contents) => contents.has(content))) ledger.lose(content);
  // What came back under a name that was taken away before is nobody's any more.
  const known = [before, ...left];
  for (const content of contentsOf(root.visible(true))) {
    if (!known.some((contents) => contents.has(content))) ledger.forget(content);
  }
  // Whoever wrote is gone, and all files are closed.
  for (const content of new Set(own.map(({ now }) => contentOf(now.bytes)))) {
    ledger.find(root, content);
    // Two cuts may tear one file alike, and by the second one nothing comes back that a person deleted.
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
