import type { NodeId } from "@holdfast/core/ids";
import { isPrivateIn, samePrivacy } from "./privacy.ts";
import { type LocalRow, type RemoteRow, samePlace, type SyncedRow, type Trees } from "./trees.ts";

/** What each tree says of a node. */
export interface AllRows {
  readonly remote: Pick<Trees["remote"], "get">;
  readonly local: Pick<Trees["local"], "get">;
  readonly synced: Pick<Trees["synced"], "get">;
  readonly intents: Pick<Trees["intents"], "has">;
}

/**
 * Whether the three trees say the same of a node: nothing is to be done about it while nothing is about those around it.
 * A state keeps the answers: with another rule it has to ask again (`state/upgrade.ts`).
 */
export function isAtRest({ local, remote, synced, intents }: AllRows, id: NodeId): boolean {
  if (intents.has(id)) return false;
  // A tree is asked only if those before have not told it: each may have to be read from a database.
  const onDisk = local.get(id);
  if (onDisk === undefined) return remote.get(id)?.trashed !== false && synced.get(id) === undefined;
  const onServer = onDisk.sight === "known" ? remote.get(id) : undefined;
  if (onServer === undefined || onServer.trashed) return false;
  const base = synced.get(id);
  return base !== undefined && agree(onDisk, onServer, base);
}

/**
 * New on one side, and nothing of it was ever agreed on. It stays whatever becomes of anything else, and nothing else depends on it
 * but what is called alike beside it and the folders that it needs: a plan may leave it, with its like below it, to the next one.
 */
export function isFresh({ local, remote, synced, intents }: AllRows, id: NodeId): boolean {
  if (intents.has(id) || synced.get(id) !== undefined) return false;
  const [onDisk, onServer] = [local.get(id), remote.get(id)];
  if (onDisk === undefined) return onServer?.trashed === false;
  return onServer === undefined && onDisk.sight === "known" && onDisk.alias === undefined;
}

function agree(local: LocalRow, remote: RemoteRow, synced: SyncedRow): boolean {
  return (
    local.kind === remote.kind &&
    local.content === remote.content &&
    synced.content === remote.content &&
    // What has an alias may get its own name whenever something beside it goes.
    local.alias === undefined &&
    samePlace(local, remote) &&
    samePlace(synced.place, remote) &&
    (local.kind !== "file" || (local.executable === remote.executable && synced.executable === remote.executable)) &&
    samePrivacy(local, remote) &&
    (local.isPrivate === undefined ? !isPrivateIn(remote) : isPrivateIn(synced) === isPrivateIn(remote)) &&
    (remote.versionId === null || synced.versionIds[0] === remote.versionId)
  );
}
