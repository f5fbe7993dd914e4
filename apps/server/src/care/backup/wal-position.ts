import { HoldfastError } from "@holdfast/core/errors";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { walFileBytes } from "./wal-names.ts";

export interface WalPosition {
  /** The log file, the offset in it, and the position where the file begins. */
  readonly name: string;
  readonly offset: number;
  readonly fileLsn: string;
}

export interface WalEnd extends WalPosition {
  readonly lsn: string;
  /** Bytes since the beginning of the log. */
  readonly bytes: number;
}

export async function endOfLog(db: Kysely<CellTables>): Promise<WalEnd> {
  const { rows } = await sql<{ lsn: string; timeline: number; bytes: number }>`
    select lsn::text as lsn, (lsn - '0/0'::pg_lsn)::int8 as bytes,
      (select timeline_id from pg_control_checkpoint()) as timeline
    from pg_current_wal_flush_lsn() as lsn`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new HoldfastError("internal", "PostgreSQL does not report the end of its log.");
  // File of the last byte: if the log ends with a file, the next one may not exist yet.
  return { lsn: row.lsn, bytes: row.bytes, ...fileAt(row.timeline, row.bytes - 1) };
}

/** @returns undefined if the slot does not exist or was dropped by PostgreSQL */
export async function slotPosition(db: Kysely<CellTables>, slot: string): Promise<WalPosition | undefined> {
  const { rows } = await sql<{ timeline: number; bytes: number | null; lost: boolean }>`
    select (restart_lsn - '0/0'::pg_lsn)::int8 as bytes, coalesce(wal_status = 'lost', false) as lost,
      (select timeline_id from pg_control_checkpoint()) as timeline
    from pg_replication_slots where slot_name = ${slot}`.execute(db);
  const [row] = rows;
  return row === undefined || row.bytes === null || row.lost ? undefined : fileAt(row.timeline, row.bytes);
}

/** Lets the database remove the log before the file. */
export async function advanceSlot(db: Kysely<CellTables>, slot: string, { fileLsn }: WalPosition): Promise<void> {
  await sql`select pg_replication_slot_advance(slot_name, ${fileLsn}::pg_lsn) from pg_replication_slots
    where slot_name = ${slot} and restart_lsn < ${fileLsn}::pg_lsn`.execute(db);
}

function fileAt(timeline: number, bytes: number): WalPosition {
  const number = Math.floor(bytes / walFileBytes);
  const start = number * walFileBytes;
  const name = [timeline, Math.floor(number / 256), number % 256].map((part) => hex(part).padStart(8, "0")).join("");
  return { name, offset: bytes - start, fileLsn: `${hex(Math.floor(start / 2 ** 32))}/${hex(start % 2 ** 32)}` };
}

function hex(number: number): string {
  return number.toString(16).toUpperCase();
}
