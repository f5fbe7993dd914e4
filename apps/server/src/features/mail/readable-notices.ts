import { isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { readActor } from "../accounts/people/may-read.ts";
import type { Shards } from "../../base/db/shards.ts";
import { findNodes } from "../../tree/read/look-up.ts";
import type { Notice } from "./notice.ts";

/**
 * Drops notices about items that the account can no longer read. A notice contains the item's name, and may quote a
 * comment.
 */
export async function readableNotices(shards: Shards, userId: UserId, notices: readonly Notice[]): Promise<Notice[]> {
  const ids = notices.flatMap(({ node }) => (node !== null && isId(node.id) ? [node.id as NodeId] : []));
  const actor = ids.length === 0 ? undefined : await readActor(shards, userId);
  const found = actor === undefined ? new Map<string, never>() : await findNodes(shards, actor, [...new Set(ids)]);
  const readable: ReadonlySet<string> = new Set(found.keys());
  return notices.filter(({ node }) => node === null || readable.has(node.id));
}
