import { HoldfastError } from "@holdfast/core/errors";
import type { Random } from "@holdfast/core/clock";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { writeFileDurably } from "@holdfast/disk/write-durably";
import { silent } from "../admin-storage/open-admin-storage.ts";
import { type Restored, restoredFact } from "../audit/restored-fact.ts";
import {
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from "../../base/db/embedded-postgres.ts";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import type { Account } from "../../base/db/embedded/account.ts";
import { clusterFolderOf } from "../../base/db/embedded/cluster.ts";
import { passwordPath } from "../../base/db/embedded/password.ts";
import pg from "pg";
import type { BackupPlace } from "./backup-place.ts";
import { walFolder } from "./cluster-files.ts";
import { backupScheduleFact } from "../../packs/facts/backup-schedule.ts";
import { lastBackupFact } from "../../packs/facts/last-backup.ts";
import { lastDrillFact } from "../../packs/facts/last-drill.ts";
import { type RestoredState, restoredStateFact } from "../../packs/facts/restored-state.ts";
import { newEpoch } from "../../tree/journal/renew-epochs.ts";
import { storedJobFacts } from "../../packs/facts/stored-jobs.ts";
import { afterRestore, databaseRunFact } from "./database-run.ts";
import { type LogPlan, writeLog } from "./log-plan.ts";
import type { Manifest } from "./manifest.ts";
import type { Pieces } from "./pieces.ts";
import type { StepProgress } from "./step-progress.ts";
import { passwordLabel } from "./take-database.ts";
import { writeCluster } from "./write-cluster.ts";

interface Ports {
  readonly place: BackupPlace;
  readonly pieces: Pieces;
  /** Locked, and without a database. */
  readonly dataFolder: string;
  readonly random: Random;
  /** Defaults to a user of its own. */
  readonly account?: Account;
  readonly progress?: StepProgress | undefined;
}

/**
 * Recovers to the end of the log. The database is running when this returns, and marked as a different one from the
 * original: its spaces have new epochs, and running work of the original is discarded.
 */
export async function recoverDatabase(
  { place, pieces, dataFolder, random, account, progress }: Ports,
  { database }: Manifest,
  plan: LogPlan,
): Promise<EmbeddedPostgres> {
  if (database === null) {
    throw new HoldfastError(
      "failed",
      "This backup is from a server with an external PostgreSQL: restore the database with its own tools first, then the store. See docs/operation.md.",
    );
  }
  const sealed = Buffer.from(database.password, "base64");
  const password = await place.box.open(passwordLabel, sealed, passwordBytesMax);
  await writeFileDurably(nodeDisk, passwordPath(dataFolder), Buffer.concat([password, Buffer.from("\n")]), {
    mode: 0o600,
    random: (sizeBytes) => random(sizeBytes),
  });
  await writeCluster(database, clusterFolderOf(dataFolder), pieces, progress);
  progress?.begin("replaying the database's log");
  await writeLog(plan, join(clusterFolderOf(dataFolder), walFolder));
  const postgres = await replay({ dataFolder, log: silent, random: (bytes) => random(bytes), account }, plan);
  try {
    await beginAnew(postgres, plan.reached);
    return postgres;
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

const passwordBytesMax = 1024;

/** PostgreSQL calls this command for each log file, and uses existing files if it fails. */
const archiveRecovery = {
  restore_command: "false",
  recovery_target_timeline: "current",
  recovery_target_action: "promote",
};

async function replay(options: EmbeddedPostgresOptions, { files, untilMs }: LogPlan): Promise<EmbeddedPostgres> {
  if (files.length === 0) return startEmbeddedPostgres(options);
  await writeFile(join(clusterFolderOf(options.dataFolder), "recovery.signal"), "", { mode: 0o600 });
  if (untilMs === undefined) return startEmbeddedPostgres({ ...options, settings: archiveRecovery });
  try {
    // Names of zones such as "Z" are not loaded yet.
    const recovery_target_time = new Date(untilMs).toISOString().replace("T", " ").replace("Z", "+00");
    return await startEmbeddedPostgres({ ...options, settings: { ...archiveRecovery, recovery_target_time } });
  } catch (error) {
    // Nothing was written between that time and the log's end.
    if (!(error as Error).message.includes("recovery ended before configured recovery target")) throw error;
    return startEmbeddedPostgres({ ...options, settings: archiveRecovery });
  }
}

/**
 * Sets new epochs, so that cursors of the original are answered with `reset`. Otherwise clients would treat files that
 * the backup lacks as deleted.
 */
async function beginAnew({ connection }: EmbeddedPostgres, reached: string): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: "holdfast restore" });
  client.on("error", () => {});
  await client.connect();
  try {
    // Pins of the backup itself, which has ended.
    await client.query("delete from cell.pins");
    const { rows: ended } = await client.query<{ name: string; value: unknown }>(
      "delete from cell.facts where name = any($1) returning name, value",
      [[lastBackupFact, backupScheduleFact, lastDrillFact, ...storedJobFacts]],
    );
    const { rows } = await client.query<{ value: unknown }>("select value from cell.facts where name = $1", [
      databaseRunFact,
    ]);
    if (rows[0] !== undefined) {
      const run = JSON.stringify(afterRestore(rows[0].value));
      await client.query("update cell.facts set value = $2::json where name = $1", [databaseRunFact, run]);
    }
    const restored: Restored = {
      restored_at: new Date().toISOString(),
      host: hostname(),
      system_user: userInfo().username,
    };
    const state: RestoredState = {
      restored_at: restored.restored_at,
      reached,
      had_schedule: ended.some(({ name, value }) => name === backupScheduleFact && value !== null),
    };
    await client.query(
      "insert into cell.facts (name, value) values ($1, $2::json), ($3, $4::json) on conflict (name) do update set value = excluded.value",
      [restoredFact, JSON.stringify(restored), restoredStateFact, JSON.stringify(state)],
    );
    await client.query(`update shard.spaces set epoch = ${newEpoch}`);
  } finally {
    await client.end();
  }
}
