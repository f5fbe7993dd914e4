import type { NodeId, SpaceId, TaskId, TransferId, UserId } from "@holdfast/core/ids";

export interface TransferTables {
  "shard.transfers": TransferRow;
  "shard.arrivals": ArrivalRow;
}

export interface TransferRow {
  space_id: SpaceId;
  id: TransferId;
  node_id: NodeId;
  from_id: UserId;
  to_id: UserId;
  created_at: number;
  accepted_at: number | null;
}

export interface ArrivalRow {
  space_id: SpaceId;
  id: TransferId;
  job: TaskId;
  user_id: UserId;
  from_id: UserId;
  from_space: SpaceId;
  from_node: NodeId;
  top_id: NodeId | null;
  result: string | null;
  created_at: number;
}
