import type { MigrationSet } from "../migrate.ts";

/**
 * The migrations of the schema `shard`, in order; the name of each is its file's (`001-nouns`) and is recorded in the
 * database, so it never changes once released. Tables are named without a schema: the search path is `shard`.
 */
export const shardMigrations: MigrationSet = { schema: "shard", migrations: {} };
