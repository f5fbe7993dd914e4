import { readdirSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import pg from "pg";
import type { Connection } from "../db/database.ts";
import { toDatabaseError } from "../db/database-error.ts";
import { walFolder } from "./cluster-files.ts";
import { copyCluster, copyFile } from "./copy-cluster.ts";
import type { BackedUpFile } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import type { StepProgress } from "./step-progress.ts";
import { missingBetween, walName } from "./wal-names.ts";

export interface BaseBackup {
  /** Milliseconds since 1970. */
  readonly consistentAtMs: number;
  /** By then the log had ended that it cannot do without. */
  readonly stoppedAtMs: number;
  readonly label: string;
  readonly walEnd: string;
  readonly folders: readonly string[];
  readonly files: readonly BackedUpFile[];
}

/** By which the database keeps its log: one kind of base backup does not disturb the other. */
export interface BackupSlots {
  /** As long as the backup is made. */
  readonly meanwhile: string;
  /** From the first one on, what is not archived yet. PostgreSQL gives it up where that becomes too much. */
  readonly archive: string;
}

export interface BaseBackupPorts {
  readonly connection: Connection;
  /** Of the database that the connection leads to. */
  readonly clusterFolder: string;
  readonly slots: BackupSlots;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
  readonly progress?: StepProgress | undefined;
}

/**
 * Copies the embedded database while it runs. It is left as it was, also where this process dies in the middle: what PostgreSQL was told
 * ends with the connection.
 */
export async function takeBaseBackup(
  { connection, clusterFolder, slots, signal, progress }: BaseBackupPorts,
  pieces: Pieces,
): Promise<BaseBackup> {
  signal?.throwIfAborted();
  const client = new pg.Client({ ...connection, application_name: "holdfast backup", keepAlive: true });
  client.on("error", () => {});
  // What the database is at is not waited for either.
  const stopAtOnce = () => void client.end().catch(() => {});
  signal?.addEventListener("abort", stopAtOnce);
  try {
    await client.connect();
    // Of this connection: that of one that was just cut off may not have ended yet.
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
  // Read before: all that was acknowledged until then is in the log that ends behind it.
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

/** Its last file is complete: the end of a backup begins a new one. */
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

/** From `START WAL LOCATION: 0/2000028 (file 000000010000000000000002)`. */
export function walStartOf(label: string): string {
  const name = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)$/m.exec(label)?.[1];
  if (name !== undefined) return name;
  throw new HoldfastError(
    "damaged",
    "The backup is damaged: its label does not contain the start of the database's log.",
  );
}
