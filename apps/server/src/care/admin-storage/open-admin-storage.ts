import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { AccountStore } from "../../features/accounts/context/account-world.ts";
import { type Config, isAlone } from "../../base/config/read-config.ts";
import { type DataFolder, openDataFolder } from "../../base/data-folder/open-data-folder.ts";
import { refuseUnfinished } from "../../base/data-folder/unfinished-restore.ts";
import { cellMigrations } from "../../base/db/cell-migrations/index.ts";
import type { Connection } from "../../base/db/database.ts";
import type { DatabaseLog } from "../../base/db/database-log.ts";
import { hasCluster } from "../../base/db/embedded/swap-clusters.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "../../base/db/embedded-postgres.ts";
import { checkExternalPostgres } from "../../base/db/external-postgres.ts";
import { followShardMap } from "../../base/db/follow-shard-map.ts";
import { migrateDatabases } from "../../base/db/migrate-databases.ts";
import { Primaries } from "../../base/db/primary/primaries.ts";
import { storedTimelines } from "../../base/db/primary/timelines.ts";
import { takeOwnerLock } from "../../base/db/owner-lock.ts";
import { shardMigrations } from "../../base/db/shard-migrations/index.ts";
import { type Databases, openDatabases } from "../../base/db/shards.ts";
import { assertMigrated } from "./assert-migrated.ts";

export interface AdminStorage extends AccountStore {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly databases: Databases;
  /** A server uses the database. Always true for a remote database, because that is unknown. */
  readonly isServed: boolean;
  close(): Promise<void>;
}

/** Opens the databases of a data folder, with or without a running server. */
export async function openAdminStorage(config: Config): Promise<AdminStorage> {
  const primaries = new Primaries(silent, storedTimelines(config.dataFolder));
  const place =
    config.databaseUrl === undefined
      ? await openEmbedded(config.dataFolder)
      : await openExternal(primaries.of(config.databaseUrl));
  const databases = openDatabases({
    defaultConnection: place.connection,
    primaries,
    log: silent,
    connectionsMax: 4,
    topology: config.topology,
    readTopology: config.readTopology,
  });
  let endFollowing = async () => {};
  const close = async () => {
    await endFollowing();
    await databases.close();
    await place.close();
  };
  try {
    if (!isAlone(config)) endFollowing = await followShardMap({ databases, log: silent });
    await place.prepare(databases);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    config,
    databases,
    shards: databases.shards,
    isServed: place.isServed,
    ...portsFor(config.environment),
    close,
  };
}

export function portsFor(environment: AdminStorage["environment"]) {
  const clock: Clock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
  return { environment, clock, random: (lengthBytes: number): Uint8Array => randomBytes(lengthBytes) };
}

interface Place extends Pick<AdminStorage, "isServed"> {
  readonly connection: Connection;
  readonly prepare: (databases: Databases) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function assertAllMigrated({ shards, cells }: Databases): Promise<void> {
  for (const { connection } of shards.all()) await assertMigrated(connection, shardMigrations);
  for (const { connection } of cells.all()) await assertMigrated(connection, cellMigrations);
}

async function openExternal(connection: Connection): Promise<Place> {
  await checkExternalPostgres(connection);
  return { connection, isServed: true, prepare: assertAllMigrated, close: async () => {} };
}

async function openEmbedded(dataFolder: string): Promise<Place> {
  refuseUnfinished(dataFolder);
  if (!hasCluster(dataFolder)) {
    throw new HoldfastError(
      "not_found",
      `There is no database in ${dataFolder}. Specify the data folder of your server with --data DIR; its first start creates it.`,
    );
  }
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const folder = await openUnlessInUse(dataFolder);
    if (folder !== undefined) return startOwn(folder);
    const connection = findRunningPostgres(dataFolder);
    if (connection !== undefined)
      return { connection, isServed: true, prepare: assertAllMigrated, close: async () => {} };
    // Its owner is starting or stopping.
    if (waitedMs >= waitMsMax) {
      throw new HoldfastError(
        "unavailable",
        `The data folder ${dataFolder} is in use, but its database is not running. Try again once its server is ready.`,
        { retryAfterSeconds: 1 },
      );
    }
    await delay(retryMs);
  }
}

const retryMs = 100;
const waitMsMax = 10_000;

/** @returns undefined while another process uses the folder */
async function openUnlessInUse(dataFolder: string): Promise<DataFolder | undefined> {
  try {
    return await openDataFolder(dataFolder);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "locked") return undefined;
    throw error;
  }
}

async function startOwn(folder: DataFolder): Promise<Place> {
  const steps: (() => unknown)[] = [() => folder.release()];
  const close = async () => {
    for (const step of steps.toReversed()) await step();
  };
  try {
    const postgres = await startEmbeddedPostgres({ dataFolder: folder.path, log: silent, random: randomBytes });
    steps.push(() => postgres.stop());
    const owner = await takeOwnerLock(postgres.connection, silent);
    steps.push(() => owner.release());
    const { connection } = postgres;
    return { connection, isServed: false, prepare: (databases) => migrateDatabases(databases, silent), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The command reports failures by its error. */
export const silent: DatabaseLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
