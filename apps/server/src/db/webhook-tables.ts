import type { NodeId, SpaceId, TokenId, UserId, WebhookId } from "@holdfast/core/ids";

/** Tables of webhooks in the schema `shard`. */
export interface WebhookTables {
  "shard.webhooks": WebhookRow;
}

export interface WebhookRow {
  user_id: UserId;
  id: WebhookId;
  url: string;
  secret: Buffer;
  events: string[];
  node_id: NodeId | null;
  space_id: SpaceId;
  seq: number;
  created_at: number;
  /**
   * The webhook ends with this token; null: made by a signed-in person. Its own id after a new password has ended the
   * session that made it.
   */
  maker_id: TokenId | WebhookId | null;
}
