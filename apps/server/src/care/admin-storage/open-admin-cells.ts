import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openStore } from "@holdfast/object-store/open-store";
import { type BlockCells, openBlockCells } from "../../packs/cells/open-block-cells.ts";
import { type KeySource, keySourceOf } from "../../packs/keys/key-encryption-key.ts";
import type { PlacedCell } from "../../packs/copies/copies-report.ts";
import { openCellStore } from "../../packs/copies/open-cell-store.ts";
import { storePlaces } from "../../packs/copies/store-places.ts";
import type { Cell } from "../../base/db/shards.ts";
import { systemTime } from "../../base/operation/system-time.ts";
import { type AdminStorage, silent } from "./open-admin-storage.ts";

/** Uses the server's locations of stores and keys. */
export async function openAdminCells(storage: AdminStorage): Promise<BlockCells> {
  return (await openPlacedCells(storage)).cells;
}

export async function openPlacedCells(
  storage: AdminStorage,
): Promise<{ readonly cells: BlockCells; readonly placed: readonly PlacedCell[] }> {
  const { databases, clock, random } = storage;
  const stores = new Map<Cell, ObjectStore>();
  for (const cell of databases.cells.all()) stores.set(cell, await openAdminStore(cell, storage));
  const storeOf = (cell: Cell): ObjectStore => {
    const store = stores.get(cell);
    if (store === undefined) throw new HoldfastError("internal", `The store of cell ${cell.id} is not open.`);
    return store;
  };
  const keySource = adminKeySource(storage);
  const cells = await openBlockCells({ cells: databases.cells, storeOf, keySource, clock, random, log: silent });
  const placed = databases.cells.all().map((cell) => {
    return { cell: cells.ofCell(cell), places: placesOf(cell, storage) };
  });
  return { cells, placed };
}

export function adminKeySource({ config, environment }: Pick<AdminStorage, "config" | "environment">): KeySource {
  return keySourceOf(nodeDisk, resolve(config.dataFolder), environment);
}

/** Opens a cell's one or two stores without keys. */
export function openAdminStore(cell: Cell, storage: AdminStorage): Promise<ObjectStore> {
  return openCellStore({
    db: cell.db,
    places: placesOf(cell, storage),
    policy: storage.config.storePolicy,
    open: (place) => openStoreAt(place, storage),
    nowMicros: () => storage.clock.nowMicros(),
    ...systemTime,
    log: silent,
  });
}

export function placesOf(cell: Cell, { config }: AdminStorage): readonly string[] {
  return storePlaces(cell, config, resolve(config.dataFolder));
}

/**
 * @param location a folder or `s3://…`
 * @param called name in errors with its path; undefined: users must not see the path
 */
export function openStoreAt(
  location: string,
  { random, clock, environment }: Pick<AdminStorage, "random" | "clock" | "environment">,
  called?: string,
): Promise<ObjectStore> {
  return openStore(location, {
    called,
    disk: nodeDisk,
    randomBytes: (bytes) => Buffer.from(random(bytes)),
    random: Math.random,
    nowMs: () => clock.nowMs(),
    ...systemTime,
    environment,
    onRetry: () => {},
  });
}
