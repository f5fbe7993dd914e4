import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import type { BackupPlace } from "./backup-place.ts";
import { type LogArchive, type LogFile, listFollowing, readHead, readLogFile } from "./log-archive.ts";
import type { Manifest } from "./manifest.ts";
import { nextWalName } from "./wal-names.ts";

export interface LogPlan {
  readonly archive: LogArchive | undefined;
  /** Log files in order; empty: only the backup. */
  readonly files: readonly LogFile[];
  /** Milliseconds since 1970; undefined: to the end. */
  readonly untilMs: number | undefined;
  /** Time of the restored state. */
  readonly reached: string;
}

/**
 * @param atMs milliseconds since 1970, not before the backup; undefined: to the end
 * @throws HoldfastError damaged if the log has a gap before that
 */
export async function planLog(
  place: BackupPlace,
  { consistent_at, database }: Manifest,
  atMs: number | undefined,
): Promise<LogPlan> {
  const asItIs: LogPlan = { archive: undefined, files: [], untilMs: undefined, reached: consistent_at };
  if (database === null || (atMs !== undefined && atMs < Date.parse(database.stopped_at))) return asItIs;
  const archive = { place, run: database.run };
  const head = await readHead(archive);
  if (head === undefined || head.wal <= database.wal_end) return asItIs;
  const files = await listFollowing(archive, database.wal_end, head);
  const last = files.at(-1)?.name ?? database.wal_end;
  if (last !== head.wal) {
    throw new HoldfastError(
      "damaged",
      `The database's log after the backup is missing ${nextWalName(last)}. Restore the backup without it: --at ${consistent_at}`,
    );
  }
  const isWithin = atMs !== undefined && atMs < Date.parse(head.at);
  return {
    archive,
    files,
    untilMs: isWithin ? atMs : undefined,
    reached: isWithin ? new Date(atMs).toISOString() : head.at,
  };
}

/** @throws HoldfastError damaged */
export async function verifyLog({ archive, files }: LogPlan): Promise<void> {
  if (archive !== undefined) for (const file of files) await readLogFile(archive, file);
}

export async function writeLog({ archive, files }: LogPlan, walPath: string): Promise<void> {
  if (archive === undefined) return;
  for (const file of files) {
    const bytes = await readLogFile(archive, file);
    const path = join(walPath, file.name);
    try {
      await writeFile(path, bytes, { mode: 0o600 });
    } catch (error) {
      throw toDiskError(error, "write", path);
    }
  }
}
