import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { openAdminCells, openStoreAt } from "../admin/open-admin-cells.ts";
import { openAdminStorage, portsFor } from "../admin/open-admin-storage.ts";
import { type BlockPool, startBlockPool } from "../blocks/block-tasks.ts";
import { keyVariable } from "../blocks/key-encryption-key.ts";
import { readConfig } from "../config/read-config.ts";
import { checkRestored } from "./check-restored.ts";
import { keyFileName, type OpenedPlace, openPlaceByFoundKey } from "./find-key.ts";
import { readLastBackup } from "../blocks/last-backup.ts";
import { restoreBackup } from "./restore-backup.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface DrillRequest {
  /** Where backups lie; undefined: where the newest of the server went. */
  readonly place: string | undefined;
  /** Of the server that was backed up; undefined: as `serve` finds it. */
  readonly dataFolder: string | undefined;
  readonly keyFile: string | undefined;
  /** In which a folder is made, and removed; undefined is the system's for what is temporary. */
  readonly scratch: string | undefined;
  /** How many packs, drawn by chance, are restored and reread; undefined is all. */
  readonly sample: number | undefined;
}

export interface DrillReport {
  readonly id: string;
  readonly consistent_at: string;
  /** From the first look at the backup until a server could start. */
  readonly recovery_seconds: number;
  /** What is younger would be lost. */
  readonly recovery_point_seconds: number;
  /** Of the restored server, in the trash too. */
  readonly files: number;
  readonly bytes: number;
  /** That were restored, and reread with every block of them. */
  readonly packs: number;
  readonly problems: readonly string[];
}

/** What `holdfast admin drill` does: restores the newest backup for the sake of seeing it done, rereads what came of it, and removes it. */
export async function runDrill(request: DrillRequest, environment: Environment = process.env): Promise<DrillReport> {
  const config = readConfig({ flags: { data: request.dataFolder }, environment });
  const dataFolder = resolve(config.dataFolder);
  const location = request.place ?? (await lastPlace(dataFolder, environment));
  const startedMs = performance.now();
  const keyFiles = [
    ...(request.keyFile === undefined ? [] : [resolve(request.keyFile)]),
    join(dataFolder, keyFileName),
  ];
  const ports = portsFor(environment);
  const store = await openStoreAt(location, ports);
  const place = await openPlaceByFoundKey({ store, keyFiles, ...ports });
  const scratch = await mkdtemp(join(resolve(request.scratch ?? tmpdir()), "holdfast-drill-"));
  const pool = startBlockPool();
  try {
    // The database's own user has to pass.
    await chmod(scratch, 0o711);
    return await drill({ place, pool, sample: request.sample, startedMs, environment }, join(scratch, "data"));
  } finally {
    await pool.close();
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Drill {
  readonly place: OpenedPlace;
  readonly pool: BlockPool;
  readonly sample: number | undefined;
  readonly startedMs: number;
  readonly environment: Environment;
}

async function drill({ place, pool, sample, startedMs, environment }: Drill, dataFolder: string): Promise<DrillReport> {
  const ports = portsFor(environment);
  const restored = await restoreBackup({
    place,
    dataFolder,
    openStoreIn: (folder) => openStoreAt(join(folder, "store"), ports),
    pool,
    random: ports.random,
    atMs: undefined,
    acceptsDamage: true,
    sample,
  });
  const recoverySeconds = (performance.now() - startedMs) / 1000;
  // No setting of the server that was backed up: neither its store nor its database is to be come near.
  const settings = { [keyVariable]: place.keyEncryptionKey === undefined ? environment[keyVariable] : undefined };
  const storage = await openAdminStorage(readConfig({ flags: { data: dataFolder }, environment: settings }), settings);
  try {
    const [cell] = (await openAdminCells(storage)).all();
    if (cell === undefined) throw new HoldfastError("internal", "The restored server has no block cell.");
    const found = await checkRestored({ cell, pool, clock: ports.clock, shards: storage.shards }, sample !== undefined);
    return {
      id: restored.id,
      consistent_at: restored.consistent_at,
      recovery_seconds: Math.round(recoverySeconds * 10) / 10,
      recovery_point_seconds: Math.max(
        0,
        Math.round((ports.clock.nowMs() - Date.parse(restored.consistent_at)) / 1000),
      ),
      ...found,
      problems: [...restored.problems, ...found.problems],
    };
  } finally {
    await storage.close();
  }
}

async function lastPlace(dataFolder: string, environment: Environment): Promise<string> {
  const storage = await openAdminStorage(readConfig({ flags: { data: dataFolder }, environment }), environment);
  try {
    const cell = storage.databases.cells.all()[0];
    const last = cell === undefined ? undefined : await readLastBackup(cell.db);
    if (last !== undefined) return last.place;
  } finally {
    await storage.close();
  }
  throw new HoldfastError("not_found", "This server was never backed up. 'holdfast admin backup DIR' does it.");
}
