import type { NodeId } from "@holdfast/core/ids";
import type { ActivityVerb } from "@holdfast/protocol/activity-routes";
import type { JournalRow } from "../db/shard-tables.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";
import { roleMay } from "../rights/roles.ts";
import { type Entry, isEvent } from "./activity-scan.ts";

/** An entry as its reader may see it. */
export interface Happening {
  readonly entry: Entry;
  readonly verb: ActivityVerb;
  readonly node: { readonly id: NodeId; readonly name: string; readonly path?: string; readonly folder?: string };
  /** The folder that it lies in now, or lay in: what many files of one action have in common. */
  readonly parentId: NodeId | null;
  readonly detail: Record<string, unknown>;
}

/** What somebody sees now of the nodes that entries name. */
export interface Seen {
  readonly nodes: ReadonlyMap<NodeId, PlacedNode>;
  /** Of entries by which a node went out of sight, what it was called then, by their numbers. */
  readonly names: ReadonlyMap<number, string>;
}

/**
 * What the entry says to somebody who sees these nodes: nothing of a node out of sight, but that it came or went where its other
 * place is in sight.
 * @returns undefined where it says nothing
 */
export function happeningOf(entry: Entry, seen: Seen, lay: Lay = new Map()): Happening | undefined {
  const node = seen.nodes.get(entry.node_id);
  if (isEvent(entry)) {
    if (node === undefined || (sharing.has(entry.verb) && !roleMay(node.role, "share"))) return undefined;
    return { entry, verb: entry.verb, node: shown(node), parentId: node.row.parent_id, detail: entry.detail };
  }
  // What a rewind did is told by its event, and whose role has changed by that of the share.
  if (entry.rewind_id !== null || entry.grantee_id !== null || isApproval(entry)) return undefined;
  if (node === undefined) return lost(entry, seen);
  // How somebody else arranges what is shared is not told of its top.
  if (node.isTop === true && entry.from_parent !== null) return undefined;
  const later = lay.get(entry.node_id);
  if (later !== undefined && node.isTop !== true && !seen.nodes.has(later)) return lost(entry, seen);
  const to = later ?? node.row.parent_id;
  const { verb, ...told } = verbOf(entry, { node, to, nodes: seen.nodes }) ?? {};
  // What it was called before it was shared is not told.
  const detail = entry.at < (node.sinceMicros ?? 0) ? {} : told;
  return verb === undefined ? undefined : { entry, verb, node: shown(node), parentId: to, detail };
}

/** Of what lay in the trash already. */
function isApproval({ kind, approved, from_name, from_trashed_at }: JournalRow): boolean {
  return kind === "gone" && approved && from_name === null && from_trashed_at !== null;
}

/** Where nodes lay after an entry, as far as later ones have told that they were moved. */
export type Lay = ReadonlyMap<NodeId, NodeId>;

/** Who has a right is for those to know who may give it. */
const sharing: ReadonlySet<string> = new Set(["shared", "unshared", "linked"]);

interface Change {
  readonly node: PlacedNode;
  /** The folder in which it lay afterwards. */
  readonly to: NodeId | null;
  readonly nodes: Seen["nodes"];
}

/** Of a change to a node in sight. */
function verbOf(entry: JournalRow, { node, to, nodes }: Change): { verb: ActivityVerb; from?: string } | undefined {
  const { kind, from_parent: fromParent, from_name: fromName } = entry;
  if (kind === "gone") return { verb: fromName === null ? "trashed" : "purged" };
  if (fromName === "" || (fromParent === null && node.row.created_at === entry.at)) return { verb: "created" };
  const from = fromParent === null ? undefined : nodes.get(fromParent);
  if (fromParent !== null && from === undefined) return { verb: "created" };
  if (kind === "appeared") return { verb: "restored" };
  // Of folders and mounts only what is done with them by name: else devices are told to look at them, and nobody did anything.
  if (from === undefined) return node.row.kind === "file" ? { verb: "edited" } : undefined;
  if (fromParent === to) return { verb: "renamed", ...(fromName === null ? {} : { from: fromName }) };
  return { verb: "moved", from: from.path };
}

/** Of a node that went out of sight: what it is called there, if anything, is not told. */
function lost(entry: JournalRow, { nodes, names }: Seen): Happening | undefined {
  const { node_id: id, from_parent: parentId } = entry;
  // What a mount showed is the owner's, and is there as before.
  if (entry.of_mount && entry.kind === "gone") return undefined;
  const name = names.get(entry.seq);
  if (parentId === null || name === undefined || !nodes.has(parentId) || entry.kind === "appeared") return undefined;
  const folder = nodes.get(parentId);
  if (folder === undefined || !isToldOf(entry, folder)) return undefined;
  const purged = entry.kind === "gone" && entry.from_name !== null;
  return { entry, verb: purged ? "purged" : "trashed", node: { id, name, folder: folder.path }, parentId, detail: {} };
}

/** Not of what went before the folder was shared, nor of what was hidden in it. */
function isToldOf({ node_id: id, at, from_trashed_at, of_mount }: JournalRow, folder: PlacedNode): boolean {
  const own = folder.rights?.at(id);
  if (own !== undefined && !roleMay(own.role, "read")) return false;
  if (of_mount && !roleMay(folder.role, "own")) return false;
  return (from_trashed_at ?? at) >= (folder.sinceMicros ?? 0);
}

function shown({ row, path, isTop }: PlacedNode): Happening["node"] {
  const { id, name } = row;
  if (row.trashed_at === null) return { id, name, path };
  return isTop === true || path === "/"
    ? { id, name }
    : { id, name, folder: path.slice(0, path.lastIndexOf("/")) || "/" };
}
