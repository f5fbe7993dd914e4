import type { GroupId, UserId } from "@holdfast/core/ids";
import type { Generated } from "kysely";

export type GroupRole = "member" | "manager";

/** The tables of groups in the schema `shard`. */
export interface GroupTables {
  "shard.groups": GroupRow;
  "shard.group_members": { group_id: GroupId; user_id: UserId; role: GroupRole };
  "shard.provisioned_groups": { group_id: GroupId; external_id: string };
  "shard.memberships": {
    user_id: UserId;
    group_id: GroupId;
    /** Null for somebody who is no member any more. */
    role: GroupRole | null;
    change: number;
    changed_at: number;
    /** The group's; null for none, and for somebody who is no member any more. */
    plan: Generated<string | null>;
  };
}

export interface GroupRow {
  id: GroupId;
  name: string;
  changes: number;
  member_count: number;
  /** What it gives its members; null: nothing. */
  plan: string | null;
  created_at: number;
}
