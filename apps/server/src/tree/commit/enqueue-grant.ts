import type { GrantRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { enqueue } from "../../base/queue/enqueue.ts";

/** Kind of the message about a grant that waits for an account, which may exist by now. */
export const pendingKind = "grant_pending";

/** Grant of an account or group. */
export interface Pointer extends Pick<GrantRow, "id" | "space_id" | "node_id"> {
  readonly kind: "user" | "group";
  readonly grantee_id: string;
}

/** Adds messages that only name the grant. Their handlers act on the rows as they are then. */
export async function enqueueGrant(transaction: ShardQueries, grant: GrantRow): Promise<void> {
  const { id, space_id, kind, grantee_id, expires_at, email_key } = grant;
  if (grantee_id !== null && (kind === "user" || kind === "group"))
    await enqueuePointer(transaction, { ...grant, kind, grantee_id });
  if (kind === "pending") {
    // A removed grant's row no longer contains its address.
    const waits = { grantId: id, spaceId: space_id, emailKey: email_key };
    await enqueue(transaction, { kind: pendingKind, key: id, payload: waits });
  }
  if (expires_at === null) return;
  const payload = { grantId: id, spaceId: space_id };
  await enqueue(transaction, { kind: "grant_expiry", key: id, payload, notBeforeMicros: expires_at });
}

/** Adds the message to the grantee's shard, also for a removed grant. */
export function enqueuePointer(transaction: ShardQueries, pointer: Pointer): Promise<void> {
  const { id, space_id, node_id, kind, grantee_id } = pointer;
  const payload = { grantId: id, spaceId: space_id, nodeId: node_id, kind, granteeId: grantee_id };
  return enqueue(transaction, { kind: "grant", key: id, payload });
}
