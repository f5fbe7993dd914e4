import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { pick, type Tape } from "./chances.ts";
import { homeOf, type ModelRole, spaceOf } from "./model-shares.ts";
import { childNamed, isLiveNode, lineage, type ModelNode } from "./model-tree.ts";
import type { World } from "./world.ts";

const names = ["from them", "a", "d"];
const roles: readonly (ModelRole | undefined)[] = [undefined, "uploader", "viewer", "commenter", "editor"];
const usualRoles = ["viewer", "viewer", "editor"] as const;

/** Acts in a browser concerning shares: grants, mounts, role changes, revocations and leaving. */
export function share(world: World, tape: Tape): void {
  const accounts = [...new Set(world.devices.map(({ account }) => account))];
  const owner = pick(tape, accounts) ?? "";
  const guest = accounts.find((account) => account !== owner) ?? "";
  const { model } = world;
  const grant = grantsOf(world, owner, guest)[0];
  const isThere = grant !== undefined && isLiveNode(model.nodes, grant.target);
  const mount = grant === undefined ? undefined : model.shares.mountOf(model.nodes, guest, grant.target);
  const say = (what: string): void => {
    world.deeds += 1;
    world.notice(`${what} (in a browser)`);
  };
  if (world.hasRights && mount !== undefined && tape() < 0.8) return changeRights(world, { owner, guest, mount }, tape);
  if (grant === undefined) {
    const target = folderOf(world, owner, tape);
    const role = world.isReadOnly ? "viewer" : (pick(tape, usualRoles) ?? "viewer");
    say(`${owner} lets ${guest} be ${role} of ${target}`);
    world.did(world.kindsOfDeeds.has("revoke") ? "grant after one was revoked" : "grant");
    model.grant(`${owner}'s browser`, target, guest, role);
    if (tape() < 0.9) mountAt(world, guest, target, tape);
  } else if (!isThere || tape() < 0.25) {
    say(`${owner} revokes the right of ${guest} at ${grant.target}`);
    world.did("revoke");
    model.grant(`${owner}'s browser`, grant.target, guest, undefined);
  } else if (mount === undefined || !isLiveNode(model.nodes, mount.id)) {
    mountAt(world, guest, grant.target, tape);
  } else if (tape() < 0.6 && !world.isReadOnly) {
    const role = grant.role === "editor" ? "viewer" : "editor";
    say(`${owner} makes ${guest} ${role} of ${grant.target}`);
    world.did(role === "editor" ? "raise" : "lower");
    model.grant(`${owner}'s browser`, grant.target, guest, role);
  } else {
    say(`${guest} leaves ${grant.target}`);
    world.did("leave");
    commit(world, guest, { op: "delete", file_id: mount.id });
  }
}

const rights = ["viewer", "editor", "editor", "commenter", "uploader", undefined] as const;

/** Changes a mounted folder: a right is granted below or expires, or the owner is suspended for a while. */
function changeRights(
  world: World,
  { owner, guest, mount }: { readonly owner: string; readonly guest: string; readonly mount: ModelNode },
  tape: Tape,
): void {
  const { model } = world;
  const by = `${owner}'s browser`;
  world.deeds += 1;
  if (tape() < 0.12) {
    world.notice(`${owner} is suspended for a while`);
    world.did("suspend");
    model.suspend(owner, true);
    void world.scheduler.sleep(world.life, tape() * 6_000_000).then(() => model.suspend(owner, false));
    return;
  }
  const isBelow = ({ id }: ModelNode): boolean =>
    lineage(model.nodes, id)
      .slice(1)
      .some((each) => each.id === mount.target);
  const found = world.handsOver && tape() < 0.3 ? nodesOf(world, owner, "file") : foldersOf(world, owner);
  const target =
    (tape() < 0.85 ? pick(tape, found.filter(isBelow))?.id : undefined) ?? newFolder(world, owner, mount.target);
  const role = tape() < 0.9 ? pick(tape, rights) : pick(tape, usualRoles);
  const lastsMs = tape() < 0.25 ? Math.floor(tape() * 8000) : undefined;
  world.notice(
    `${owner} lets ${guest} be ${role ?? "what is above"} of ${target} for ${lastsMs ?? "ever"} (in a browser)`,
  );
  const highest: ModelRole | undefined = world.isReadOnly && role === "editor" ? "viewer" : role;
  const endsMs = lastsMs === undefined ? undefined : world.scheduler.nowMs() + lastsMs;
  noteRight(world, { guest, target, role: highest, ends: lastsMs !== undefined });
  model.grant(by, target, guest, highest, endsMs);
  if (lastsMs === undefined) return;
  void world.scheduler.sleep(world.life, lastsMs * 1000 + tape() * 2_000_000).then(() => model.sweep());
}

/** Counts acts by their effect on the applicable right. */
function noteRight(
  world: World,
  { guest, target, role, ends }: { guest: string; target: string; role: ModelRole | undefined; ends: boolean },
): void {
  const { shares, nodes } = world.model;
  const above = shares.grantAt(nodes, guest, nodes.get(target)?.parentId ?? "")?.role;
  const [now, next] = [shares.grantAt(nodes, guest, target)?.role, role ?? above].map((each) => roles.indexOf(each));
  if (now === undefined || next === undefined) return;
  if (next !== now) world.did(next > now ? "raise" : "lower");
  if (role !== undefined) world.did(nodes.get(target)?.kind === "file" ? "right of a file" : "nearer right");
  if (ends) world.did("right that ends");
}

/** When idle, nobody is suspended, and no name is taken by invisible items. */
export function endHiding(world: World): void {
  const { model } = world;
  for (const account of model.shares.suspended) model.suspend(account, false);
  model.sweep();
  for (const { role, target, account } of model.shares.grants)
    if (role === "uploader") model.grant("a browser", target, account, undefined);
  for (const mount of mountsInMounts(world)) {
    const account = model.shares.accountOf(model.nodes, mount) ?? "";
    world.notice(`${account} leaves ${mount.target}, which another mount shows too`);
    world.did("leave of a mount in a mount");
    commit(world, account, { op: "delete", file_id: mount.id });
  }
}

/** Returns mounts whose folder is inside another mounted folder of the same account. */
function mountsInMounts({ model: { nodes, shares } }: World): ModelNode[] {
  return [...nodes.values()].filter((node) => {
    if (node.kind !== "mount" || !isLiveNode(nodes, node.id)) return false;
    const account = shares.accountOf(nodes, node) ?? "";
    const [, ...above] = lineage(nodes, node.target);
    return above.some(({ id }) => shares.mountOf(nodes, account, id) !== undefined);
  });
}

/** Returns parents before content. */
function grantsOf({ model: { shares, nodes } }: World, owner: string, guest: string): typeof shares.grants {
  const found = shares.grants.filter(
    ({ account, target }) => account === guest && spaceOf(nodes, target) === homeOf(owner),
  );
  return found.toSorted((one, other) => lineage(nodes, one.target).length - lineage(nodes, other.target).length);
}

export function newFolder(world: World, account: string, parent: string): string {
  const id = world.model.fresh("folder");
  world.madeInBrowsers.add(id);
  commit(world, account, { op: "mkdir", id: id as NodeId, parent_id: parent, name: id });
  return id;
}

export function mountAt(world: World, account: string, target: string, tape: Tape): void {
  const { model } = world;
  const name = pick(tape, names) ?? "a";
  const parentId = tape() < 0.7 ? homeOf(account) : (pick(tape, foldersOf(world, account))?.id ?? homeOf(account));
  if (childNamed(model.nodes, parentId, name) !== undefined) return;
  world.deeds += 1;
  world.notice(`${account} mounts ${target} as ${name} (in a browser)`);
  try {
    model.mount({ device: `${account}'s browser`, account }, target, { parentId, name });
  } catch (error) {
    // A refused act is ignored.
    if (!(error instanceof HoldfastError)) throw error;
  }
}

function folderOf(world: World, account: string, tape: Tape): string {
  const there = pick(tape, foldersOf(world, account));
  if (there !== undefined) return there.id;
  return newFolder(world, account, homeOf(account));
}

export function foldersOf(world: World, account: string): ModelNode[] {
  return nodesOf(world, account, "folder");
}

/** Returns live nodes of an account's own space, without its root. */
function nodesOf({ model }: World, account: string, wanted: ModelNode["kind"]): ModelNode[] {
  const home = homeOf(account);
  return [...model.nodes.values()].filter(
    ({ id, kind, parentId }) =>
      kind === wanted && parentId !== null && isLiveNode(model.nodes, id) && spaceOf(model.nodes, id) === home,
  );
}

type Draft =
  | { readonly op: "delete"; readonly file_id: string }
  | { readonly op: "mkdir"; readonly id: NodeId; readonly parent_id: string; readonly name: string };

function commit({ model }: World, account: string, draft: Draft): void {
  const operation: BatchOperationInput = { ...draft, operation_id: model.fresh("operation ") };
  model.commit(`${account}'s browser`, model.epoch, [operation], [], account);
}
