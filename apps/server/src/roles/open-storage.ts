import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openStore } from "@holdfast/object-store/open-store";
import { type BlockCells, openBlockCells } from "../blocks/block-cell.ts";
import { type BlockPool, startBlockPool } from "../blocks/block-tasks.ts";
import { keyVariable } from "../blocks/key-encryption-key.ts";
import { openBlockService, type OpenBlockService } from "../blocks/open-block-service.ts";
import type { Config } from "../config/read-config.ts";
import { closeToOthers } from "../data-folder/close-to-others.ts";
import { openDataFolder } from "../data-folder/open-data-folder.ts";
import { cellMigrations } from "../db/cell-migrations/index.ts";
import type { Connection } from "../db/database.ts";
import { startEmbeddedPostgres } from "../db/embedded-postgres.ts";
import { checkExternalPostgres } from "../db/external-postgres.ts";
import { migrate } from "../db/migrate.ts";
import { type OwnerLock, takeOwnerLock } from "../db/owner-lock.ts";
import { shardMigrations } from "../db/shard-migrations/index.ts";
import { type Cell, type Databases, openDatabases } from "../db/shards.ts";
import type { Log } from "../operation/log.ts";
import type { Closers } from "./closers.ts";
import { systemClock } from "./system-clock.ts";

/** Everything below accounts and metadata: the data folder, the databases, the stores and the blocks in them. */
export interface Storage {
  readonly databases: Databases;
  readonly cells: BlockCells;
  readonly blocks: OpenBlockService;
  readonly pool: BlockPool;
  /** Throws while this process has lost the data folder's database to another. */
  readonly assertOwner: () => void;
}

/** What a test puts around each store; see `OpenStoreOptions`. */
export type StoreWrap = (store: ObjectStore) => ObjectStore;

export async function openStorage(config: Config, log: Log, closers: Closers, wrap?: StoreWrap): Promise<Storage> {
  const folder = await openDataFolder(config.dataFolder);
  closers.add("data folder", () => folder.release());
  const { connection, owner } = await openDatabaseServer(config, folder.path, log, closers);
  const databases = openDatabases({
    defaultConnection: connection,
    log,
    ...(config.topology === undefined ? {} : { topology: config.topology }),
  });
  closers.add("databases", () => databases.close());
  for (const shard of databases.shards.all()) await migrate(shard.connection, shardMigrations, log);
  for (const cell of databases.cells.all()) await migrate(cell.connection, cellMigrations, log);
  const defaultStore = config.store ?? (await folder.privateFolder("store"));
  const stores = new Map<Cell, ObjectStore>();
  for (const cell of databases.cells.all()) stores.set(cell, await openOneStore(cell.store ?? defaultStore, log, wrap));
  const ports = { clock: systemClock, random: randomBytes, log };
  const keyPath = join(folder.path, "key-encryption-key");
  closeToOthers(keyPath, log);
  const cells = await openBlockCells({
    cells: databases.cells,
    storeOf: (cell) => stores.get(cell) as ObjectStore,
    keySource: {
      disk: nodeDisk,
      path: keyPath,
      variable: process.env[keyVariable],
    },
    ...ports,
  });
  const pool = startBlockPool();
  closers.add("threads", () => pool.close());
  const blocks = openBlockService({ cells, shards: databases.shards, pool, ...ports });
  closers.add("blocks", () => blocks.close());
  return { databases, cells, blocks, pool, assertOwner: () => owner?.assertHeld() };
}

async function openDatabaseServer(
  config: Config,
  dataFolder: string,
  log: Log,
  closers: Closers,
): Promise<{ connection: Connection; owner: OwnerLock | undefined }> {
  if (config.databaseUrl !== undefined) {
    const connection = { connectionString: config.databaseUrl };
    await checkExternalPostgres(connection);
    return { connection, owner: undefined };
  }
  const postgres = await startEmbeddedPostgres({ dataFolder, log, random: randomBytes });
  closers.add("embedded database", () => postgres.stop());
  const owner = await takeOwnerLock(postgres.connection, log);
  closers.add("owner's lock", () => owner.release());
  return { connection: postgres.connection, owner };
}

function openOneStore(location: string, log: Log, wrap: StoreWrap | undefined): Promise<ObjectStore> {
  return openStore(location, {
    disk: nodeDisk,
    randomBytes,
    random: Math.random,
    nowMs: () => systemClock.nowMs(),
    monotonicMs: () => performance.now(),
    sleep: (durationMs, signal) => delay(durationMs, undefined, signal === undefined ? {} : { signal }),
    environment: process.env,
    ...(wrap === undefined ? {} : { wrap }),
    onRetry: (error, delayMs) =>
      log.warn({ code: error.code, reason: error.message, delay_ms: delayMs }, "the store is tried again"),
  });
}
