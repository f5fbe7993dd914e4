import type { NodeId, SpaceId, UserId, WebhookId } from "@holdfast/core/ids";

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
}
