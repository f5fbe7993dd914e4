import { listPacks } from "../../packs/index/list-packs.ts";
import { packKey } from "../../packs/format/pack-format.ts";
import { manifestPrefix } from "../../packs/facts/stored-metadata.ts";
import type { BackupPlace } from "./backup-place.ts";
import { walStartOf } from "./base-backup.ts";
import { pruneArchives } from "./log-archive.ts";
import { listBackups, type Manifest, readManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";

/**
 * Removes all but the newest backups, and then objects that no other backup needs. Manifests are removed first: after
 * an interruption, leftovers belong to no backup and are removed next time.
 * @returns ids of the removed backups
 */
export async function pruneBackups(place: BackupPlace, keep: number): Promise<string[]> {
  const ids = await listBackups(place);
  // The needs of an unreadable manifest are unknown, so all are read before anything is removed.
  const kept: Manifest[] = [];
  for (const id of ids.slice(-keep)) kept.push(await readManifest(place, id));
  const removed = ids.slice(0, -keep);
  for (const id of removed) await place.store.delete(`${manifestPrefix}${id}`);
  await removePieces(place, kept);
  await removePacks(place, kept);
  await removeLogs(place, kept);
  return removed;
}

/** Keeps archives from their run's oldest backup on. */
async function removeLogs(place: BackupPlace, kept: readonly Manifest[]): Promise<void> {
  const firsts = new Map<string, string>();
  for (const { database } of kept)
    if (database !== null && !firsts.has(database.run)) firsts.set(database.run, walStartOf(database.label));
  if (firsts.size > 0) await pruneArchives(place, firsts);
}

async function removePieces(place: BackupPlace, kept: readonly Manifest[]): Promise<void> {
  const needed = new Set(kept.flatMap(({ database }) => database?.files.flatMap((file) => file.pieces) ?? []));
  const pieces = await Pieces.open(place);
  for (const name of pieces.names()) if (!needed.has(name)) await pieces.remove(name);
}

/** A state between two backups may need packs newer than the oldest. */
async function removePacks(place: BackupPlace, kept: readonly Manifest[]): Promise<void> {
  const oldestMs = Math.min(...kept.map(({ consistent_at }) => Date.parse(consistent_at))) - clockDifferenceMs;
  const needed = new Set<string>(kept.flatMap(({ packs }) => packs.map(({ id }) => id)));
  for await (const page of listPacks(place.store, undefined))
    for (const { packId, modifiedAtMs } of page)
      if (!needed.has(packId) && modifiedAtMs < oldestMs) await place.store.delete(packKey(packId));
}

/** Maximum difference between the clocks of this machine and the place. */
const clockDifferenceMs = 3600_000;
