import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import type { Connection } from "../../base/db/database.ts";
import { toDatabaseError } from "../../base/db/database-error.ts";
import { walFolder } from "./cluster-files.ts";
import { copyCluster, copyFile } from "./copy-cluster.ts";
import type { BackedUpFile } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import type { StepProgress } from "./step-progress.ts";
import { missingBetween, walName } from "./wal-names.ts";

export interface BaseBackup {
  /** Milliseconds since 1970. */
  readonly consistentAtMs: number;
  /** The required log ended before this time. */
  readonly stoppedAtMs: number;
  readonly label: string;
  readonly walEnd: string;
  readonly folders: readonly string[];
  readonly files: readonly BackedUpFile[];
}

/** The database keeps its log for a slot. Separate slots let two kinds of base backup run together. */
export interface BackupSlots {
  readonly meanwhile: string;
  /** Keeps the log that is not archived yet, from the first backup on. PostgreSQL drops it if it becomes too large. */
  readonly archive: string;
}

export interface BaseBackupPorts {
  readonly connection: Connection;
  readonly clusterFolder: string;
  readonly slots: BackupSlots;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: StepProgress | undefined;
}

/**
 * The running database is not changed, even if this process dies, because PostgreSQL's backup mode ends with the
 * connection.
 */
export async function takeBaseBackup(
  { connection, clusterFolder, slots, signal, progress }: BaseBackupPorts,
  pieces: Pieces,
): Promise<BaseBackup> {
  signal?.throwIfAborted();
  const client = new pg.Client({ ...connection, application_name: "holdfast backup", keepAlive: true });
  client.on("error", () => {});
  // Also cancels the running statement.
  const stopAtOnce = () => void client.end().catch(() => {});
  signal?.addEventListener("abort", stopAtOnce);
  try {
    await client.connect();
    // Named after this connection, because the slot of an interrupted one may still exist.
    await client.query(
      "select pg_create_physical_replication_slot(format('%s_%s', $1::text, pg_backend_pid()), true, true)",
      [slots.meanwhile],
    );
    await keepLogForArchive(client, slots.archive);
    await client.query("select pg_backup_start('holdfast', true)");
    const { folders, files } = await copyCluster(clusterFolder, pieces, { signal, progress });
    progress?.begin("copying the database's log");
    const { label, walEnd, ...times } = await stop(client);
    const wal = await copyWal(clusterFolder, label, walEnd, pieces);
    return { ...times, label, walEnd, folders, files: [...files, ...wal] };
  } catch (error) {
    throw toDatabaseError(error);
  } finally {
    signal?.removeEventListener("abort", stopAtOnce);
    await client.end().catch(() => {});
  }
}

async function keepLogForArchive(client: pg.Client, archiveSlot: string): Promise<void> {
  await client.query(
    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and wal_status = 'lost'",
    [archiveSlot],
  );
  await client.query(
    "select pg_create_physical_replication_slot($1, true) where not exists (select from pg_replication_slots where slot_name = $1)",
    [archiveSlot],
  );
}

async function stop(client: pg.Client) {
  // Read before the stop: everything acknowledged by then is in the log, which ends later.
  const consistentAtMs = await timeOf(client);
  const { rows } = await client.query<{ label: string; wal_end: string }>(
    "select labelfile as label, pg_walfile_name(lsn) as wal_end from pg_backup_stop(false)",
  );
  const [stopped] = rows;
  if (stopped === undefined) throw new HoldfastError("internal", "PostgreSQL did not report the end of the backup.");
  return { label: stopped.label, walEnd: stopped.wal_end, consistentAtMs, stoppedAtMs: (await timeOf(client)) + 1 };
}

async function timeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ ms: string }>(
    "select floor(extract(epoch from clock_timestamp()) * 1000)::text as ms",
  );
  return Number(rows[0]?.ms);
}

/** The last log file is complete, because the end of a backup starts a new one. */
async function copyWal(clusterFolder: string, label: string, walEnd: string, pieces: Pieces): Promise<BackedUpFile[]> {
  const first = walStartOf(label);
  const names = readdirSync(join(clusterFolder, walFolder))
    .filter((name) => walName.test(name) && name >= first && name <= walEnd)
    .toSorted();
  const [missing] = missingBetween(first, walEnd, names);
  if (missing !== undefined) {
    throw new HoldfastError("failed", `The database no longer has ${missing} of its log. Start the backup again.`);
  }
  const files: BackedUpFile[] = [];
  for (const name of names) files.push(await copyFile(clusterFolder, `${walFolder}/${name}`, pieces));
  return files;
}

/** `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)`. */
export function walStartOf(label: string): string {
  const name = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$/m.exec(label)?.[1];
  if (name !== undefined) return name;
  throw new HoldfastError(
    "damaged",
    "The backup is damaged: its label does not contain the start of the database's log.",
  );
}
