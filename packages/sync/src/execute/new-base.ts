import type { NodeId } from "@holdfast/core/ids";
import { nextBasePrivacy } from "../model/privacy.ts";
import type { SyncState } from "../state/sync-state.ts";
import { type LocalRow, type Place, placeOf, samePlace, type SyncedRow, syncedVersionsKept } from "../model/trees.ts";

/**
 * Base after the disk was changed to the server's state. It is committed with the disk's row, because the server may
 * change before the next scan. Members that differ keep their base.
 */
export function baseFromServer(
  { remote, synced }: Pick<SyncState, "remote" | "synced">,
  id: NodeId,
  local: LocalRow,
): SyncedRow | undefined {
  const row = remote.get(id);
  const before = synced.get(id);
  if (row === undefined) return before;
  const isSame = row.content === local.content;
  const versionIds = before?.versionIds ?? [];
  return {
    kind: local.kind,
    place: samePlace(row, local) ? placeOf(row) : before?.place,
    content: isSame ? row.content : before?.content,
    executable: row.executable === local.executable ? row.executable : (before?.executable ?? false),
    ...nextBasePrivacy(local, row, before),
    versionIds:
      isSame && row.versionId !== null && row.versionId !== versionIds[0]
        ? [row.versionId, ...versionIds].slice(0, syncedVersionsKept)
        : versionIds,
  };
}

/** Base after a move only: a person's write to the file is not durable yet. */
export function baseAfterMove(
  { remote, synced }: Pick<SyncState, "remote" | "synced">,
  id: NodeId,
  local: LocalRow,
): SyncedRow | undefined {
  const [row, before] = [remote.get(id), synced.get(id)];
  return row === undefined || before === undefined || !samePlace(row, local)
    ? before
    : { ...before, place: placeOf(row) };
}

/**
 * Base after a parked item could not return to its name. The new name must not count as a person's move, which would
 * restore a deleted item.
 */
export function baseAfterUnpark(
  { synced }: Pick<SyncState, "synced">,
  id: NodeId,
  from: Place,
  to: Place,
): SyncedRow | undefined {
  const base = synced.get(id);
  return base === undefined || !samePlace(base.place, from) ? base : { ...base, place: placeOf(to) };
}
