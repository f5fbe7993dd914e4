import { sha256 } from "@holdfast/core/hash";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import type { NodeRow } from "../../db/shard-tables.ts";
import { trash } from "./claim-name.ts";
import { requireLive } from "./conflict.ts";
import { freeName } from "./free-name.ts";
import { makeFolder, newNode } from "./new-node.ts";
import { record } from "./record.ts";
import { placed, requireAct, requireRuleWriter } from "./rights.ts";
import { roleMay } from "../../rights/roles.ts";
import { checkPath } from "../weight/reach.ts";
import type { Step, Target, Work } from "./work.ts";

/** A stand-in that was deleted by hand makes room for the next one, up to this many. */
const standInsMax = 32;
/** A stand-in with more in it stays beside the folder that comes back. */
const mergedMax = 1000;

/**
 * The live folder for something that is restored: its own folder if that is live, else a stand-in of the same name, which holds only what
 * was restored. The folder takes the place of its stand-in once it is restored itself, so that the order of restores does not matter.
 * @throws HoldfastError trashed for a folder with permissions of its own where the root has some, too
 */
export async function liveOrStandIn(work: Work, step: Step, folder: NodeRow): Promise<NodeRow> {
  const standing = await work.tree.standing(folder);
  if (standing.state === "live") return folder;
  const above = folder.parent_id === null ? undefined : await work.tree.node(folder.parent_id);
  if (above === undefined || standing.state === "gone") return work.tree.root();
  // Its permissions may be lower than those above it, and the stand-in has none of them: so nobody else sees it. One that lay in a folder
  // that was deleted stays beside that folder when the folder comes back.
  const parent = folder.shared ? await work.tree.root() : await liveOrStandIn(work, step, above);
  if (folder.shared && parent.shared) await requireLive(work, step, { standing });
  const [found, id] = await findStandIn(work, folder, parent.id);
  if (found !== undefined) return found;
  await requireAct(work, step, parent, "create");
  const name = await restoredName(work, { parent, name: folder.name }, folder);
  // On its owner's devices the folders above keep others out as well, and one in the root is below none of them.
  const closing = parent.id === work.tree.rootId ? await work.tree.lineage(folder) : [folder];
  const attributes = { private: closing.some(({ private: isPrivate }) => isPrivate) };
  return record(work, step, await newNode(work, step, { id, parent, name, kind: "folder", attributes }));
}

/**
 * The live folder that stands for one in the trash: of the same name, in the live folder that stands for its parent,
 * made anew if there is none. Nothing that lies in the trash is brought back.
 * @throws HoldfastError trashed for a folder with permissions of its own where the root has some, too
 */
export async function liveFolder(work: Work, step: Step, folder: NodeRow): Promise<NodeRow> {
  const lineage = (await work.tree.lineage(folder)).toReversed();
  const root = await work.tree.root();
  let live = root;
  for (const row of lineage[0]?.id === root.id ? lineage.slice(1) : []) {
    const isLive = row.parent_id === live.id && row.trashed_at === null;
    const namesake = isLive ? row : await work.tree.child(live.id, nameKey(row.name));
    if (isLive) live = row;
    // Another folder of its name has other permissions, so that others might read what they may not read in this one.
    else if (row.shared || namesake?.shared === true) live = await liveOrStandIn(work, step, row);
    else live = await folderNamed(work, step, live, row);
  }
  return live;
}

async function folderNamed(work: Work, step: Step, parent: NodeRow, row: NodeRow): Promise<NodeRow> {
  const { name, private: isPrivate } = row;
  const child = await work.tree.child(parent.id, nameKey(name));
  if (child?.kind === "folder") return child;
  await requireAct(work, step, parent, "create");
  await requireRuleWriter(work, step, parent, name);
  const free = child === undefined ? name : await freeName(work, parent, name, "folder");
  return makeFolder(work, step, parent, free, { private: isPrivate });
}

/**
 * The stand-in whose place a folder takes when it is restored; undefined if there is none, if it has become a folder of its own, or if the
 * caller may not change it.
 * @param parent of the folder once it is restored, or what stands for that
 */
export async function standInOf(
  work: Work,
  step: Step,
  folder: NodeRow,
  parent: NodeRow,
): Promise<NodeRow | undefined> {
  if (folder.kind !== "folder") return undefined;
  const [found] = await findStandIn(work, folder, folder.shared ? work.tree.rootId : parent.id);
  if (found === undefined || (await childrenOf(work, found)).length > mergedMax) return undefined;
  const node = await placed(work, step, found);
  return node !== undefined && roleMay(node.role, "write") ? found : undefined;
}

/**
 * Moves what was restored before into its own folder, which has the place of the stand-in already.
 * @param isShown the folder is where others may see it who do not see the stand-in: what was made in that since stays there
 */
export async function mergeStandIn(
  work: Work,
  step: Step,
  standIn: NodeRow,
  { folder, isShown }: { readonly folder: NodeRow; readonly isShown: boolean },
): Promise<boolean> {
  let isLeft = false;
  for (const child of await childrenOf(work, standIn)) {
    if (child.trashed_at !== null) continue;
    const inner = await work.tree.child(folder.id, child.name_key);
    // A folder that lay in the one that comes back, and had a stand-in of its own.
    if (inner !== undefined && (await standInOf(work, step, inner, standIn))?.id === child.id) {
      isLeft = !(await mergeStandIn(work, step, child, { folder: inner, isShown })) || isLeft;
      continue;
    }
    if (isShown && child.created_at >= standIn.created_at) {
      isLeft = true;
      continue;
    }
    const name = await restoredName(work, { parent: folder, name: child.name }, child);
    await checkPath(work, { parent: folder, name }, { node: child });
    const moved = { ...child, parent_id: folder.id, name, name_key: nameKey(name) };
    record(work, step, moved, { kind: "changed", from_parent: standIn.id });
  }
  if (isLeft) return false;
  const isEmpty = (await childrenOf(work, standIn)).length === 0;
  const gone = trash(work, step, standIn);
  if (!isEmpty) return true;
  work.changes.purged.push(gone.id);
  record(work, step, { ...gone, purged_at: work.nowMicros }, { kind: "gone", from_parent: gone.parent_id });
  return true;
}

export async function restoredName(work: Work, { parent, name }: Target, row: NodeRow): Promise<string> {
  const taken = await work.tree.child(parent.id, nameKey(name), row.id);
  return taken === undefined ? name : freeName(work, parent, name, row.kind, "restored");
}

/**
 * One that was moved, or shared with somebody, is a folder of its own: what is restored goes nowhere else than where its folder was.
 * @returns the live stand-in, or the id of the next one
 */
async function findStandIn(
  work: Work,
  folder: NodeRow,
  parentId: NodeId,
): Promise<readonly [NodeRow | undefined, NodeId | undefined]> {
  for (let number = 0; number < standInsMax; number += 1) {
    const id = standInId(folder, number);
    const row = await work.tree.node(id);
    if (row === undefined) return [undefined, id];
    const isInPlace = row.kind === "folder" && row.parent_id === parentId && !row.shared;
    if (isInPlace && (await work.tree.standing(row)).state === "live") return [row, undefined];
  }
  return [undefined, undefined];
}

/** Derived from the folder as it lies in the trash, so that its restore finds the stand-in. */
function standInId({ id, revision }: NodeRow, number: number): NodeId {
  const hash = Buffer.from(sha256(Buffer.from(`stand-in ${id} ${revision} ${number}`)), "hex");
  const madeAtMs = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return makeId<NodeId>(bucketOf(id), madeAtMs, hash.subarray(0, 8));
}

/** In any state but removed; one more than can be merged. By `nodes_parent`. */
async function childrenOf({ reader, space, tree }: Work, folder: NodeRow): Promise<NodeRow[]> {
  const { rows } = await sql<{ id: NodeId }>`
    select id from shard.nodes where space_id = ${space.id} and parent_id = ${folder.id} and purged_at is null
    order by id limit ${mergedMax + 1}`.execute(reader);
  const pending = tree.changes().flatMap(({ after }) => (after.parent_id === folder.id ? [after.id] : []));
  const ids = new Set([...rows.map(({ id }) => id), ...pending]);
  await tree.loadNodes(ids);
  return [...ids].flatMap((id) => {
    const row = tree.known(id);
    return row?.parent_id === folder.id && row.purged_at === null ? [row] : [];
  });
}
