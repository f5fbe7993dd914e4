import type { GrantRow, ShardReader } from "../../db/shard-tables.ts";
import { enqueue } from "../../queue/enqueue.ts";

/** The message tells where to look, not what is there: it is worked by what stands in the rows then. */
export async function enqueueGrant(transaction: ShardReader, grant: GrantRow): Promise<void> {
  const { id, space_id, node_id, kind, grantee_id, expires_at } = grant;
  if (grantee_id !== null && kind !== "link") {
    const payload = { grantId: id, spaceId: space_id, nodeId: node_id, kind, granteeId: grantee_id };
    await enqueue(transaction, { kind: "grant", key: id, payload });
  }
  if (expires_at === null) return;
  const payload = { grantId: id, spaceId: space_id };
  await enqueue(transaction, { kind: "grant_expiry", key: id, payload, notBeforeMicros: expires_at });
}
