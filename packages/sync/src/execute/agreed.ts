import type { NodeId } from "@holdfast/core/ids";
import { agreedPrivacy } from "../model/privacy.ts";
import type { SyncState } from "../state/sync-state.ts";
import { type LocalRow, type Place, placeOf, samePlace, type SyncedRow, syncedVersionsKept } from "../model/trees.ts";

/**
 * The base after the disk was made what the server has; it is committed with the row of the disk, since the server may
 * have moved on before the next look compares them. Members in which the two differ keep their base.
 */
export function agreedWithServer(
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
    ...agreedPrivacy(local, row, before),
    versionIds:
      isSame && row.versionId !== null && row.versionId !== versionIds[0]
        ? [row.versionId, ...versionIds].slice(0, syncedVersionsKept)
        : versionIds,
  };
}

/** The base after a move alone: what a person may have written there is not durable for that. */
export function agreedPlace(
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
 * The base after something that waited aside could not go back to its name. That it got another one is no person's doing: else
 * it would be a move, and bring back what was deleted on the server since.
 */
export function agreedBeside(
  { synced }: Pick<SyncState, "synced">,
  id: NodeId,
  from: Place,
  to: Place,
): SyncedRow | undefined {
  const base = synced.get(id);
  return base === undefined || !samePlace(base.place, from) ? base : { ...base, place: placeOf(to) };
}
