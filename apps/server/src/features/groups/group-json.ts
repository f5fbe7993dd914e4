import { formatTime } from "@holdfast/core/times";
import type { GroupJson } from "@holdfast/protocol/group-routes";
import type { SeenGroup } from "./group-rights.ts";

export function groupJson(group: SeenGroup): GroupJson {
  const { id, name, role, member_count: members, plan, created_at: createdAt } = group;
  return { id, name, role, members, plan, created_at: formatTime(createdAt) };
}
