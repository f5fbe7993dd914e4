/** Problems that the running server finds. Only used on the shard of bucket 0. */
export interface FindingTables {
  "shard.server_findings": ServerFindingRow;
}

export interface ServerFindingRow {
  source: string;
  check_name: string;
  subject: string;
  /** See `ReportHistory`. */
  heeded: unknown;
  said: string;
  /** Microseconds since 1970. */
  looked_at: number;
}
