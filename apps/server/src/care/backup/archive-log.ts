import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { toDiskError } from "@holdfast/disk/disk-error";
import type { Kysely } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { walFolder } from "./cluster-files.ts";
import { type ArchiveHead, type LogArchive, readHead, writeHead, writeLogFile, writeLogPart } from "./log-archive.ts";
import { advanceSlot, endOfLog, slotPosition, type WalEnd, type WalPosition } from "./wal-position.ts";
import { walFileBytes, walName, walNumber } from "./wal-names.ts";

export interface ArchivePorts {
  readonly db: Kysely<CellTables>;
  readonly archive: LogArchive;
  /** Keeps log files that are not archived yet. */
  readonly slot: string;
  readonly clusterFolder: string;
  readonly clock: Clock;
  /**
   * Called before the log is archived, to copy packs that it refers to. `sinceMs`: end of the archive, in milliseconds
   * since 1970.
   */
  readonly bringBefore?: (sinceMs: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Archives the log since the last call. Without new log, it only updates the head from time to time.
 * @throws HoldfastError failed if the log has a gap; only another base backup helps
 */
export async function archiveLog(ports: ArchivePorts): Promise<void> {
  const { db, archive, slot, clusterFolder, clock, signal } = ports;
  const atMs = clock.nowMs();
  const end = await endOfLog(db);
  const last = lastEnds.get(archive.run);
  if (last?.lsn === end.lsn && Math.abs(atMs - last.saidMs) < headRefreshMs) return;
  const head = await readHead(archive);
  const start = startOf(head, await keptFrom(db, slot), end);
  if (last?.lsn !== end.lsn) await ports.bringBefore?.(head === undefined ? 0 : Date.parse(head.at));
  const names = (await readdir(join(clusterFolder, walFolder))).filter((name) => walName.test(name)).toSorted();
  for (const name of names) {
    if (name < start.name || name > end.name) continue;
    signal?.throwIfAborted();
    const path = join(clusterFolder, walFolder, name);
    const from = name === start.name ? start.offset : 0;
    const until = name === end.name ? end.offset + 1 : walFileBytes;
    if (until === walFileBytes) await writeLogFile(archive, name, await readLog(path, 0, until));
    else if (until > from) await writeLogPart(archive, name, from, await readLog(path, from, until));
  }
  await writeHead(archive, { wal: end.name, bytes: end.offset + 1, at: new Date(atMs).toISOString() });
  await advanceSlot(db, slot, end);
  lastEnds.set(archive.run, { lsn: end.lsn, saidMs: atMs });
}

/** True if the database was reset to an earlier state outside Holdfast, so that it lacks archived changes. */
export function isAhead({ wal, bytes }: Pick<ArchiveHead, "wal" | "bytes">, end: WalEnd): boolean {
  return walNumber(wal) * walFileBytes + (bytes ?? 0) > end.bytes;
}

/** End of the log at the last archiving, with the time of the last head. */
const lastEnds = new Map<string, { readonly lsn: string; readonly saidMs: number }>();
const headRefreshMs = 600_000;

async function keptFrom(db: Kysely<CellTables>, slot: string): Promise<WalPosition> {
  const kept = await slotPosition(db, slot);
  if (kept !== undefined) return kept;
  throw new HoldfastError(
    "failed",
    "The archived database log has a gap since the last backup, because the backup location was unavailable for too long. Run 'holdfast admin backup' to make a new backup.",
  );
}

function startOf(head: ArchiveHead | undefined, kept: WalPosition, end: WalEnd): Pick<WalPosition, "name" | "offset"> {
  if (head === undefined || head.wal < kept.name || isAhead(head, end)) return { name: kept.name, offset: 0 };
  return { name: head.wal, offset: head.bytes ?? 0 };
}

async function readLog(path: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(end - start);
  try {
    await using file = await open(path, "r");
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes;
  } catch (error) {
    throw toDiskError(error, "read", path);
  }
}
