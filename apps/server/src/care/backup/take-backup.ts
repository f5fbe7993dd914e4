import type { Clock, Random } from "@holdfast/core/clock";
import { keyringKey } from "../../packs/keys/wrapped-keys.ts";
import type { BackupSlots } from "./base-backup.ts";
import { copyPacks, type PackPorts } from "./copy-packs.ts";
import { type BackedUpPack, listBackups, newBackupId, readManifest, writeManifest } from "./manifest.ts";
import { Pieces } from "./pieces.ts";
import { type Cluster, takeDatabase } from "./take-database.ts";

export interface BackupPorts extends PackPorts {
  /** undefined: the database is backed up with other tools. */
  readonly cluster: Cluster | undefined;
  /** Run of the database, which names the archive of its log. */
  readonly run: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Renews the pin that protects packs from deletion. */
  readonly keepPacks: () => Promise<void>;
}

export interface BackupReport {
  readonly id: string;
  /** Everything acknowledged before this time is in the backup. */
  readonly consistent_at: string;
  /** Includes parts shared with other backups. */
  readonly bytes: number;
  readonly added_bytes: number;
  readonly packs: number;
  readonly problems: readonly string[];
}

/**
 * Packs are copied after the database, so that all packs in it are included. The manifest, written last, makes it a
 * backup. Objects of an interrupted run are reused.
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
  // The keyring has all keys of the packs: a key is created before its first pack and never removed.
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

/** The newest backup contains everything of earlier ones that is still in use. */
async function knownPacks({ place }: BackupPorts): Promise<Map<string, BackedUpPack>> {
  const newest = (await listBackups(place)).at(-1);
  if (newest === undefined) return new Map();
  return new Map((await readManifest(place, newest)).packs.map((pack) => [pack.id, pack]));
}

export const backupSlots: BackupSlots = { meanwhile: "holdfast_backup", archive: "holdfast_archive" };
