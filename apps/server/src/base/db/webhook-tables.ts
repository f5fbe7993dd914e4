import type { NodeId, SpaceId, TokenId, UserId, WebhookId } from "@holdfast/core/ids";

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
  /** Ends with this token; null: made by a signed-in person. Its own id after a new password has ended that session. */
  maker_id: TokenId | WebhookId | null;
}
