import type { GroupId, UserId } from "@holdfast/core/ids";
import type { Generated } from "kysely";

export type GroupRole = "member" | "manager";

export interface GroupTables {
  "shard.groups": GroupRow;
  "shard.group_members": { group_id: GroupId; user_id: UserId; role: GroupRole };
  "shard.provisioned_groups": { group_id: GroupId; external_id: string };
  "shard.memberships": {
    user_id: UserId;
    group_id: GroupId;
    /** null: no longer a member */
    role: GroupRole | null;
    change: number;
    changed_at: number;
    /** The group's plan; null: none, or no longer a member. */
    plan: Generated<string | null>;
  };
}

export interface GroupRow {
  id: GroupId;
  name: string;
  changes: number;
  member_count: number;
  /** Plan of its members. */
  plan: string | null;
  created_at: number;
}
