import { sha256 } from "@holdfast/core/hash";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { trash } from "./claim-name.ts";
import { requireLive } from "./conflict.ts";
import { freeName } from "./free-name.ts";
import { makeFolder, newNode } from "./new-node.ts";
import { record } from "./record.ts";
import { placed, requireAct, requireRuleWriter } from "./rights.ts";
import { roleMay } from "../rights/roles.ts";
import { checkPath } from "./reach.ts";
import type { Step, Target, Work } from "./work.ts";

/** The next one is used if one was deleted by hand. */
const standInsMax = 32;
/** A larger stand-in stays beside the restored folder. */
const mergedMax = 1000;

/**
 * Returns the live folder for a restored node: its own folder, or else a stand-in of the same name with only restored
 * nodes. When the folder itself is restored, it replaces its stand-in, so the order of restores does not matter.
 * @throws HoldfastError trashed for a folder with its own permissions if the root has permissions too
 */
export async function liveOrStandIn(work: Work, step: Step, folder: NodeRow): Promise<NodeRow> {
  const standing = await work.tree.standing(folder);
  if (standing.state === "live") return folder;
  const above = folder.parent_id === null ? undefined : await work.tree.node(folder.parent_id);
  if (above === undefined || standing.state === "gone") return work.tree.root();
  // The folder's own permissions may be narrower than those above it. The stand-in has none, so it is placed where
  // nobody else sees it. When a deleted folder above is restored, this stand-in stays beside it.
  const parent = folder.shared ? await work.tree.root() : await liveOrStandIn(work, step, above);
  if (folder.shared && parent.shared) await requireLive(work, step, { standing });
  const [found, id] = await findStandIn(work, folder, parent.id);
  if (found !== undefined) return found;
  await requireAct(work, step, parent, "create");
  const name = await restoredName(work, { parent, name: folder.name }, folder);
  // On the owner's devices a private folder above also excludes other local users. A stand-in in the root has no such
  // folder above.
  const closing = parent.id === work.tree.rootId ? await work.tree.lineage(folder) : [folder];
  const attributes = { private: closing.some(({ private: isPrivate }) => isPrivate) };
  return record(work, step, await newNode(work, step, { id, parent, name, kind: "folder", attributes }));
}

/**
 * Returns the live folder for one in the trash: of the same name, in the live folder for its parent, and created if
 * missing. Restores nothing from the trash.
 * @throws HoldfastError trashed for a folder with its own permissions if the root has permissions too
 */
export async function liveFolder(work: Work, step: Step, folder: NodeRow): Promise<NodeRow> {
  const lineage = (await work.tree.lineage(folder)).toReversed();
  const root = await work.tree.root();
  let live = root;
  for (const row of lineage[0]?.id === root.id ? lineage.slice(1) : []) {
    const isLive = row.parent_id === live.id && row.trashed_at === null;
    const namesake = isLive ? row : await work.tree.child(live.id, nameKey(row.name));
    if (isLive) live = row;
    // A namesake with other permissions could let others read what they cannot read in this folder.
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
 * Returns the stand-in that a restored folder replaces. Returns undefined if there is none, if it became an independent
 * folder, or if the caller cannot change it.
 * @param parent of the restored folder, or its stand-in
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
 * Moves restored nodes into the folder that now has the place of the stand-in.
 * @param isShown the folder is visible to people who cannot see the stand-in. Nodes created in the stand-in then stay
 * there.
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
 * A stand-in that was moved or shared is an independent folder, and receives no restored nodes.
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

/** The restore of the folder finds the stand-in by its id. */
function standInId({ id, revision }: NodeRow, number: number): NodeId {
  const hash = Buffer.from(sha256(Buffer.from(`stand-in ${id} ${revision} ${number}`)), "hex");
  const madeAtMs = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  return makeId<NodeId>(bucketOf(id), madeAtMs, hash.subarray(0, 8));
}

/** Returns at most one more than can be merged. Index: `nodes_parent`. */
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
