import type { Generated } from "kysely";

export interface AuditTables {
  "shard.audit_entries": AuditEntryRow;
  "shard.audit_chain": AuditChainRow;
}

export interface AuditEntryRow {
  seq: number;
  at: number;
  hash: Buffer;
  entry: string;
}

export interface AuditChainRow {
  one: Generated<boolean>;
  seq: number;
  hash: Buffer;
  anchor_seq: number;
  anchor_hash: Buffer;
  anchor_seal: Buffer | null;
  sent_seq: number;
  verified_at: number | null;
  verified_ok: boolean | null;
}
