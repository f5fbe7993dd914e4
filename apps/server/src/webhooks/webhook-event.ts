import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { WebhookVerb } from "@holdfast/protocol/webhook-routes";
import { sql } from "kysely";
import type { JournalRow, NodeRow } from "../db/shard-tables.ts";
import type { Shards } from "../db/shards.ts";
import type { Actor } from "../metadata/actor.ts";
import { findNodes } from "../metadata/read/look-up.ts";
import type { PlacedNode } from "../metadata/read/placed-node.ts";

/** What happened to a node, as its watcher may know it now. */
export interface WebhookEvent {
  readonly verb: WebhookVerb;
  /** Of what was removed for good only the id is left, of what is in the trash no path. */
  readonly node: { readonly id: NodeId; readonly name?: string; readonly kind?: string; readonly path?: string };
}

/** What a webhook is about. */
export interface Bounds {
  readonly spaceId: SpaceId;
  /** null: all of the space. */
  readonly nodeId: NodeId | null;
}

/** What an entry of the space's journal says to somebody within bounds: nothing of what is out of sight by now. */
export async function eventOf(
  shards: Shards,
  watcher: Actor,
  bounds: Bounds,
  entry: JournalRow,
): Promise<WebhookEvent | undefined> {
  // Whose role has changed is not for everybody who sees the node.
  if (entry.grantee_id !== null) return undefined;
  const { node_id: id, from_parent: fromParent } = entry;
  const asked = [id, fromParent, bounds.nodeId].filter((each) => each !== null);
  const nodes = await findNodes(shards, watcher, asked);
  // A node of the same id in another space is another one.
  for (const [each, { row }] of nodes) if (row.space_id !== bounds.spaceId) nodes.delete(each);
  const node = nodes.get(id);
  const place = node ?? (fromParent === null ? undefined : nodes.get(fromParent));
  if (place === undefined || !isWithin(place, bounds, nodes)) return undefined;
  if (node === undefined) {
    return entry.kind === "gone" && (await isRemoved(shards, bounds.spaceId, id))
      ? { verb: "purged", node: { id } }
      : undefined;
  }
  const verb = verbOf(entry, node.row);
  return verb === undefined ? undefined : { verb, node: shown(node) };
}

/** Whether the node is nowhere any more, and not only out of sight. By the primary key. */
async function isRemoved(shards: Shards, spaceId: SpaceId, id: NodeId): Promise<boolean> {
  const { rows } = await sql`
    select from shard.nodes where space_id = ${spaceId} and id = ${id} and purged_at is null`.execute(
    shards.ofId(spaceId).db,
  );
  return rows.length === 0;
}

function isWithin(node: PlacedNode, { nodeId }: Bounds, nodes: ReadonlyMap<NodeId, PlacedNode>): boolean {
  if (nodeId === null || node.row.id === nodeId) return true;
  const top = nodes.get(nodeId);
  return top !== undefined && node.path.startsWith(top.path === "/" ? "/" : `${top.path}/`);
}

function verbOf({ kind, from_parent, at }: JournalRow, row: NodeRow): WebhookVerb | undefined {
  if (kind === "gone") return "trashed";
  if (kind === "appeared") return from_parent === null ? "created" : "restored";
  if (from_parent !== null) return from_parent === row.parent_id ? "renamed" : "moved";
  if (row.created_at === at) return "created";
  // Of a folder nothing has changed that anybody did: devices are told to look at it.
  return row.kind === "file" ? "edited" : undefined;
}

function shown({ row, path }: PlacedNode): WebhookEvent["node"] {
  return { id: row.id, name: row.name, kind: row.kind, ...(row.trashed_at === null ? { path } : {}) };
}
