import type { Bucket } from "@holdfast/core/ids";
import type { Cell, Cells } from "../../base/db/shards.ts";
import type { BlockCell } from "./block-cell.ts";
import type { Clock, Random } from "@holdfast/core/clock";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { BlockLog } from "../facts/block-log.ts";
import { createKeyEncryptionKey, type KeySource, keyVariable, loadWrappings } from "../keys/key-encryption-key.ts";
import { HoldfastError } from "@holdfast/core/errors";
import type { KeyWrappings } from "../keys/key-wrapping.ts";
import { hasDataKeys, openKeyring, readDataKeyRows } from "../keys/keyring.ts";
import { finishRotation } from "./rotate-key-encryption-key.ts";
import { openWrappedKeys } from "../keys/open-wrapped-keys.ts";
import { readKeyringObject } from "../keys/wrapped-keys.ts";
import { type Kysely, sql } from "kysely";
import type { CellTables } from "../../base/db/cell-tables.ts";

export interface BlockCells {
  of(bucket: Bucket): BlockCell;
  ofCell(cell: Cell): BlockCell;
  all(): readonly BlockCell[];
}

export interface BlockCellsOptions {
  readonly cells: Cells;
  readonly storeOf: (cell: Cell) => ObjectStore;
  readonly keySource: KeySource;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
}

/**
 * Creates a key-encryption key only if nothing is sealed in any cell.
 * @throws HoldfastError failed, with advice for the operator, if the key is missing or wrong
 */
export async function openBlockCells({ cells, storeOf, keySource, ...ports }: BlockCellsOptions): Promise<BlockCells> {
  const places = cells.all().map((cell) => ({ cell, id: cell.id, db: cell.db, store: storeOf(cell) }));
  if ((await loadWrappings(keySource, ports.random)) === undefined) {
    await assertNoDataKeys(keySource, places);
    await createKeyEncryptionKey(keySource, ports.random);
  }
  const wrappings = async (): Promise<KeyWrappings> => {
    const found = await loadWrappings(keySource, ports.random);
    if (found === undefined) throw missingKey(keySource);
    return found;
  };
  const opened = new Map<Cell, BlockCell>();
  for (const { cell, id, db, store } of places) {
    opened.set(cell, { id, db, store, keyring: await openKeyring({ db, store, wrappings, ...ports }) });
  }
  await finishRotation({ cells: [...opened.values()], source: keySource, log: ports.log });
  const ofCell = (cell: Cell): BlockCell => {
    const found = opened.get(cell);
    if (found === undefined) throw new HoldfastError("internal", `The cell ${cell.id} is not open.`);
    return found;
  };
  return {
    of: (bucket) => ofCell(cells.of(bucket)),
    ofCell,
    all: () => [...opened.values()],
  };
}

/**
 * Checks that the key opens the data keys of all places, before anything is written or migrated. Changes nothing.
 * @throws HoldfastError failed, with advice for the operator, if the key is missing or wrong
 */
export async function assertKeyFits(
  source: KeySource,
  places: readonly Pick<BlockCell, "db" | "store">[],
  random: Random,
): Promise<void> {
  const wrappings = await loadWrappings(source, random);
  for (const { db, store } of places) {
    const [rows, objects] = [(await hasTables(db)) ? await readDataKeyRows(db) : [], await readKeyringObject(store)];
    if (rows.length + objects.length === 0) continue;
    if (wrappings === undefined) throw missingKey(source);
    await openWrappedKeys(wrappings, rows, objects);
  }
}

export async function hasTables(db: Kysely<CellTables>): Promise<boolean> {
  const { rows } = await sql<{ there: boolean }>`select to_regclass('cell.data_keys') is not null as there`.execute(db);
  return rows[0]?.there === true;
}

export async function assertNoDataKeys(
  source: KeySource,
  places: readonly Pick<BlockCell, "db" | "store">[],
): Promise<void> {
  for (const place of places) if (await hasDataKeys(place)) throw missingKey(source);
}

export function missingKey({ path }: KeySource): HoldfastError {
  return new HoldfastError(
    "failed",
    `There is stored data, but its key is missing: neither the file ${path} nor the variable ` +
      `${keyVariable} exists. Restore it from your copy; nothing was changed.`,
  );
}
