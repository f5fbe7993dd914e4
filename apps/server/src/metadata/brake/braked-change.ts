import type { NodeRow } from "../../db/shard-tables.ts";
import type { Step, Work } from "../commit/work.ts";
import type { BrakedChange } from "./brake-counts.ts";

const hourMs = 3600_000;

/**
 * What of a change counts against its device: that a live node goes, and that a file gets other content. Not what the device itself has made or
 * written within the hour: so a file that is saved again and again counts once. Nor what a person has asked for: a deletion by a route of its own,
 * and what was approved on the device.
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
  if (operation.alone === true || operation.approved === true) return undefined;
  if (after.trashed_at !== null) {
    const isNone = after.kind === "mount" || (after.kind !== "folder" && isFreshOf(deviceId, before, nowMicros));
    return isNone ? undefined : { deviceId, row: after, what: "deleted" };
  }
  if (before.head_version === null || before.head_version === after.head_version) return undefined;
  const isOwn = before.device_id === deviceId && msOf(before.head_version) > nowMicros / 1000 - hourMs;
  return isOwn ? undefined : { deviceId, row: after, what: "rewritten" };
}

/** From when on what a device has made is no loss of anybody's, in microseconds since 1970. */
export function freshSince(nowMicros: number): number {
  return nowMicros - hourMs * 1000;
}

function isFreshOf(deviceId: string, node: NodeRow, nowMicros: number): boolean {
  return node.device_id === deviceId && node.created_at > freshSince(nowMicros);
}

/** An id begins with its time, in milliseconds since 1970. */
function msOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
