import { sha256 } from "@holdfast/core/hash";
import { bucketOf, makeId, type NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { sql } from "kysely";
import type { NodeRow } from "../../db/shard-tables.ts";
import { trash } from "./claim-name.ts";
import { freeName } from "./free-name.ts";
import { newNode } from "./new-node.ts";
import { rootOf } from "./place.ts";
import { record } from "./record.ts";
import { requireAct } from "./rights.ts";
import type { Step, Target, Work } from "./work.ts";

/** What was deleted by hand makes room for the next one. More are not made. */
const standInsMax = 32;
/** A stand-in with more in it stays beside the folder that comes back. */
const mergedMax = 1000;

/**
 * The live folder for something that is restored: its own folder if that is live, else a stand-in of the same name, which holds only what
 * was restored. The folder takes the place of its stand-in once it is restored itself, so that the order of restores does not matter.
 */
export async function liveOrStandIn(work: Work, step: Step, folder: NodeRow): Promise<NodeRow> {
  if ((await work.tree.standing(folder)).state === "live") return folder;
  const above = folder.parent_id === null ? undefined : await work.tree.node(folder.parent_id);
  if (above === undefined || (await work.tree.standing(folder)).state === "gone") return rootOf(work);
  // Its permissions may be lower than those above it, and the stand-in has none of them: so nobody else sees it. One that lay in a folder
  // that was deleted stays beside that folder when the folder comes back.
  const parent = folder.shared ? await rootOf(work) : await liveOrStandIn(work, step, above);
  const [found, id] = await findStandIn(work, folder);
  if (found !== undefined) return found;
  await requireAct(work, step, parent, "create");
  const name = await restoredName(work, { parent, name: folder.name }, folder);
  return record(work, step, await newNode(work, step, { id, parent, name, kind: "folder" }));
}

/** The stand-in whose place a folder takes when it is restored; undefined if there is none, or if it has become a folder of its own. */
export async function standInOf(work: Work, folder: NodeRow): Promise<NodeRow | undefined> {
  if (folder.kind !== "folder") return undefined;
  const [found] = await findStandIn(work, folder);
  return found === undefined || found.shared || (await childrenOf(work, found)).length > mergedMax ? undefined : found;
}

/** Moves what was restored before into its own folder, which has the place of the stand-in already. */
export async function mergeStandIn(work: Work, step: Step, standIn: NodeRow, folder: NodeRow): Promise<void> {
  await requireAct(work, step, standIn, "write");
  for (const child of await childrenOf(work, standIn)) {
    if (child.trashed_at !== null) continue;
    const inner = await work.tree.child(folder.id, child.name_key);
    // A folder that lay in the one that comes back, and had a stand-in of its own.
    if (inner !== undefined && (await standInOf(work, inner))?.id === child.id) {
      await mergeStandIn(work, step, child, inner);
      continue;
    }
    const name = await restoredName(work, { parent: folder, name: child.name }, child);
    const moved = { ...child, parent_id: folder.id, name, name_key: nameKey(name) };
    record(work, step, moved, { kind: "changed", from_parent: standIn.id });
  }
  const isEmpty = (await childrenOf(work, standIn)).length === 0;
  const gone = trash(work, step, standIn);
  if (!isEmpty) return;
  work.changes.purged.push(gone.id);
  record(work, step, { ...gone, purged_at: work.nowMicros }, { kind: "gone", from_parent: gone.parent_id });
}

export async function restoredName(work: Work, { parent, name }: Target, row: NodeRow): Promise<string> {
  const taken = await work.tree.child(parent.id, nameKey(name), row.id);
  return taken === undefined ? name : freeName(work, parent, name, row.kind, "restored");
}

/** @returns the live stand-in, or the id of the next one */
async function findStandIn(work: Work, folder: NodeRow): Promise<readonly [NodeRow | undefined, NodeId | undefined]> {
  for (let number = 0; number < standInsMax; number += 1) {
    const id = standInId(folder, number);
    const row = await work.tree.node(id);
    if (row === undefined) return [undefined, id];
    if (row.kind === "folder" && (await work.tree.standing(row)).state === "live") return [row, undefined];
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
