/** The table of what the running server finds of itself, in the schema `shard`; used on the shard of bucket 0 alone. */
export interface FindingTables {
  "shard.server_findings": ServerFindingRow;
}

export interface ServerFindingRow {
  source: string;
  check_name: string;
  subject: string;
  /** See `Heeded`. */
  heeded: unknown;
  said: string;
  /** Microseconds since 1970. */
  looked_at: number;
}
