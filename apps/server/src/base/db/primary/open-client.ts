import pg from "pg";
import type { Connection } from "../database.ts";

/** A connection to the primary, for use without a pool. */
export function openClient({ primary, ...connection }: Connection, config: pg.ClientConfig = {}): pg.Client {
  const all = { ...connection, ...config };
  return primary === undefined ? new pg.Client(all) : primary.open(all);
}
