import type { Connection } from "./database.ts";
import type { Databases } from "./shards.ts";

export interface TestDatabase {
  /** An empty database of its own, on a PostgreSQL that the tests of this process share. */
  readonly connection: Connection;
  stop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Off only where a test measures something else and says so. */
  readonly fsync?: boolean;
}

export declare function startTestDatabase(options?: TestDatabaseOptions): Promise<TestDatabase>;

/** A started, migrated pair of one shard and one cell. */
export interface TestDatabases extends Databases {
  readonly connection: Connection;
  stop(): Promise<void>;
}

export declare function startTestDatabases(options?: TestDatabaseOptions): Promise<TestDatabases>;
