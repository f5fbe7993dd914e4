import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import type { ObjectStore } from "@holdfast/object-store/object-store";
import { openStore } from "@holdfast/object-store/open-store";
import { assertAdministrator } from "../features/accounts/invitations/set-up.ts";
import {
  type FirstStart,
  isUnused,
  refuseEmptyDatabase,
  refuseMissingDatabase,
  refuseNewDatabase,
} from "../care/backup/refuse-new-database.ts";
import type { BlockCell } from "../packs/cells/block-cell.ts";
import { assertKeyFits, type BlockCells, hasTables, openBlockCells } from "../packs/cells/open-block-cells.ts";
import {
  type DiskGroup,
  type DiskReserve,
  findTooSmallDisk,
  groupsOf,
  noReserve,
  openDiskReserve,
} from "../packs/write/disk-reserve.ts";
import { type BlockPool, startBlockPool } from "../packs/format/block-tasks.ts";
import { type KeySource, keySourceOf, loadWrappings, nextPathOf } from "../packs/keys/key-encryption-key.ts";
import { type OpenBlockService, openBlockService } from "../packs/service/open-block-service.ts";
import { type Config, isAlone } from "../base/config/read-config.ts";
import type { PlacedCell } from "../packs/copies/copies-report.ts";
import { openCellStore } from "../packs/copies/open-cell-store.ts";
import { storePlaces } from "../packs/copies/store-places.ts";
import { closeToOthers } from "../base/data-folder/close-to-others.ts";
import { absentData, type FoundFolder, newServerInEmptyFolder, newServerInUsedFolder } from "./first-start.ts";
import { type FolderWatch, knowFolder, watchFolders } from "../base/data-folder/known-folder.ts";
import { openDataFolder } from "../base/data-folder/open-data-folder.ts";
import type { Connection } from "../base/db/database.ts";
import { startEmbeddedPostgres } from "../base/db/embedded-postgres.ts";
import { checkExternalPostgres } from "../base/db/external-postgres.ts";
import { followShardMap } from "../base/db/follow-shard-map.ts";
import { migrateDatabases, planMigrations, type SchemaMigrations } from "../base/db/migrate-databases.ts";
import { type OwnerLock, takeOwnerLock } from "../base/db/owner-lock.ts";
import { reportMissingChanges } from "./report-missing-changes.ts";
import { Primaries } from "../base/db/primary/primaries.ts";
import { storedTimelines } from "../base/db/primary/timelines.ts";
import { type Cell, type Databases, openDatabases } from "../base/db/shards.ts";
import type { Log } from "../base/operation/log.ts";
import { systemTime } from "../base/operation/system-time.ts";
import { Closers } from "./closers.ts";
import { systemClock } from "./system-clock.ts";

/** Layer below accounts and metadata: data folder, databases, stores and blocks. */
export interface Storage {
  readonly databases: Databases;
  readonly cells: BlockCells;
  readonly keySource: KeySource;
  readonly placed: readonly PlacedCell[];
  readonly blocks: OpenBlockService;
  /** Disks that uploads need. See `openDiskReserve`. */
  readonly disks: readonly DiskGroup[];
  readonly pool: BlockPool;
  /** For this server only. */
  readonly thumbFolder: string;
  readonly exportFolder: string;
  /** Throws while another process owns the data folder's database. */
  readonly assertOwner: () => void;
  /** A standby answers reads, because a database has no primary. Changes fail. */
  readonly isReadOnly: () => boolean;
  /** The data folder and the folder of the embedded database. */
  readonly folders: Pick<FolderWatch, "look" | "replaced">;
}

/** Test wrapper of each store. See `OpenStoreOptions`. */
export type StoreWrap = (store: ObjectStore) => ObjectStore;

export interface StorageOptions {
  readonly found: FoundFolder;
  readonly wrap?: StoreWrap | undefined;
  /** Called when the process of the embedded database has been started. */
  readonly onDatabaseStarts: () => void;
}

export async function openStorage(
  config: Config,
  log: Log,
  closers: Closers,
  { found, wrap, onDatabaseStarts }: StorageOptions,
): Promise<Storage> {
  const folder = await openDataFolder(config.dataFolder);
  closers.add("data folder", () => folder.release());
  const keySource = keySourceOf(nodeDisk, folder.path, config.environment);
  // Reports wrong settings before a database is made.
  await loadWrappings(keySource, randomBytes);
  if (found.isFirstStart) await prepareFirstStart({ config, folder: folder.path, keySource, found }, log, wrap);
  const { standbyReadsMsMax } = config;
  const primaries = new Primaries(log, storedTimelines(folder.path), { standbyReadsMsMax });
  const { connection, owner, folders } = await openDatabaseServer(config, folder.path, {
    log,
    primaries,
    closers,
    onDatabaseStarts,
  });
  const databases = await openAllDatabases(config, connection, { log, closers, primaries });
  const started = { config, folder: folder.path, keySource };
  await refuseOtherData(started, databases, log, wrap);
  if (config.store === undefined) await folder.privateFolder("store");
  closeToOthers(keySource.path, log);
  closeToOthers(nextPathOf(keySource), log);
  const storeOf = await openCheckedStores(started, databases, log, wrap);
  const ports = { clock: systemClock, random: randomBytes, log };
  await migrateDatabases(databases, log);
  reportMissingChanges(databases);
  const cells = await openBlockCells({ cells: databases.cells, storeOf, keySource, ...ports });
  const placed = databases.cells.all().map((cell) => {
    return { cell: cells.ofCell(cell), places: storePlaces(cell, config, folder.path) };
  });
  const pool = startBlockPool();
  closers.add("threads", () => pool.close());
  const unreferencedMs = config.retention.blocksMs;
  const { disks, reserveOf } = openReserves(placed, config, folder.path);
  const tooSmall = await findTooSmallDisk(disks);
  if (tooSmall !== undefined) log.warn({}, `${tooSmall} Move the data folder to a larger disk.`);
  const blocks = openBlockService({ cells, shards: databases.shards, pool, unreferencedMs, reserveOf, ...ports });
  closers.add("blocks", () => blocks.close());
  const thumbFolder = await folder.privateFolder("thumbs");
  const exportFolder = await folder.privateFolder("exports");
  return {
    databases,
    cells,
    placed,
    keySource,
    blocks,
    disks,
    pool,
    thumbFolder,
    exportFolder,
    assertOwner: () => {
      // Packs go to the store by path, before the next check.
      if (!folders.look()) throw new HoldfastError("unavailable", "The server is stopping. Try again in a moment.");
      owner?.assertHeld();
    },
    isReadOnly: () => primaries.isReadOnly,
    folders,
  };
}

/**
 * Migrates external databases like the start of a server.
 * @returns what was migrated; if dry, what would be
 * @throws HoldfastError usage with an embedded database, and errors of a start
 */
export async function migrateStorage(config: Config, log: Log, isDry: boolean): Promise<readonly SchemaMigrations[]> {
  const { databaseUrl = config.topology?.cells[0]?.database_url, topology } = config;
  const places = [...(topology?.shards ?? []), ...(topology?.cells ?? [])];
  const isExternal = config.databaseUrl !== undefined || places.every((place) => place.database_url !== undefined);
  if (databaseUrl === undefined || !isExternal) throw new HoldfastError("usage", onlyExternal);
  const closers = new Closers(log);
  try {
    const folder = resolve(config.dataFolder);
    const started = { config, folder, keySource: keySourceOf(nodeDisk, folder, config.environment) };
    await loadWrappings(started.keySource, randomBytes);
    const primaries = new Primaries(log, storedTimelines(folder));
    const connection = primaries.of(databaseUrl);
    await checkExternalPostgres(connection);
    const databases = await openAllDatabases(config, connection, { log, closers, primaries });
    await refuseOtherData(started, databases, log);
    await openCheckedStores(started, databases, log);
    return await (isDry ? planMigrations(databases) : migrateDatabases(databases, log));
  } finally {
    await closers.close();
  }
}

const onlyExternal =
  "This is for external databases (HOLDFAST_DATABASE_URL): 'holdfast serve' migrates the embedded one when it starts.";

/** Checks that the databases are of this server and version, before anything is changed. */
async function refuseOtherData(started: StartedServer, databases: Databases, log: Log, wrap?: StoreWrap) {
  await planMigrations(databases);
  if (started.config.expectData) await assertHasData(databases);
  if (!isAlone(started.config)) await prepareExternalStart(started, databases, log, wrap);
}

/** @throws HoldfastError failed if the key is not the one of the stores, or their data belong to another database */
async function openCheckedStores(
  { config, folder, keySource }: StartedServer,
  { cells }: Databases,
  log: Log,
  wrap?: StoreWrap,
): Promise<(cell: Cell) => ObjectStore> {
  const stores = new Map<Cell, ObjectStore>();
  for (const cell of cells.all()) {
    const places = storePlaces(cell, config, folder);
    stores.set(cell, await openStores({ cell, places, config }, log, wrap));
  }
  const storeOf = (cell: Cell) => stores.get(cell) as ObjectStore;
  const keyed = cells.all().map((cell) => ({ db: cell.db, store: storeOf(cell) }));
  await assertKeyFits(keySource, keyed, randomBytes);
  for (const each of keyed) await refuseNewDatabase(each);
  return storeOf;
}

function openReserves(placed: readonly PlacedCell[], config: Config, dataFolder: string) {
  const databaseFolder = config.databaseUrl === undefined ? dataFolder : undefined;
  const opened = placed.map(({ cell, places }) => {
    const groups = groupsOf({ databaseFolder, places, policy: config.storePolicy });
    return { cell, groups, reserve: openDiskReserve(groups, config.diskReserveBytes) };
  });
  const reserves = new Map<BlockCell, DiskReserve>(opened.map(({ cell, reserve }) => [cell, reserve]));
  const groups = opened.flatMap((each) => each.groups);
  return { disks: groups, reserveOf: (cell: BlockCell) => reserves.get(cell) ?? noReserve };
}

interface StartedServer {
  readonly config: Config;
  readonly folder: string;
  readonly keySource: KeySource;
}

interface NewServer extends StartedServer {
  readonly found: FoundFolder;
}

/** Runs before the database is made, so that a refused start leaves nothing behind. */
async function prepareFirstStart({ config, folder, keySource, found }: NewServer, log: Log, wrap?: StoreWrap) {
  if (config.administrator !== undefined) assertAdministrator(config.administrator);
  const stores = storesOf({ store: undefined, secondStore: undefined }, { config, folder }, log, wrap);
  await refuseMissingDatabase({ dataFolder: folder, keySource, stores });
  // An unmounted disk leaves an empty folder, so a new folder gets this warning once too.
  if (found.state === "empty") log.warn({ folder }, newServerInEmptyFolder);
  if (found.state === "used") log.warn({ folder }, newServerInUsedFolder);
}

/** Same checks for the databases of cells, where another server may be making the tables. */
async function prepareExternalStart(
  { config, folder, keySource }: StartedServer,
  { cells }: Databases,
  log: Log,
  wrap?: StoreWrap,
): Promise<void> {
  const all = cells.all();
  const empty = await withoutTables(all);
  const isNew = empty.length === all.length;
  const isExternal = config.databaseUrl !== undefined;
  const ofServer = {
    name: isExternal ? "The external database" : "The database",
    keySource,
    dataFolder: isExternal ? folder : undefined,
  };
  for (const group of isNew ? [empty] : empty.map((cell) => [cell])) {
    const of = isNew ? ofServer : { name: `The database of cell ${group.map(({ id }) => id).join()}` };
    const stores = group.flatMap((cell) => storesOf(cell, { config, folder }, log, wrap));
    const isEmpty = async (): Promise<boolean> => (await withoutTables(group)).length === group.length;
    await refuseEmptyDatabase({ ...of, stores }, isEmpty);
  }
}

async function withoutTables(cells: readonly Cell[]): Promise<Cell[]> {
  const empty: Cell[] = [];
  for (const cell of cells) if (!(await hasTables(cell.db))) empty.push(cell);
  return empty;
}

function storesOf(
  cell: Pick<Cell, "store" | "secondStore">,
  { config, folder }: Pick<StartedServer, "config" | "folder">,
  log: Log,
  wrap?: StoreWrap,
): FirstStart["stores"] {
  return storePlaces(cell, config, folder).map((place, index) => ({
    name: index === 0 ? "the store" : "the second store",
    open: () => openOneStore(place, config, log, wrap),
  }));
}

async function assertHasData({ cells }: Databases): Promise<void> {
  for (const { id, db } of cells.all()) if (await isUnused(db)) throw absentData(`The database of cell ${id} is empty`);
}

interface DatabasePorts extends Pick<StorageOptions, "onDatabaseStarts"> {
  readonly log: Log;
  readonly closers: Closers;
  readonly primaries: Primaries;
}

async function openDatabaseServer(
  config: Config,
  dataFolder: string,
  { log, closers, primaries, onDatabaseStarts }: DatabasePorts,
): Promise<Pick<Storage, "folders"> & { connection: Connection; owner: OwnerLock | undefined }> {
  if (config.databaseUrl !== undefined) {
    const connection = primaries.of(config.databaseUrl);
    await checkExternalPostgres(connection);
    const folders = watchFolders([knowFolder(dataFolder)], (error) => log.error({}, error.message));
    closers.add("watch of the data folder", () => folders.close());
    return { connection, owner: undefined, folders };
  }
  const postgres = await startEmbeddedPostgres({ dataFolder, log, random: randomBytes, onSpawn: onDatabaseStarts });
  closers.add("embedded database", () => postgres.stop());
  const owner = await takeOwnerLock(postgres.connection, log);
  closers.add("owner's lock", () => owner.release());
  return { connection: postgres.connection, owner, folders: postgres.folders };
}

async function openAllDatabases(
  config: Config,
  defaultConnection: Connection,
  { log, closers, primaries }: Omit<DatabasePorts, "onDatabaseStarts">,
): Promise<Databases> {
  const { topology, readTopology } = config;
  const databases = openDatabases({ defaultConnection, primaries, log, topology, readTopology });
  closers.add("databases", () => databases.close());
  if (!isAlone(config)) closers.add("map of shards", await followShardMap({ databases, log }));
  return databases;
}

interface CellPlaces {
  readonly cell: Cell;
  readonly places: readonly string[];
  readonly config: Config;
}

function openStores({ cell, places, config }: CellPlaces, log: Log, wrap: StoreWrap | undefined): Promise<ObjectStore> {
  return openCellStore({
    db: cell.db,
    places,
    policy: config.storePolicy,
    open: (place) => openOneStore(place, config, log, wrap),
    nowMicros: () => systemClock.nowMicros(),
    ...systemTime,
    log,
  });
}

function openOneStore(
  location: string,
  { environment }: Config,
  log: Log,
  wrap: StoreWrap | undefined,
): Promise<ObjectStore> {
  return openStore(location, {
    disk: nodeDisk,
    randomBytes,
    random: Math.random,
    nowMs: () => systemClock.nowMs(),
    ...systemTime,
    environment,
    ...(wrap === undefined ? {} : { wrap }),
    onRetry: (error, delayMs) =>
      log.warn({ code: error.code, reason: error.message, delay_ms: delayMs }, "retrying the store"),
    onOutage: (reason) => {
      if (reason === undefined) log.info({ store: location }, "the store answers again");
      else log.error({ store: location, reason: reason.message }, "the store does not answer; calls are rejected");
    },
  });
}
