import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "../../base/db/database.ts";
import { type MigrationSet, readApplied, worksWith } from "../../base/db/migrate.ts";

/** A database in use must not be migrated, so the command's version must work with it as it is. */
export async function assertMigrated(connection: Connection, set: MigrationSet): Promise<void> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  if (worksWith(await readApplied(connection, set, log), set)) return;
  throw new HoldfastError(
    "failed",
    "The running server has a different version than this command. Run the command from the server's installation, or " +
      "restart the server with this one.",
  );
}
