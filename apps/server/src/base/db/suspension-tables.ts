import type { DeviceId, SpaceId, UserId } from "@holdfast/core/ids";

export interface SuspensionTables {
  "shard.device_brakes": DeviceBrakeRow;
  "shard.suspensions": SuspensionRow;
}

export interface DeviceBrakeRow {
  space_id: SpaceId;
  device_id: DeviceId;
  counts: string;
  known: number;
  free_until: number;
  suspended_at: number | null;
  touched_at: number;
}

export interface SuspensionRow {
  user_id: UserId;
  device_id: DeviceId;
  space_id: SpaceId;
  since: number;
  reason: "rewritten" | "deleted";
  rewritten: number;
  deleted: number;
  /** Just before the first counted change, in microseconds since 1970. */
  moment: number;
}
