import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { ignoreFileName, nameKey, repositoryName } from "@holdfast/core/names";
import type { Actor } from "../actor.ts";
import type { NodeRow, ShardQueries, SpaceRow } from "../../base/db/shard-tables.ts";
import { type Act, assertMay, roleMay } from "../rights/roles.ts";
import { loadLockedRights } from "../rights/load-rights.ts";
import { type RightsByActor, SpaceRights } from "../rights/space-rights.ts";
import { placeGranted } from "../read/granted-nodes.ts";
import { nodeJson } from "../read/node-json.ts";
import type { PlacedNode } from "../read/placed-node.ts";
import type { Step, Work } from "./work.ts";

const nothing = new SpaceRights(new Map());
/** Names of files and folders that affect programs. Some filesystems, for example of USB drives, ignore case. */
const ruleNames = new Map(
  [
    [ignoreFileName, "decides which files devices sync"],
    [repositoryName, "can name programs that git runs"],
  ].map(([name = "", does = ""]) => [name.toUpperCase(), `${name} ${does}`]),
);

/** The lock keeps the rights unchanged until the commit. */
export async function loadStepRights(
  reader: ShardQueries,
  space: SpaceRow,
  steps: readonly Step[],
): Promise<RightsByActor> {
  const rights = new Map<UserId, SpaceRights>();
  for (const { caller } of steps) {
    if (caller.owns || rights.has(caller.userId)) continue;
    const { grantees, givers } = caller;
    rights.set(caller.userId, await loadLockedRights(reader, space.id, { grantees, givers }));
  }
  return rights;
}

/** @returns undefined for the owner, who has all rights */
function rightsOf(work: Work, { caller }: Step): SpaceRights | undefined {
  return caller.owns ? undefined : (work.rights.get(caller.userId) ?? nothing);
}

/** Returns the node as the caller sees it; undefined if the caller may not know that it exists. */
export async function placed(work: Work, step: Step, row: NodeRow, act: Act = "read"): Promise<PlacedNode | undefined> {
  const rights = rightsOf(work, step);
  if (rights === undefined) return { row, path: await work.tree.path(row), role: "owner" };
  const [own = row, ...above] = await work.tree.lineage(row);
  return placeGranted([own, ...above], { rights, mounts: step.caller.mounts, act });
}

/** @throws HoldfastError forbidden; not_found for a node that the caller cannot see */
export async function requireAct(work: Work, step: Step, row: NodeRow, act: Act): Promise<void> {
  if (step.caller.owns) return;
  const node = await placed(work, step, row, act);
  if (node === undefined) throw new HoldfastError("not_found", "There is no such file or folder.");
  assertMay(node, act);
}

/**
 * Checks that the caller may rename, move, trash or restore a node. This requires rights at the node and at its folder,
 * so that only the owner can move the top of a share.
 * @throws HoldfastError forbidden
 */
export async function requireMovable(work: Work, step: Step, row: NodeRow): Promise<void> {
  if (step.caller.owns) return;
  await requireAct(work, step, row, "write");
  await requireRuleWriter(work, step, row, row.name);
  const folder = row.parent_id === null ? undefined : await work.tree.node(row.parent_id);
  const node = folder === undefined ? undefined : await placed(work, step, folder);
  if (node !== undefined && roleMay(node.role, "write")) return;
  const message = `${JSON.stringify(row.name)} is shared with you: only its owner can rename, move or delete it.`;
  throw new HoldfastError("forbidden", message);
}

/**
 * Checks that a caller who does not own a folder may trash it with everything below. A subfolder that the caller has
 * mounted separately appears only at that mount, so the folder looks emptier than it is. A closer permission may hide
 * an item or make it read-only.
 * @throws HoldfastError forbidden, with the path of the obstacle if the caller sees it and its credential can read
 */
export async function requireAllMovableBelow(work: Work, step: Step, row: NodeRow): Promise<void> {
  const { owns, mounts, writesOnly } = step.caller;
  if (owns || row.kind !== "folder") return;
  const refuse = (what: string, cure: string): never => {
    const message = `${JSON.stringify(row.name)} contains ${what}, which would be moved or deleted with it. ${cure}`;
    throw new HoldfastError("forbidden", message, { field: "contents" });
  };
  const targets = [...(mounts?.values() ?? [])].filter(({ spaceId }) => spaceId === work.space.id);
  const paths = new Map(targets.map(({ targetId, path }) => [targetId, JSON.stringify(path)]));
  for await (const target of work.tree.liveBelow(row, [...paths.keys()])) {
    if ((await placed(work, step, target)) === undefined) continue;
    const where = writesOnly === true ? "elsewhere" : `at ${paths.get(target.id)}`;
    refuse(`the folder that you see ${where}`, "Remove that mount first, or delete the other items.");
  }
  const kept = rightsOf(work, step)?.without("write") ?? [];
  for await (const target of work.tree.liveBelow(row, kept)) {
    const { path } = (await placed(work, step, target)) ?? {};
    const what =
      path === undefined || writesOnly === true
        ? "an item that you cannot see"
        : `${JSON.stringify(path)}, which you can only view`;
    refuse(what, "Delete the other items.");
  }
}

/**
 * Returns true for links, and accounts that may only add files. Their files arrive on the owner's devices, so programs
 * there must do no more than read them.
 * @param where the node, or its future folder
 */
export async function isStranger(work: Work, step: Step, where: NodeRow): Promise<boolean> {
  if (step.caller.owns) return false;
  const node = await placed(work, step, where, "create");
  return step.caller.isAnonymous === true || node === undefined || !roleMay(node.role, "write");
}

/**
 * Checks that the caller may create, change or remove a file with a name that programs obey, or anything in the folder
 * of a git repository. A stranger could stop the owner's sync with an ignore file, make devices upload ignored files,
 * or make git run a program.
 * @param where the node, or its future folder
 * @throws HoldfastError forbidden for a stranger
 */
export async function requireRuleWriter(work: Work, step: Step, where: NodeRow, name: string): Promise<void> {
  if (step.caller.owns) return;
  const names = [name, ...(await work.tree.lineage(where)).map((each) => each.name)];
  const refusal = names.map(nameRefusal).find((each) => each !== undefined);
  if (refusal !== undefined && (await isStranger(work, step, where))) throw refusal;
}

function nameRefusal(name: string): HoldfastError | undefined {
  const rule = ruleNames.get(nameKey(name).toUpperCase());
  if (rule === undefined) return undefined;
  const message = `${rule}: only accounts that can change files here can create, change or remove it.`;
  return new HoldfastError("forbidden", message, { field: "name" });
}

/**
 * Checks that the caller may add a symbolic link, which can lead programs on the owner's device out of the folder.
 * @throws HoldfastError forbidden for a stranger
 */
export async function requireLinkMaker(work: Work, step: Step, folder: NodeRow): Promise<void> {
  if (await isStranger(work, step, folder)) throw linkRefusal();
}

function linkRefusal(): HoldfastError {
  const message = "Only accounts that can change files here can add symbolic links.";
  return new HoldfastError("forbidden", message, { field: "kind" });
}

/** Rejects an item that a stranger copies from another space. @throws HoldfastError forbidden */
export function requireHarmless({ kind, name }: Pick<NodeRow, "kind" | "name">): void {
  const refusal = kind === "symlink" ? linkRefusal() : nameRefusal(name);
  if (refusal !== undefined) throw refusal;
}

/** Copied content becomes readable elsewhere. @throws HoldfastError forbidden for a credential that can only write */
export function requireReader({ writesOnly }: Actor): void {
  if (writesOnly === true) throw readerNeeded();
}

export function readerNeeded(): HoldfastError {
  const message =
    "This token does not have the scope files:read, which is required to copy items and to move items to where others can see them. Create a token that has it.";
  return new HoldfastError("forbidden", message);
}

/**
 * Checks a move or restore into a shared folder, which may disclose the node to people who could not see it before.
 * @param row before the change; nobody may have seen a trashed node
 * @throws HoldfastError forbidden for a credential that can only write
 */
export async function requireDiscloser(work: Work, { caller }: Step, row: NodeRow, parent: NodeRow): Promise<void> {
  if (caller.writesOnly !== true) return;
  const [own = row, ...above] = await work.tree.lineage(row);
  const isTrashed = [own, ...above].some(({ trashed_at }) => trashed_at !== null);
  const before = new Set(isTrashed ? [] : above.map(({ id }) => id));
  const lineage = await work.tree.lineage(parent);
  if (lineage.some(({ id, shared }) => shared && !before.has(id))) requireReader(caller);
}

/** Returns true if the caller may add to the folder but not list it. */
export async function isBlind(work: Work, step: Step, folder: NodeRow): Promise<boolean> {
  if (step.caller.owns) return false;
  const node = await placed(work, step, folder, "create");
  return node !== undefined && !roleMay(node.role, "read");
}

/**
 * Returns the requested name for a caller who cannot list the folder, because a changed name would reveal a used one.
 */
export async function answered(work: Work, step: Step, { parent, name }: { parent: NodeRow; name: string }) {
  return (await isBlind(work, step, parent)) ? { answeredName: name } : {};
}

/** Returns the node for an error or result, as far as the caller may see it. */
export async function shown(work: Work, step: Step, row: NodeRow, act?: Act) {
  const node = await placed(work, step, row, act);
  return node === undefined ? undefined : nodeJson(node);
}
