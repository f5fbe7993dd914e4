import type { GrantRow, ShardReader } from "../../db/shard-tables.ts";
import { enqueue } from "../../queue/enqueue.ts";

/** The message of a grant that waits for an account: one may have come meanwhile. */
export const pendingKind = "grant_pending";

/** The message tells where to look, not what is there: it is worked by what stands in the rows then. */
export async function enqueueGrant(transaction: ShardReader, grant: GrantRow): Promise<void> {
  const { id, space_id, node_id, kind, grantee_id, expires_at, email_key } = grant;
  if (grantee_id !== null && kind !== "link") {
    const payload = { grantId: id, spaceId: space_id, nodeId: node_id, kind, granteeId: grantee_id };
    await enqueue(transaction, { kind: "grant", key: id, payload });
  }
  if (kind === "pending") {
    // Of one that is gone no row says for whom it was.
    const waits = { grantId: id, spaceId: space_id, emailKey: email_key };
    await enqueue(transaction, { kind: pendingKind, key: id, payload: waits });
  }
  if (expires_at === null) return;
  const payload = { grantId: id, spaceId: space_id };
  await enqueue(transaction, { kind: "grant_expiry", key: id, payload, notBeforeMicros: expires_at });
}
