import type { GrantId, NodeId, ReportId, SpaceId, UserId } from "@holdfast/core/ids";
import type { ReportAction, ReportReason } from "@holdfast/protocol/report-routes";

export interface ReportTables {
  "shard.reports": ReportRow;
}

export interface ReportRow {
  space_id: SpaceId;
  id: ReportId;
  link_id: GrantId;
  node_id: NodeId;
  reason: ReportReason;
  text: string | null;
  at: number;
  action: ReportAction | null;
  resolved_at: number | null;
  resolved_by: UserId | null;
}
