import type { NodeId, SpaceId } from "@holdfast/core/ids";
import type { WebhookVerb } from "@holdfast/protocol/webhook-routes";
import { type Entry, isEvent } from "../activity/activity-scan.ts";
import { type Happening, happeningOf } from "../activity/happening.ts";
import { seeEntries } from "../activity/see.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../../tree/actor.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";

export interface WebhookEvent {
  readonly verb: WebhookVerb;
  /** A purged item has only its id; one in the trash has its former folder in place of a path. */
  readonly node: { readonly id: NodeId; readonly kind?: string } & Partial<Happening["node"]>;
}

export interface Bounds {
  readonly spaceId: SpaceId;
  /** null: the whole space. */
  readonly nodeId: NodeId | null;
}

/**
 * Converts an entry or event to what the watcher may see, like the activity; omits items that are no longer visible.
 * Reports a rewind's changes one by one, for receivers that keep a copy.
 */
export async function eventOf(
  shards: Shards,
  watcher: Actor,
  bounds: Bounds,
  entry: Entry,
): Promise<WebhookEvent | undefined> {
  const change = isEvent(entry) ? entry : { ...entry, rewind_id: null };
  const seen = await seeEntries(shards, watcher, [change]);
  const happening = happeningOf(change, seen);
  if (happening === undefined) return undefined;
  const { id } = happening.node;
  const node = seen.nodes.get(id);
  const from = isEvent(change) || change.from_parent === null ? undefined : seen.nodes.get(change.from_parent);
  const place = node ?? from;
  if (place === undefined || !(await isWithin(shards, watcher, place, bounds))) return undefined;
  if (happening.verb === "purged") return { verb: "purged", node: { id } };
  const kind = node === undefined ? {} : { kind: node.row.kind };
  return { verb: happening.verb, node: { ...happening.node, ...kind } };
}

async function isWithin(
  shards: Shards,
  watcher: Actor,
  node: PlacedNode,
  { nodeId, spaceId }: Bounds,
): Promise<boolean> {
  if (nodeId === null || node.row.id === nodeId) return true;
  const top = (await findNodes(shards, watcher, [nodeId])).get(nodeId);
  if (top?.row.space_id !== spaceId) return false;
  return node.path.startsWith(top.path === "/" ? "/" : `${top.path}/`);
}
