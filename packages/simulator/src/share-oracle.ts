import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { ModelServer } from "./model-server.ts";
import { childNamed, describeNode, type ModelNode } from "./model-tree.ts";
import { homeOf } from "./model-shares.ts";
import { contentOf } from "./small-blocks.ts";
import type { Inode } from "./simulated-root.ts";
import type { Device, WorldState } from "./world-state.ts";

/** Returns an account's view: path -> kind, content, executable bit. */
export function viewOf(model: ModelServer, account: string): Map<string, string> {
  return new Map([...shownIn(model, account)].map(([path, node]) => [path, describeNode(node)]));
}

/** Returns a disk's tree without local privacy: that of mounts, and of items made private in read-only folders. */
export function withoutOwnPrivacy(
  model: ModelServer,
  account: string,
  { tree, view }: { readonly [each in "tree" | "view"]: ReadonlyMap<string, string> },
): ReadonlyMap<string, string> {
  const comparable = new Map(tree);
  for (const [path, node] of shownIn(model, account)) {
    const what = tree.get(path);
    const isOwn = node.kind === "mount" || !canWrite(model.shares.roleAt(model.nodes, account, node));
    if (isOwn && what === `${view.get(path)} p`) comparable.set(path, what.replace(/ p$/, ""));
  }
  return comparable;
}

/** By path. A mounted folder appears once, at its mount, even if its parent is visible too. */
function shownIn(model: ModelServer, account: string): Map<string, ModelNode> {
  const { nodes, shares } = model;
  const shown = shares.inView(nodes, account).filter(({ id }) => shares.mountOf(nodes, account, id) === undefined);
  const found = new Map(shown.map((node) => [pathIn(model, account, node.id), node]));
  found.delete("");
  return found;
}

function pathIn({ nodes, shares }: Pick<ModelServer, "nodes" | "shares">, account: string, id: string): string {
  const way = shares.wayOf(nodes, account, id) ?? [];
  const names = way.slice(0, -1).map(({ name }) => name);
  return names.toReversed().join("/");
}

/** Invariant 14, when idle: items waiting for write access are in read-only folders. */
export function checkWaiting(world: WorldState, device: Device): void {
  const { nodes, shares } = world.model;
  const { account, name } = device;
  const found = shownIn(world.model, account);
  const mayWrite = (path: string): boolean => {
    const node = found.get(path);
    if (node === undefined) return path === "" || mayWrite(folderOf(path));
    return canWrite(shares.roleAt(nodes, account, node));
  };
  const isFile = (path: string): boolean => found.get(path)?.kind === "file";
  for (const path of waitingPaths(device))
    if (mayWrite(path) && (isFile(path) || mayWrite(folderOf(path))))
      world.violate(`${path} waits on ${name}, though ${account} may write there`);
}

function canWrite(role: ReturnType<ModelServer["shares"]["roleAt"]>): boolean {
  return role === "owner" || role === "editor";
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Returns paths where a device differs from the server and reports the reason. */
export function waitingPaths({ engine }: Device): ReadonlySet<string> {
  const problems = engine.outcome?.problems ?? [];
  return new Set(problems.flatMap(({ code, path }) => (code === "read_only" ? [path] : [])));
}

/**
 * Returns paths whose name is taken on the server by an item that the account sees elsewhere, such as a mounted folder.
 * A person must rename one. The device reports that and retries.
 */
export function takenPaths({ model }: Pick<WorldState, "model">, { account, engine }: Device): string[] {
  const exists = (engine.outcome?.problems ?? []).flatMap(({ code, path }) => (code === "exists" ? [path] : []));
  if (exists.length === 0) return [];
  const shown = shownIn(model, account);
  return exists.filter((path) => {
    const folder = shown.get(folderOf(path));
    const id = folder?.kind === "mount" ? folder.target : (folder?.id ?? homeOf(account));
    const holder = childNamed(model.nodes, id, path.slice(path.lastIndexOf("/") + 1));
    return holder !== undefined && !shown.has(path);
  });
}

/**
 * Returns an account's view as its device shows it: an item that a person moved to a taken name is at that name, with
 * everything below it.
 */
export function withTaken(
  { model }: Pick<WorldState, "model">,
  { account, root, state }: Device,
  { view, taken }: { readonly view: ReadonlyMap<string, string>; readonly taken: readonly string[] },
): ReadonlyMap<string, string> {
  const idAt = (path: string): NodeId | undefined => {
    const inode = root.at(path)?.number;
    return [...state.local].find(([, { fingerprint }]) => fingerprint.inode === BigInt(inode ?? -1))?.[0];
  };
  let shown = view;
  for (const path of taken) {
    const from = pathOf(model, account, idAt(path));
    if (from === undefined || from === path) continue;
    const moved = (each: string): string => (isWithin(each, from) ? path + each.slice(from.length) : each);
    shown = new Map([...shown].map(([each, what]) => [moved(each), what]));
  }
  return shown;
}

function pathOf(model: ModelServer, account: string, id: NodeId | undefined): string | undefined {
  return [...shownIn(model, account)].find(([, node]) => node.id === id)?.[0];
}

export function isWithin(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`);
}

/**
 * Returns contents allowed outside of the server: waiting for upload, or quarantined. Content that left a share in the
 * hours forgotten by a restored server may be in a device's trash only.
 */
export function keptContents(world: WorldState): Set<string> {
  const kept = new Set<string>();
  const aside = world.wasRestored ? ["quarantine", "trash"] : ["quarantine"];
  for (const device of world.devices) {
    for (const path of waitingPaths(device)) addContent(kept, device.root.at(path));
    for (const path of takenPaths(world, device))
      for (const [, inode] of device.root.below(path)) addContent(kept, inode);
    for (const inode of asideOf(device, aside)) addContent(kept, inode);
  }
  return kept;
}

/** Invariant 11, at each request: nothing is sent where a device knows it can only read. */
export function checkSent(world: WorldState, device: Device, operations: readonly BatchOperationInput[]): void {
  const { state, name } = device;
  for (const operation of operations) {
    const id = "file_id" in operation ? operation.file_id : undefined;
    const parent = "parent_id" in operation ? operation.parent_id : undefined;
    const isOwnMount = state.shares.has((id ?? "") as NodeId);
    if ((!isOwnMount && mayOnlyRead(state, id)) || mayOnlyRead(state, parent))
      world.violate(`${name} sends ${operation.op} to where it may only read`);
  }
}

/** The same for blocks and requests for missing ones. */
export function checkSentInto(world: WorldState, { state, name }: Device, into: string | undefined): void {
  if (mayOnlyRead(state, into)) world.violate(`${name} sends blocks to where it may only read`);
}

/** By the nearest known right on the server. */
function mayOnlyRead({ shares, rights, remote }: Device["state"], start: string | undefined): boolean {
  const mountOf = (id: NodeId): NodeId | undefined =>
    shares.entries().find(([mount, { target }]) => target === id && remote.get(mount)?.trashed === false)?.[0];
  const passed = new Set<NodeId>();
  let right: { readonly isReadOnly: boolean } | undefined;
  for (let at = start as NodeId | undefined; at !== undefined && !passed.has(at); at = remote.get(at)?.parent) {
    passed.add(at);
    const share = shares.get(at) ?? shares.get(mountOf(at) ?? at);
    if (share !== undefined) return share.waits === true || (right ?? share).isReadOnly;
    right ??= rights.get(at);
  }
  return false;
}

/** Invariant 11, at each new version: an account does not pass on bytes that it neither saw nor wrote. */
export function checkVersion(world: WorldState, account: string, content: string): void {
  const { model, ledger } = world;
  const isOwn = world.devices.some((device) => device.account === account && ledger.hasWritten(device.root, content));
  if (
    isOwn ||
    !ledger.written.has(content) ||
    model.seen.get(account)?.has(content) === true ||
    ledger.shared.has(content)
  )
    return;
  world.violate(`${account} put ${content.slice(0, 12)} into a space, and never saw it`);
}

/** Invariant 11, when idle: no disk has bytes that its account never saw. */
export function checkRights(world: WorldState): void {
  const { model, ledger } = world;
  for (const device of world.devices) {
    const mine = world.devices.filter(({ account }) => account === device.account);
    const seen = model.seen.get(device.account) ?? new Set();
    for (const inode of [...device.root.visible().values(), ...asideOf(device, ["quarantine", "trash"])]) {
      const content = contentOf(inode.now.bytes);
      const isOwn = seen.has(content) || mine.some(({ root }) => ledger.hasWritten(root, content));
      if (inode.kind === "file" && !isOwn && ledger.written.has(content) && !ledger.shared.has(content)) {
        world.violate(`${device.name} has ${content.slice(0, 12)}, which ${device.account} never saw`);
      }
    }
  }
}

function asideOf({ root }: Device, folders: readonly string[]): Inode[] {
  const there = folders.map((name) => `.holdfast/${name}`).filter((path) => root.at(path) !== undefined);
  return there.flatMap((path) => root.below(path).values().toArray());
}

function addContent(contents: Set<string>, inode: Inode | undefined): void {
  if (inode?.kind === "file") contents.add(contentOf(inode.now.bytes));
}
