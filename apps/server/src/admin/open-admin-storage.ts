import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import type { AccountStore } from "../accounts/account-world.ts";
import type { Config } from "../config/read-config.ts";
import { type DataFolder, openDataFolder } from "../data-folder/open-data-folder.ts";
import { cellMigrations } from "../db/cell-migrations/index.ts";
import type { Connection } from "../db/database.ts";
import type { DatabaseLog } from "../db/database-log.ts";
import { findRunningPostgres, startEmbeddedPostgres } from "../db/embedded-postgres.ts";
import { checkExternalPostgres } from "../db/external-postgres.ts";
import { migrate } from "../db/migrate.ts";
import { takeOwnerLock } from "../db/owner-lock.ts";
import { shardMigrations } from "../db/shard-migrations/index.ts";
import { type Databases, openDatabases } from "../db/shards.ts";
import { assertMigrated } from "./assert-migrated.ts";

export interface AdminStorage extends AccountStore {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly databases: Databases;
  close(): Promise<void>;
}

/** The databases of a data folder, whether a server runs on it or not. */
export async function openAdminStorage(
  config: Config,
  environment: AdminStorage["environment"],
): Promise<AdminStorage> {
  const place =
    config.databaseUrl === undefined ? await openEmbedded(config.dataFolder) : await openExternal(config.databaseUrl);
  const databases = openDatabases({
    defaultConnection: place.connection,
    log: silent,
    connectionsMax: 4,
    ...(config.topology === undefined ? {} : { topology: config.topology }),
  });
  const close = async () => {
    await databases.close();
    await place.close();
  };
  try {
    for (const { connection } of databases.shards.all()) await place.prepare(connection, shardMigrations);
    for (const { connection } of databases.cells.all()) await place.prepare(connection, cellMigrations);
  } catch (error) {
    await close();
    throw error;
  }
  const clock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
  return { config, environment, databases, shards: databases.shards, clock, random: randomBytes, close };
}

interface Place {
  readonly connection: Connection;
  readonly prepare: (connection: Connection, set: typeof shardMigrations) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function openExternal(url: string): Promise<Place> {
  const connection = { connectionString: url };
  await checkExternalPostgres(connection);
  return { connection, prepare: assertMigrated, close: async () => {} };
}

async function openEmbedded(dataFolder: string): Promise<Place> {
  if (!existsSync(join(dataFolder, "postgres"))) {
    throw new HoldfastError(
      "not_found",
      `There is no database in ${dataFolder}. Name the folder of your server with --data DIR; its first start creates it.`,
    );
  }
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const folder = await openUnlessInUse(dataFolder);
    if (folder !== undefined) return startOwn(folder);
    const connection = findRunningPostgres(dataFolder);
    if (connection !== undefined) return { connection, prepare: assertMigrated, close: async () => {} };
    // Its owner is just starting or stopping.
    if (waitedMs >= waitMsMax) {
      throw new HoldfastError(
        "unavailable",
        `The data folder ${dataFolder} is in use, but its database does not run. Try again once its server is ready.`,
        { retryAfterSeconds: 1 },
      );
    }
    await delay(retryMs);
  }
}

const retryMs = 100;
const waitMsMax = 10_000;

/** Undefined while another process has the folder. */
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
    const prepare: Place["prepare"] = (connection, set) => migrate(connection, set, silent);
    return { connection: postgres.connection, prepare, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The command says what failed, by the error that reaches it. */
export const silent: DatabaseLog = { info: () => {}, warn: () => {}, error: () => {} };
