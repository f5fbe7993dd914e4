import { readdirSync, statSync } from "node:fs";
import { copyFile, mkdir, rm, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { formatBytes } from "@holdfast/core/format-bytes";
import pg from "pg";
import { afterRestore, databaseRunFact } from "../backup/database-run.ts";
import type { StepProgress } from "../backup/step-progress.ts";
import { lastBackupFact } from "../../packs/facts/last-backup.ts";
import { cellMigrations } from "../../base/db/cell-migrations/index.ts";
import type { Connection } from "../../base/db/database.ts";
import type { DatabaseLog } from "../../base/db/database-log.ts";
import { accountFor } from "../../base/db/embedded/account.ts";
import { findBinaries, majorOf, type NativePackage } from "../../base/db/embedded/binaries.ts";
import { clusterFolderOf, versionOf } from "../../base/db/embedded/cluster.ts";
import { stopLeftover } from "../../base/db/embedded/leftover.ts";
import { passwordPath } from "../../base/db/embedded/password.ts";
import { runProgram } from "../../base/db/embedded/program.ts";
import { oldClusterOf, swapClusters, upgradeFolderOf } from "../../base/db/embedded/swap-clusters.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../base/db/embedded-postgres.ts";
import { migrate, type MigrationSet, readApplied, refuseUnknown } from "../../base/db/migrate.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import { type CopiedDatabase, copyDatabase } from "./copy-database.ts";

export interface UpgradePorts {
  /** Locked by the caller. Its cluster has the version of `from`. */
  readonly dataFolder: string;
  readonly from: NativePackage;
  readonly to: NativePackage;
  readonly random: Random;
  readonly log: DatabaseLog;
  readonly freeBytes?: (folder: string) => Promise<number>;
  readonly at?: (step: string) => void;
  readonly progress?: StepProgress | undefined;
}

export interface Upgraded extends CopiedDatabase {
  readonly old: string;
}

/**
 * The old cluster is only read until the new one replaces it. An interruption leaves one of the two intact, and the
 * upgrade can be repeated.
 * @throws HoldfastError failed, store_full; the old cluster is unchanged
 */
export async function upgradeDatabase(ports: UpgradePorts): Promise<Upgraded> {
  const { dataFolder, from, random, at = () => {} } = ports;
  const work = upgradeFolderOf(dataFolder);
  await stopLeftover(clusterFolderOf(work), ports.log);
  await rm(work, { recursive: true, force: true, maxRetries: 5 });
  const old = oldClusterOf(dataFolder, majorOf(from.version));
  refuseOlder(old);
  await refuseWithoutRoom(dataFolder, ports.freeBytes ?? freeBytesOf);
  await mkdir(work, { mode: 0o700 });
  await copyFile(passwordPath(dataFolder), passwordPath(work));
  at("begun");
  const copied = await copyInto(work, ports, at);
  ports.progress?.begin("writing the new database to disk");
  await syncCluster(work, ports);
  at("durable");
  await swapClusters(dataFolder, { major: majorOf(from.version), random, at });
  await rm(join(dataFolder, `postgres-binaries-${from.version}`), { recursive: true, force: true });
  return { ...copied, old };
}

async function copyInto(work: string, ports: UpgradePorts, at: (step: string) => void): Promise<CopiedDatabase> {
  const { dataFolder, from, to, random, log, progress } = ports;
  progress?.begin("starting the old and the new database");
  const account = accountFor(clusterFolderOf(dataFolder));
  const options = { log, random: (bytes: number) => random(bytes), account };
  await using running = new AsyncDisposableStack();
  const run = async (folder: string, native: NativePackage, settings = {}): Promise<EmbeddedPostgres> => {
    const postgres = await startEmbeddedPostgres({ ...options, dataFolder: folder, native, settings });
    running.defer(() => postgres.stop());
    return postgres;
  };
  // Commands on the data folder could find it, and their changes would be lost.
  const source = await run(dataFolder, from, { default_transaction_read_only: "on" });
  at("old runs");
  for (const set of sets) refuseUnknown(await readApplied(source.connection, set, log), set);
  const target = await run(work, to);
  at("new runs");
  for (const set of sets) await migrateAs(source.connection, target.connection, set, log);
  at("migrated");
  const copied = await copyDatabase({ from: source.connection, to: target.connection, at, progress });
  await beginLogAnew(target.connection);
  progress?.begin("stopping both databases");
  return copied;
}

const sets: readonly MigrationSet[] = [shardMigrations, cellMigrations];

/** Migrates only as far as the old one. The server runs later migrations at its start. */
async function migrateAs(from: Connection, to: Connection, set: MigrationSet, log: DatabaseLog): Promise<void> {
  const applied = new Set(await readApplied(from, set, log));
  const migrations = Object.fromEntries(Object.entries(set.migrations).filter(([name]) => applied.has(name)));
  await migrate(to, { ...set, migrations }, log);
}

/** The new cluster uses the same names for other log files, so the old log backup must not be continued. */
async function beginLogAnew(connection: Connection): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: "holdfast upgrade" });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows: found } = await client.query<{ there: boolean }>(
      "select to_regclass('cell.facts') is not null as there",
    );
    if (found[0]?.there !== true) return;
    await client.query("delete from cell.facts where name = $1", [lastBackupFact]);
    const { rows } = await client.query<{ value: unknown }>("select value from cell.facts where name = $1", [
      databaseRunFact,
    ]);
    if (rows[0] === undefined) return;
    const run = JSON.stringify(afterRestore(rows[0].value));
    await client.query("update cell.facts set value = $2::json where name = $1", [databaseRunFact, run]);
  } finally {
    await client.end();
  }
}

/** Syncs every file and name of the new cluster with PostgreSQL's own program. */
async function syncCluster(work: string, { dataFolder, to, log }: UpgradePorts): Promise<void> {
  const account = accountFor(clusterFolderOf(dataFolder));
  const cluster = clusterFolderOf(work);
  const { initdb } = await findBinaries(work, account, log, to);
  await runProgram(initdb, ["--sync-only", `--pgdata=${cluster}`], account, cluster);
}

function refuseOlder(old: string): void {
  if (versionOf(old) === undefined) return;
  throw new HoldfastError(
    "conflict",
    `An earlier upgrade left ${basename(old)} in the data folder. If it is not needed: holdfast admin upgrade-database --remove-old`,
  );
}

/** For the new cluster's log, and to keep the disk from filling up. */
const roomBytes = 1024 * 1024 * 1024;

async function refuseWithoutRoom(dataFolder: string, freeBytes: (folder: string) => Promise<number>): Promise<void> {
  const needed = bytesBelow(join(clusterFolderOf(dataFolder), "base")) + roomBytes;
  const free = await freeBytes(dataFolder);
  if (free >= needed) return;
  throw new HoldfastError(
    "store_full",
    `An upgrade creates a second database beside the first: it needs ${formatBytes(needed)} in ${dataFolder}, where ${formatBytes(free)} are free. Nothing was changed.`,
  );
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bsize, bavail } = await statfs(folder);
  return bsize * bavail;
}

function bytesBelow(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.reduce((sum, entry) => {
    return entry.isFile() ? sum + statSync(join(entry.parentPath, entry.name)).size : sum;
  }, 0);
}
