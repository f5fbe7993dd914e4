import type { NodeRow } from "../../db/shard-tables.ts";
import type { Step, Work } from "../commit/work.ts";
import type { BrakedChange } from "./device-brakes.ts";

const hourMs = 3600_000;

/**
 * What of a change counts against its device: that a live node goes, and that a file gets other content that somebody else brought, or the device
 * itself more than an hour ago. So a file that is saved again and again counts once, and what is new does not count.
 */
export function brakedChange(
  { nowMicros }: Pick<Work, "nowMicros">,
  { caller, operation }: Step,
  before: NodeRow | undefined,
  after: NodeRow,
): BrakedChange | undefined {
  const { deviceId } = caller;
  if (before === undefined || before.purged_at !== null || before.trashed_at !== null) return undefined;
  if (deviceId === null || caller.braked !== true || operation.rewindId !== undefined) return undefined;
  if (after.trashed_at !== null) return after.kind === "mount" ? undefined : { deviceId, row: after, what: "deleted" };
  if (before.head_version === null || before.head_version === after.head_version) return undefined;
  const isOwn = before.device_id === deviceId && msOf(before.head_version) > nowMicros / 1000 - hourMs;
  return isOwn ? undefined : { deviceId, row: after, what: "rewritten" };
}

/** An id begins with its time, in milliseconds since 1970. */
function msOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
