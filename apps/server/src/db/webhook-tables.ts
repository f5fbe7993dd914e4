import type { NodeId, SpaceId, TokenId, UserId, WebhookId } from "@holdfast/core/ids";

/** The tables of webhooks in the schema `shard`. */
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
  /** What it ends with; null for one that somebody signed in has made, and its own id once a new password has ended that one. */
  maker_id: TokenId | WebhookId | null;
}
