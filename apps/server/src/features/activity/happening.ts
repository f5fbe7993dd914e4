import type { NodeId } from "@holdfast/core/ids";
import type { ActivityVerb } from "@holdfast/protocol/activity-routes";
import type { JournalRow } from "../../base/db/shard-tables.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { roleMay } from "../../tree/rights/roles.ts";
import { type Entry, isEvent } from "./activity-scan.ts";

export interface Happening {
  readonly entry: Entry;
  readonly verb: ActivityVerb;
  readonly node: { readonly id: NodeId; readonly name: string; readonly path?: string; readonly folder?: string };
  /** Current or former folder, shared by many files of one action. */
  readonly parentId: NodeId | null;
  readonly detail: Record<string, unknown>;
}

/** Nodes of entries that a user sees now. */
export interface Seen {
  readonly nodes: ReadonlyMap<NodeId, PlacedNode>;
  /** Names of nodes that went out of sight, by the entry's number. */
  readonly names: ReadonlyMap<number, string>;
}

/**
 * Converts an entry to what its reader may see. Omits a node out of sight, unless it moved between a visible and an
 * invisible place.
 * @returns undefined if nothing is visible
 */
export function happeningOf(entry: Entry, seen: Seen, lay: Lay = new Map()): Happening | undefined {
  const node = seen.nodes.get(entry.node_id);
  if (isEvent(entry)) {
    if (node === undefined || (sharing.has(entry.verb) && !roleMay(node.role, "share"))) return undefined;
    return { entry, verb: entry.verb, node: shown(node), parentId: node.row.parent_id, detail: entry.detail };
  }
  // A rewind and a changed role of a share have their own events.
  if (entry.rewind_id !== null || entry.grantee_id !== null || isApproval(entry)) return undefined;
  if (node === undefined) return lost(entry, seen);
  // A shared top node's changes of name or place are not reported.
  if (node.isTop === true && entry.from_parent !== null) return undefined;
  const later = lay.get(entry.node_id);
  if (later !== undefined && node.isTop !== true && !seen.nodes.has(later)) return lost(entry, seen);
  const to = later ?? node.row.parent_id;
  const { verb, ...facts } = verbOf(entry, { node, to, nodes: seen.nodes }) ?? {};
  // Names from before the share are not reported.
  const detail = entry.at < (node.sinceMicros ?? 0) ? {} : facts;
  return verb === undefined ? undefined : { entry, verb, node: shown(node), parentId: to, detail };
}

function isApproval({ kind, approved, from_name, from_trashed_at }: JournalRow): boolean {
  return kind === "gone" && approved && from_name === null && from_trashed_at !== null;
}

/** Folder of each node after an entry, if later entries moved it. */
export type Lay = ReadonlyMap<NodeId, NodeId>;

/** Only users who may share a node learn who has access. */
const sharing: ReadonlySet<string> = new Set(["shared", "unshared", "linked"]);

interface Change {
  readonly node: PlacedNode;
  readonly to: NodeId | null;
  readonly nodes: Seen["nodes"];
}

function verbOf(entry: JournalRow, { node, to, nodes }: Change): { verb: ActivityVerb; from?: string } | undefined {
  const { kind, from_parent: fromParent, from_name: fromName } = entry;
  if (kind === "gone") return { verb: fromName === null ? "trashed" : "purged" };
  if (fromName === "" || (fromParent === null && node.row.created_at === entry.at)) return { verb: "created" };
  const from = fromParent === null ? undefined : nodes.get(fromParent);
  if (fromParent !== null && from === undefined) return { verb: "created" };
  if (kind === "appeared") return { verb: "restored" };
  // For folders and mounts, only changes by name count; other entries only make devices read them again.
  if (from === undefined) return node.row.kind === "file" ? { verb: "edited" } : undefined;
  if (fromParent === to) return { verb: "renamed", ...(fromName === null ? {} : { from: fromName }) };
  return { verb: "moved", from: from.path };
}

/** Reports a node that went out of sight, without its new name. */
function lost(entry: JournalRow, { nodes, names }: Seen): Happening | undefined {
  const { node_id: id, from_parent: parentId } = entry;
  // A mount's content belongs to its owner and still exists.
  if (entry.of_mount && entry.kind === "gone") return undefined;
  const name = names.get(entry.seq);
  if (parentId === null || name === undefined || !nodes.has(parentId) || entry.kind === "appeared") return undefined;
  const folder = nodes.get(parentId);
  if (folder === undefined || !wasVisibleIn(entry, folder)) return undefined;
  const purged = entry.kind === "gone" && entry.from_name !== null;
  return { entry, verb: purged ? "purged" : "trashed", node: { id, name, folder: folder.path }, parentId, detail: {} };
}

/** False for entries from before the share, and for hidden nodes. */
function wasVisibleIn({ node_id: id, at, from_trashed_at, of_mount }: JournalRow, folder: PlacedNode): boolean {
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
