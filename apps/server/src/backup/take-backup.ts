import type { Clock, Random } from "@holdfast/core/clock";
import { keyringKey } from "../blocks/wrapped-keys.ts";
import type { BackupSlots } from "./base-backup.ts";
import { copyPacks, type PackPorts } from "./copy-packs.ts";
import { type BackedUpPack, listBackups, newBackupId, readManifest, writeManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import { type Cluster, takeDatabase } from "./take-database.ts";

export interface BackupPorts extends PackPorts {
  /** Undefined: the database is another's to back up. */
  readonly cluster: Cluster | undefined;
  /** Names the archive of the database's log. */
  readonly run: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Called now and then, so that whatever keeps packs from being deleted goes on doing so. */
  readonly keepPacks: () => Promise<void>;
}

export interface BackupReport {
  readonly id: string;
  /** All that was acknowledged before is in the backup. */
  readonly consistent_at: string;
  /** That it takes up, with what it shares with others. */
  readonly bytes: number;
  readonly added_bytes: number;
  readonly packs: number;
  readonly problems: readonly string[];
}

/**
 * The database first and the packs after, so that whatever the one names is among the others. It becomes a backup by its manifest, the
 * last that is written; what a run left that did not come so far serves the next.
 */
export async function takeBackup(ports: BackupPorts): Promise<BackupReport> {
  const { place, cell, cluster, run, clock, random, signal, progress } = ports;
  const startedAt = clock.nowMicros();
  const id = newBackupId(clock.nowMs(), random(4));
  await ports.keepPacks();
  const pieces = await Pieces.open(place);
  const database =
    cluster === undefined
      ? undefined
      : await takeDatabase({ cluster, place, run, slots: backupSlots, signal, progress }, pieces);
  await ports.keepPacks();
  // All keys that its packs were sealed with: they are made before the first pack, and none goes.
  await place.store.put(keyringKey, await cell.store.get(keyringKey));
  const { packs, addedBytes, problems } = await copyPacks(ports, await knownPacks(ports), startedAt);
  const names = database?.manifest.files.flatMap((file) => file.pieces) ?? [];
  const manifest = {
    id,
    consistent_at: new Date(database?.base.consistentAtMs ?? startedAt / 1000).toISOString(),
    database: database?.manifest ?? null,
    packs: [...packs],
    bytes: pieces.bytesOf(names) + packs.reduce((sum, { size }) => sum + size, 0),
    added_bytes: pieces.addedBytes + addedBytes,
  };
  const manifestBytes = await writeManifest(place, manifest);
  return {
    id,
    consistent_at: manifest.consistent_at,
    bytes: manifest.bytes + manifestBytes,
    added_bytes: manifest.added_bytes + manifestBytes,
    packs: packs.length,
    problems,
  };
}

/** Of the newest backup, which has all that those before it had and that is still in use. */
async function knownPacks({ place }: BackupPorts): Promise<Map<string, BackedUpPack>> {
  const newest = (await listBackups(place)).at(-1);
  if (newest === undefined) return new Map();
  return new Map((await readManifest(place, newest)).packs.map((pack) => [pack.id, pack]));
}

export const backupSlots: BackupSlots = { meanwhile: "holdfast_backup", archive: "holdfast_archive" };
