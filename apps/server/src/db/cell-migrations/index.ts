import type { MigrationSet } from "../migrate.ts";

/**
 * The migrations of the schema `cell`, in order; the name of each is its file's (`001-nouns`) and is recorded in the
 * database, so it never changes once released. Tables are named without a schema: the search path is `cell`.
 */
export const cellMigrations: MigrationSet = { schema: "cell", migrations: {} };
