import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Step, Work } from "./work.ts";
import type { BrakedChange } from "../brake/brake-counts.ts";

const hourMs = 3600_000;

/**
 * Counts deletions and new contents, except steps of a rewind, nodes that the device created or wrote within the hour,
 * and deletions by a route of their own or approved on the device.
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

/** Microseconds since 1970. */
export function freshSince(nowMicros: number): number {
  return nowMicros - hourMs * 1000;
}

function isFreshOf(deviceId: string, node: NodeRow, nowMicros: number): boolean {
  return node.device_id === deviceId && node.created_at > freshSince(nowMicros);
}

/** Milliseconds since 1970. */
function msOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
