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
  readonly endBytes: number;
  /** The log up to here contains no change that was not acknowledged; 0 if unknown. */
  readonly acknowledgedBytes: number;
  /** End of the log that a standby has replayed; 0 on a primary. */
  readonly replayedBytes: number;
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
const flushed = "pg_current_wal_flush_lsn() - '0/0'::pg_lsn";
/** SQL, on a primary. The control file has the former timeline until the first checkpoint after a promotion. */
export const currentTimeline = "('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int8";
// With synchronous standbys, what only the primary has flushed may not be acknowledged.
const visible = `
  select (select system_identifier from pg_control_system())::text as system, not ${isStandby} as "isPrimary",
    case when ${isStandby} then 0 else ${currentTimeline} end::text as timeline,
    extract(epoch from pg_postmaster_start_time())::text as "startedAt",
    case when ${isStandby} then 0 else ${flushed} end::text as "endBytes",
    case when ${isStandby} then 0 when current_setting('synchronous_standby_names') = '' then ${flushed}
      else (select coalesce(min(flush_lsn) - '0/0'::pg_lsn, 0)
        from pg_stat_replication where sync_state in ('sync', 'quorum')) end::text as "acknowledgedBytes",
    case when ${isStandby} then coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0) else 0 end::text as "replayedBytes"`;
const hidden = `
  select '' as system, not ${isStandby} as "isPrimary", '0' as timeline, extract(epoch from pg_postmaster_start_time())::text as "startedAt",
    '0' as "endBytes", '0' as "acknowledgedBytes", '0' as "replayedBytes"`;

async function read(server: Queries, text: string): Promise<ServerState> {
  type Numbers = Record<"timeline" | "endBytes" | "acknowledgedBytes" | "replayedBytes", string>;
  type Row = Omit<ServerState, keyof Numbers> & Numbers;
  const { rows } = await server.query<Row>(text);
  const [row] = rows;
  if (row === undefined) throw new HoldfastError("internal", "PostgreSQL returned no row for its state.");
  const { timeline, endBytes, acknowledgedBytes, replayedBytes } = row;
  return {
    ...row,
    timeline: Number(timeline),
    endBytes: Number(endBytes),
    acknowledgedBytes: Number(acknowledgedBytes),
    replayedBytes: Number(replayedBytes),
  };
}
