import type { Clock } from "@holdfast/core/clock";
import type { HashHex } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import { markDamaged, markPackMissing, markWhole } from "../index/block-rows.ts";
import { scrubPackInPool } from "../format/block-tasks.ts";
import type { BlockPool } from "../format/block-tasks.ts";
import type { ScrubFinding, ScrubRow } from "../format/pack-check.ts";
import type { PackId } from "../format/pack-format.ts";
import { packKeyOf } from "../format/seal.ts";
import { missingReason, settlePack } from "./settle-pack.ts";
import type { MendedCopy } from "./settle-pack.ts";

export interface CheckPorts {
  readonly cell: BlockCell;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface CheckedPack {
  readonly id: PackId;
  readonly epoch: number;
}

export interface CheckedRow extends ScrubRow {
  readonly hex: HashHex;
  /** Found before this check, in microseconds since 1970. */
  readonly damagedAt: number | null;
}

export interface PackCheck extends ScrubFinding {
  readonly rows: readonly CheckedRow[];
  readonly missing: boolean;
  /** A disk or network error prevented reading, so the pack's content is unknown. */
  readonly unread: boolean;
  readonly mended: readonly MendedCopy[];
  /** Stores that could not be repaired. */
  readonly unmended: readonly MendedCopy[];
}

/**
 * Reads a whole pack, checks every block with a row, and records the results. A block that fails twice in a row is
 * damaged; a damaged block that is whole again counts as whole. If the store has the pack but cannot read it (a bad
 * sector), nothing is recorded, because the next attempt may succeed.
 * @returns undefined for a pack that was deleted regularly
 * @throws HoldfastError unavailable if the store itself is not available; nothing is recorded
 */
export async function checkStoredPack(ports: CheckPorts, pack: CheckedPack): Promise<PackCheck | undefined> {
  const { db, keyring } = ports.cell;
  const rows = await rowsOf(db, pack.id);
  const key = packKeyOf((await keyring.keyOf(pack.epoch)).key, pack.id);
  const check = () => readAndCheck(ports, pack, key, rows);
  let found = await check();
  if (isWorse(found, rows)) found = { ...(await check()), mended: found.mended };
  if (found.missing && !(await isStillWanted(db, pack.id))) return undefined;
  if (!found.unread) await writeDown(db, pack.id, { ...found, rows }, ports.clock.nowMicros());
  return { ...found, rows };
}

async function rowsOf(db: Kysely<CellTables>, packId: PackId): Promise<CheckedRow[]> {
  const { rows } = await sql<CheckedRow>`
    select hash, encode(hash, 'hex') as hex, record_index as index, "offset" as start, stored_size as "storedSize", size as "sizeBytes", codec,
      state = 'damaged' as damaged, damaged_at as "damagedAt"
    from cell.blocks where pack_id = ${packId}::uuid order by record_index`.execute(db);
  return rows;
}

type Found = Omit<PackCheck, "rows">;

async function readAndCheck(
  ports: CheckPorts,
  { id: packId, epoch }: CheckedPack,
  key: Uint8Array,
  rows: readonly ScrubRow[],
): Promise<Found> {
  const { bytes, withheld, ...copies } = await settlePack(ports, packId);
  const unread = withheld?.unread ?? false;
  if (bytes === undefined) {
    const isMissing = withheld === undefined;
    return { ...copies, missing: isMissing, unread, ...allBad(withheld?.reason ?? missingReason, rows) };
  }
  const finding = await scrubPackInPool(ports.pool, { pack: bytes, packId, epoch, key, rows });
  const isWhole = finding.footer === undefined && finding.faults.every((fault) => fault === undefined);
  // The store that does not respond may have a whole copy of what the other has damaged.
  return { ...copies, missing: false, unread: unread && !isWhole, ...finding };
}

function allBad(reason: string, rows: readonly ScrubRow[]): ScrubFinding {
  return { footer: reason, faults: rows.map(() => reason) };
}

function isWorse({ footer, faults }: ScrubFinding, rows: readonly ScrubRow[]): boolean {
  return footer !== undefined || faults.some((fault, index) => fault !== undefined && rows[index]?.damaged === false);
}

/** A pack is deleted after its rows, so a missing pack with rows is lost. */
async function isStillWanted(db: Kysely<CellTables>, packId: PackId): Promise<boolean> {
  const { rows } = await sql`select from cell.packs where id = ${packId}::uuid and state <> 'doomed'`.execute(db);
  return rows.length > 0;
}

async function writeDown(
  db: Kysely<CellTables>,
  packId: PackId,
  { rows, faults, missing }: Pick<PackCheck, "rows" | "faults" | "missing">,
  now: number,
): Promise<void> {
  if (missing) return markPackMissing(db, packId, now);
  for (const [index, { hex }] of rows.entries()) {
    if (faults[index] !== undefined) await markDamaged(db, { hash: hex, packId }, now);
  }
  await markWhole(
    db,
    packId,
    rows.flatMap(({ hex, damaged }, index) => (damaged && faults[index] === undefined ? [hex] : [])),
  );
}
