import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { assertWanted } from "@holdfast/object-store/call-signal";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { CellTables } from "../../base/db/cell-tables.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { isIndexComplete } from "../facts/cell-facts.ts";
import { type ListedPack, listPacks } from "../index/list-packs.ts";
import { packKey } from "../format/pack-format.ts";
import { readPackIndex, rowsOfIndex } from "../index/pack-index.ts";
import { insertPackRows } from "../index/pack-rows.ts";

export interface AdoptionPorts {
  readonly cell: BlockCell;
  readonly clock: Clock;
  readonly log: BlockLog;
  readonly signal?: AbortSignal;
}

export interface Adoption {
  readonly packs: number;
  readonly blocks: number;
  /** Packs left alone, because their blocks were never acknowledged. */
  readonly unreadable: number;
}

/**
 * Adds rows for packs of a store that ended between its two steps. Their blocks wait, unreferenced, to be deleted like
 * all others. Adopts nothing while the index is incomplete.
 * @param graceMs a younger pack may still get its rows
 */
export async function adoptOrphans(
  { cell, clock, log, signal }: AdoptionPorts,
  { graceMs }: { readonly graceMs: number },
): Promise<Adoption> {
  const adoption = { packs: 0, blocks: 0, unreadable: 0 };
  if (!(await isIndexComplete(cell.db))) return adoption;
  const olderThanMs = clock.nowMs() - graceMs;
  for await (const listed of listPacks(cell.store, signal)) {
    const old = listed.filter(({ modifiedAtMs }) => modifiedAtMs < olderThanMs);
    for (const orphan of await withoutRows(cell.db, old)) {
      assertWanted(signal);
      const blocks = await adopt(cell, clock, log, orphan);
      if (blocks === "gone") continue;
      if (blocks === "unreadable") adoption.unreadable += 1;
      else adoption.packs += 1;
      adoption.blocks += blocks === "unreadable" ? 0 : blocks;
    }
  }
  if (adoption.packs > 0) log.info(adoption, "packs missing from the index were added");
  return adoption;
}

export async function withoutRows(db: Kysely<CellTables>, packs: readonly ListedPack[]): Promise<ListedPack[]> {
  if (packs.length === 0) return [];
  const { rows } = await sql<{ id: string }>`
    select id from cell.packs where id = any(${uuidArray(packs.map(({ packId }) => packId))})`.execute(db);
  const known = new Set(rows.map(({ id }) => id));
  return packs.filter(({ packId }) => !known.has(packId));
}

/** @returns gone: the pack was collected since it was listed */
async function adopt(
  cell: BlockCell,
  clock: Clock,
  log: BlockLog,
  pack: ListedPack,
): Promise<number | "unreadable" | "gone"> {
  const now = clock.nowMicros();
  try {
    const rows = rowsOfIndex(await readPackIndex(cell, pack), pack.sizeBytes);
    return await insertPackRows(cell.db, rows, { now, unreferencedSince: now });
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== "damaged") throw error;
    if ((await cell.store.stat(packKey(pack.packId))) === undefined) return "gone";
    log.error({ pack_id: pack.packId, reason: error.message }, "a pack missing from the index cannot be read");
    return "unreadable";
  }
}
