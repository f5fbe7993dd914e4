import type { NodeId, RewindId, SpaceId, TaskId, UserId } from "@holdfast/core/ids";

export interface RewindTables {
  "shard.untold_journals": { space_id: SpaceId; seq: number };
  "shard.rewinds": RewindRow;
  "shard.rewind_steps": {
    space_id: SpaceId;
    rewind_id: RewindId;
    number: number;
    step: string;
    outcome: string | null;
  };
}

export interface RewindRow {
  space_id: SpaceId;
  id: RewindId;
  node_id: NodeId;
  user_id: UserId;
  moment: number;
  undoes: RewindId | null;
  seq: number;
  job: TaskId | null;
  answer: string;
  undo_answer: string;
  done_at: number | null;
  operation_id: Buffer | null;
  request_hash: Buffer | null;
  created_at: number;
}
