import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import type { BackupPlace } from "./backup-place.ts";
import { type LogArchive, type LogFile, listFollowing, readHead, readLogFile } from "./log-archive.ts";
import type { Manifest } from "./manifest.ts";
import { nextWalName } from "./wal-names.ts";

/** How far a backup is to be brought by the log that followed it. */
export interface LogPlan {
  readonly archive: LogArchive | undefined;
  /** The files of the log, in order; none: the backup as it is. */
  readonly files: readonly LogFile[];
  /** Milliseconds since 1970; undefined is to the end of the log. */
  readonly untilMs: number | undefined;
  /** The moment that is reached. */
  readonly reached: string;
}

/**
 * @param atMs milliseconds since 1970, not before the backup; undefined is as late as there is something of
 * @throws HoldfastError damaged where the log has a gap before that
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

/** Rereads all of it. @throws HoldfastError damaged */
export async function verifyLog({ archive, files }: LogPlan): Promise<void> {
  if (archive !== undefined) for (const file of files) await readLogFile(archive, file);
}

/** Puts the files where PostgreSQL looks for them. */
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
