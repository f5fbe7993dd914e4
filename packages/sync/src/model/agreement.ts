import type { NodeId } from "@holdfast/core/ids";
import { isPrivateIn, samePrivacy } from "./privacy.ts";
import { type LocalRow, type RemoteRow, samePlace, type SyncedRow, type Trees } from "./trees.ts";

export interface AllRows {
  readonly remote: Pick<Trees["remote"], "get">;
  readonly local: Pick<Trees["local"], "get">;
  readonly synced: Pick<Trees["synced"], "get">;
  readonly intents: Pick<Trees["intents"], "has">;
}

/**
 * True if the three trees agree on a node. Nothing happens to it while nothing happens to its surroundings. The state
 * stores the results: a changed rule requires an upgrade (`state/upgrade.ts`).
 */
export function isAtRest({ local, remote, synced, intents }: AllRows, id: NodeId): boolean {
  if (intents.has(id)) return false;
  // Lazy, because each row may come from a database.
  const onDisk = local.get(id);
  if (onDisk === undefined) return remote.get(id)?.trashed !== false && synced.get(id) === undefined;
  const onServer = onDisk.readState === "known" ? remote.get(id) : undefined;
  if (onServer === undefined || onServer.trashed) return false;
  const base = synced.get(id);
  return base !== undefined && agree(onDisk, onServer, base);
}

/**
 * True if the node is new on one side, without any agreement. Only items of the same name beside it, and the folders
 * that it needs, depend on it. A plan may therefore leave it, and similar content below it, to the next plan.
 */
export function isFresh({ local, remote, synced, intents }: AllRows, id: NodeId): boolean {
  if (intents.has(id) || synced.get(id) !== undefined) return false;
  const [onDisk, onServer] = [local.get(id), remote.get(id)];
  if (onDisk === undefined) return onServer?.trashed === false;
  return onServer === undefined && onDisk.readState === "known" && onDisk.alias === undefined;
}

function agree(local: LocalRow, remote: RemoteRow, synced: SyncedRow): boolean {
  return (
    local.kind === remote.kind &&
    local.content === remote.content &&
    synced.content === remote.content &&
    // An alias may end whenever an item beside it is removed.
    local.alias === undefined &&
    samePlace(local, remote) &&
    samePlace(synced.place, remote) &&
    (local.kind !== "file" || (local.executable === remote.executable && synced.executable === remote.executable)) &&
    samePrivacy(local, remote) &&
    (local.isPrivate === undefined ? !isPrivateIn(remote) : isPrivateIn(synced) === isPrivateIn(remote)) &&
    (remote.versionId === null || synced.versionIds[0] === remote.versionId)
  );
}
