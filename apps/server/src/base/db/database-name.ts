import pg from "pg";
import type { Connection } from "./database.ts";

/** Without the password. The driver reads the URL, because that of a Unix socket has no host, and is no URL elsewhere. */
export function databaseName(connection: Connection): string {
  if (connection.connectionString === undefined) return "embedded";
  const { host, port, database = "" } = new pg.Client(connection);
  const shown = host.includes(":") ? `[${host}]` : host;
  return `${shown}${port === 5432 ? "" : `:${port}`}/${database}`;
}
