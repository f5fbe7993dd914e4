import { HoldfastError } from "@holdfast/core/errors";
import { isId, type NodeId, type UserId } from "@holdfast/core/ids";
import { findReadable } from "../accounts/people/may-read.ts";
import type { Shards } from "../../base/db/shards.ts";

/**
 * Only users who may read the node can be mentioned. Others and unknown ids get the same error after the same queries.
 * @throws HoldfastError invalid_field
 */
export async function checkMentions(shards: Shards, nodeId: NodeId, mentions: readonly string[]): Promise<UserId[]> {
  const ids = [...new Set(mentions)];
  for (const [index, id] of ids.entries()) {
    if (isId(id) && (await findReadable(shards, id as UserId, nodeId)) !== undefined) continue;
    const field = `mentions[${index}]`;
    throw new HoldfastError("invalid_field", `${field}: this person has no access. Share it with them first.`, {
      field,
    });
  }
  return ids as UserId[];
}
