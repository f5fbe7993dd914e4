import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import { type Connection, openDatabase } from "../../base/db/database.ts";
import type { MigrationSet } from "../../base/db/migrate.ts";

/** A database in use must not be migrated, so the command must have the server's version. */
export async function assertMigrated(connection: Connection, { schema, migrations }: MigrationSet): Promise<void> {
  const { db, close } = openDatabase<unknown>({
    connection,
    schema,
    applicationName: "holdfast admin",
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    connectionsMax: 1,
  });
  try {
    const table = `${schema}.migration`;
    const { rows: found } = await sql<{ there: boolean }>`select to_regclass(${table}) is not null as there`.execute(
      db,
    );
    const names =
      found[0]?.there === true
        ? (await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(db)).rows
        : [];
    if (names.map(({ name }) => name).join() === Object.keys(migrations).toSorted().join()) return;
    throw new HoldfastError(
      "failed",
      "The running server has a different version than this command. Run the command from the server's installation, or " +
        "restart the server with this one.",
    );
  } finally {
    await close();
  }
}
