import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openStore } from "@holdfast/object-store/open-store";
import { type BlockCells, openBlockCells } from "../blocks/block-cell.ts";
import { keyVariable } from "../blocks/key-encryption-key.ts";
import type { Cell } from "../db/shards.ts";
import { type AdminStorage, silent } from "./open-admin-storage.ts";

/** The block cells with their stores and keys, from the places where the server has them. */
export async function openAdminCells(storage: AdminStorage): Promise<BlockCells> {
  const { config, databases, clock, random, environment } = storage;
  const folder = resolve(config.dataFolder);
  const stores = new Map<Cell, ObjectStore>();
  for (const cell of databases.cells.all()) {
    stores.set(cell, await openOneStore(cell.store ?? config.store ?? join(folder, "store"), storage));
  }
  return openBlockCells({
    cells: databases.cells,
    storeOf: (cell) => {
      const store = stores.get(cell);
      if (store === undefined) throw new HoldfastError("internal", `The store of cell ${cell.id} is not open.`);
      return store;
    },
    keySource: { disk: nodeDisk, path: join(folder, "key-encryption-key"), variable: environment[keyVariable] },
    clock,
    random,
    log: silent,
  });
}

function openOneStore(location: string, { random, clock, environment }: AdminStorage): Promise<ObjectStore> {
  return openStore(location, {
    disk: nodeDisk,
    randomBytes: (bytes) => Buffer.from(random(bytes)),
    random: Math.random,
    nowMs: () => clock.nowMs(),
    monotonicMs: () => performance.now(),
    sleep: (durationMs, signal) => delay(durationMs, undefined, signal === undefined ? {} : { signal }),
    environment,
    onRetry: () => {},
  });
}
