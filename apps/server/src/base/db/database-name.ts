import pg from "pg";
import type { Connection } from "./database.ts";
import { type Host, hostName } from "./primary/database-url.ts";

/** Without the password. The driver reads the URL, because that of a Unix socket has no host, and is no URL elsewhere. */
export function databaseName(
  { primary, ...connection }: Connection,
  hosts: readonly Host[] = primary?.hosts ?? [],
): string {
  if (connection.connectionString === undefined) return "embedded";
  const { host, port, database = "" } = new pg.Client(connection);
  const shown = hosts.length === 0 ? [{ host, port }] : hosts;
  return `${shown.map(hostName).join(",")}/${database}`;
}
