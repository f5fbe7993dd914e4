import type { NodeId } from "@holdfast/core/ids";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { pick, type Tape } from "./chances.ts";
import { homeOf, spaceOf } from "./model-shares.ts";
import { childNamed, isLiveNode, type ModelNode } from "./model-tree.ts";
import type { World } from "./world.ts";

const names = ["from them", "a", "d"];
const roles = ["viewer", "viewer", "editor"] as const;

/** What people do about shares in a browser, beside the devices: they grant, mount, change roles, revoke and leave. */
export function share(world: World, tape: Tape): void {
  const accounts = [...new Set(world.devices.map(({ account }) => account))];
  const owner = pick(tape, accounts) ?? "";
  const guest = accounts.find((account) => account !== owner) ?? "";
  const { model } = world;
  const grant = model.shares.grants.find(
    (each) => each.account === guest && spaceOf(model.nodes, each.target) === homeOf(owner),
  );
  const isThere = grant !== undefined && isLiveNode(model.nodes, grant.target);
  const mount = grant === undefined ? undefined : model.shares.mountOf(model.nodes, guest, grant.target);
  const say = (what: string): void => {
    world.deeds += 1;
    world.notice(`${what} (in a browser)`);
  };
  if (grant === undefined) {
    const target = folderOf(world, owner, tape);
    const role = world.isReadOnly ? "viewer" : (pick(tape, roles) ?? "viewer");
    say(`${owner} lets ${guest} be ${role} of ${target}`);
    model.grant(`${owner}'s browser`, target, guest, role);
    if (tape() < 0.9) mountAt(world, guest, target, tape);
  } else if (!isThere || tape() < 0.25) {
    say(`${owner} revokes the right of ${guest} at ${grant.target}`);
    model.grant(`${owner}'s browser`, grant.target, guest, undefined);
  } else if (mount === undefined || !isLiveNode(model.nodes, mount.id)) {
    mountAt(world, guest, grant.target, tape);
  } else if (tape() < 0.6 && !world.isReadOnly) {
    const role = grant.role === "viewer" ? "editor" : "viewer";
    say(`${owner} makes ${guest} ${role} of ${grant.target}`);
    model.grant(`${owner}'s browser`, grant.target, guest, role);
  } else {
    say(`${guest} leaves ${grant.target}`);
    commit(world, guest, { op: "delete", file_id: mount.id });
  }
}

function mountAt(world: World, account: string, target: string, tape: Tape): void {
  const { model } = world;
  const name = pick(tape, names) ?? "a";
  const parentId = tape() < 0.7 ? homeOf(account) : (pick(tape, foldersOf(world, account))?.id ?? homeOf(account));
  if (childNamed(model.nodes, parentId, name) !== undefined) return;
  world.deeds += 1;
  world.notice(`${account} mounts ${target} as ${name} (in a browser)`);
  model.mount({ device: `${account}'s browser`, account }, target, { parentId, name });
}

/** One of the account's own, or a new one. */
function folderOf(world: World, account: string, tape: Tape): string {
  const there = pick(tape, foldersOf(world, account));
  if (there !== undefined) return there.id;
  const id = world.model.fresh("folder");
  world.madeInBrowsers.add(id);
  commit(world, account, { op: "mkdir", id: id as NodeId, parent_id: homeOf(account), name: id });
  return id;
}

function foldersOf({ model }: World, account: string): ModelNode[] {
  const home = homeOf(account);
  return [...model.nodes.values()].filter(
    ({ id, kind, parentId }) =>
      kind === "folder" && parentId !== null && isLiveNode(model.nodes, id) && spaceOf(model.nodes, id) === home,
  );
}

type Draft =
  | { readonly op: "delete"; readonly file_id: string }
  | { readonly op: "mkdir"; readonly id: NodeId; readonly parent_id: string; readonly name: string };

/** What is refused was no more than a wish. */
function commit({ model }: World, account: string, draft: Draft): void {
  const operation: BatchOperationInput = { ...draft, operation_id: model.fresh("operation ") };
  model.commit(`${account}'s browser`, model.epoch, [operation], [], account);
}
