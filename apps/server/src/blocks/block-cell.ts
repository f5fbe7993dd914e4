import type { Clock, Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { Bucket } from "@holdfast/core/ids";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import type { Kysely } from "kysely";
import type { CellTables } from "../db/cell-tables.ts";
import type { Cell, Cells } from "../db/shards.ts";
import { createKeyEncryptionKey, keyVariable, loadKeyEncryptionKey } from "./key-encryption-key.ts";
import type { KeySource } from "./key-encryption-key.ts";
import { hasDataKeys, openKeyring } from "./keyring.ts";
import type { Keyring } from "./keyring.ts";

/** What the blocks folder says about itself; a pino logger fits. Never given content, keys or secrets. */
export interface BlockLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A block index, the object store beside it, and the keys between them. */
export interface BlockCell {
  readonly id: string;
  readonly db: Kysely<CellTables>;
  readonly store: ObjectStore;
  readonly keyring: Keyring;
}

export interface BlockCells {
  of(bucket: Bucket): BlockCell;
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
 * Opens the keys of all cells; makes a key-encryption key only where no cell has anything that another one would have sealed.
 * @throws HoldfastError failed, in words for whoever starts the server, where the key is missing or another
 */
export async function openBlockCells({ cells, storeOf, keySource, ...ports }: BlockCellsOptions): Promise<BlockCells> {
  const places = cells.all().map((cell) => ({ cell, id: cell.id, db: cell.db, store: storeOf(cell) }));
  const keyEncryptionKey =
    (await loadKeyEncryptionKey(keySource)) ?? (await createFirstKey(keySource, places, ports.random));
  const opened = new Map<Cell, BlockCell>();
  for (const { cell, id, db, store } of places) {
    opened.set(cell, { id, db, store, keyring: await openKeyring({ db, store, keyEncryptionKey, ...ports }) });
  }
  return {
    of: (bucket) => {
      const found = opened.get(cells.of(bucket));
      if (found === undefined) throw new HoldfastError("internal", `The cell of bucket ${bucket} is not open.`);
      return found;
    },
    all: () => [...opened.values()],
  };
}

async function createFirstKey(
  source: KeySource,
  places: readonly Pick<BlockCell, "db" | "store">[],
  random: Random,
): Promise<Uint8Array> {
  for (const place of places) {
    if (!(await hasDataKeys(place))) continue;
    throw new HoldfastError(
      "failed",
      `There is stored data, but the key that opens it is missing: neither the file ${source.path} nor the variable ` +
        `${keyVariable} is there. Put it back from where you keep a copy; nothing was changed.`,
    );
  }
  return createKeyEncryptionKey(source, random);
}
