import type pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { codeOf } from "../database-error.ts";

/** A PostgreSQL server, as it describes itself. */
export interface ServerState {
  /** Identifies a primary and its standbys; empty if the role may not see it. */
  readonly system: string;
  readonly isPrimary: boolean;
  /** Grows with each promotion; 0 on a standby, or if the role may not see it. */
  readonly timeline: number;
  /** Distinguishes servers. */
  readonly startedAt: string;
  /** End of the primary's log. */
  readonly bytes: number;
  /** The log that is flushed is on a synchronous standby too, or its commits were not acknowledged. */
  readonly isSynchronous: boolean;
}

type Queries = Pick<pg.ClientBase, "query">;

export async function readServerState(server: Queries): Promise<ServerState> {
  try {
    return await read(server, visible);
  } catch (error) {
    // Some hosted databases have no functions for the log.
    if (!/^(42501|42883|0A000)$/.test(codeOf(error) ?? "")) throw error;
    return read(server, hidden);
  }
}

const isStandby = "pg_is_in_recovery()";
// The control file has the former timeline until the first checkpoint after a promotion.
const visible = `
  select (select system_identifier from pg_control_system())::text as system, not ${isStandby} as "isPrimary",
    case when ${isStandby} then 0
      else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int8 end::text as timeline,
    pg_postmaster_start_time()::text as "startedAt",
    case when ${isStandby} then 0 else pg_current_wal_flush_lsn() - '0/0'::pg_lsn end::text as bytes,
    current_setting('synchronous_standby_names') <> '' as "isSynchronous"`;
const hidden = `
  select '' as system, not ${isStandby} as "isPrimary", '0' as timeline, pg_postmaster_start_time()::text as "startedAt",
    '0' as bytes, true as "isSynchronous"`;

async function read(server: Queries, text: string): Promise<ServerState> {
  type Row = Omit<ServerState, "timeline" | "bytes"> & { readonly timeline: string; readonly bytes: string };
  const { rows } = await server.query<Row>(text);
  const [row] = rows;
  if (row === undefined) throw new HoldfastError("internal", "PostgreSQL does not describe itself.");
  return { ...row, timeline: Number(row.timeline), bytes: Number(row.bytes) };
}
