import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql, type Transaction } from "kysely";
import { byteaArray, uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import { type CopyKey, givenCopies, isGiven, lockCopies } from "./copy-keys.ts";
import { keepNeeded } from "./keep-needed.ts";
import { isNeeded } from "./needed-copies.ts";

export interface Settling {
  readonly nowMicros: number;
  /** A copy damaged since before this time is no longer anybody's own if another copy is whole. */
  readonly damagedBefore: number;
  readonly signal?: AbortSignal | undefined;
  /** Runs one page in its own transaction. */
  readonly inStep: (work: (transaction: Transaction<CellTables>) => Promise<void>) => Promise<unknown>;
}

/**
 * Unneeded copies start to wait for collection, and needed ones stop. Repairs differences after a crash, a repaired
 * block or a lost index.
 */
export async function settleCopies(db: Kysely<CellTables>, settling: Settling): Promise<void> {
  let after = Buffer.alloc(0);
  for (;;) {
    assertWanted(settling.signal);
    const upTo = await endOfPage(db, after);
    if (upTo === undefined) return;
    const range = { after, upTo };
    await settling.inStep(async (transaction) => {
      await settleOwn(transaction, range, settling);
      await settleWaiting(transaction, range, settling);
    });
    after = upTo;
  }
}

const copiesAtOnce = 2000;

async function endOfPage(db: Kysely<CellTables>, after: Buffer): Promise<Buffer<ArrayBuffer> | undefined> {
  const { rows } = await sql<{ hash: Buffer<ArrayBuffer> }>`
    select hash from (select hash from cell.blocks where hash > ${after} order by hash limit ${copiesAtOnce}) as page
    order by hash desc limit 1`.execute(db);
  return rows[0]?.hash;
}

interface HashRange {
  readonly after: Buffer;
  readonly upTo: Buffer;
}

/** Assigns the copy that is served to a holder whose own copy is missing or lost. */
async function settleOwn(transaction: Kysely<CellTables>, { after, upTo }: HashRange, { damagedBefore }: Settling) {
  const hasNone = sql`not exists (select from cell.blocks as own where own.hash = holder.hash and own.pack_id = holder.pack_id
    and (own.state = 'live' or own.state = 'damaged' and own.damaged_at >= ${damagedBefore}::int8))`;
  const { rows } = await sql<{ hash: Buffer; space_id: string }>`
    select hash, space_id from cell.holders as holder
    where hash > ${after} and hash <= ${upTo} and ${hasNone}
      and exists (select from cell.blocks as block where block.hash = holder.hash and block.state = 'live')
    order by hash, space_id for update`.execute(transaction);
  if (rows.length === 0) return;
  await sql`
    with best as (
      select distinct on (block.hash) block.hash, block.pack_id
      from cell.blocks as block join cell.packs as pack on pack.id = block.pack_id
      where block.hash = any(${byteaArray(rows.map(({ hash }) => hash))}) and block.state = 'live'
      order by block.hash, pack.created_at desc
    )
    update cell.holders as holder set pack_id = best.pack_id
    from best, unnest(${byteaArray(rows.map(({ hash }) => hash))}, ${uuidArray(rows.map((row) => row.space_id))}) as given (hash, space_id)
    where holder.hash = best.hash and holder.hash = given.hash and holder.space_id = given.space_id and ${hasNone}`.execute(
    transaction,
  );
}

async function settleWaiting(transaction: Kysely<CellTables>, { after, upTo }: HashRange, { nowMicros }: Settling) {
  const { rows } = await sql<CopyKey>`
    select hash, pack_id as "packId" from cell.blocks as block where hash > ${after} and hash <= ${upTo}
      and case when state = 'doomed' then ${isNeeded} else (unreferenced_since is null) <> ${isNeeded} end`.execute(
    transaction,
  );
  if (rows.length === 0) return;
  await lockCopies(transaction, rows);
  await keepNeeded(transaction, rows);
  await sql`update cell.blocks as block set unreferenced_since = ${nowMicros}::int8
    from ${givenCopies(rows)} where ${isGiven} and unreferenced_since is null and state <> 'doomed' and not ${isNeeded}`.execute(
    transaction,
  );
}
