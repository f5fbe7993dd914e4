import { sql } from "kysely";
import type { AuditEntryRow } from "../../base/db/audit-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { entryJson } from "./list-entries.ts";
import { syslogLine, type SyslogSource } from "./syslog-line.ts";
import type { SyslogSender } from "./syslog-sender.ts";

const rowsAtOnce = 500;

export interface ForwardOptions {
  readonly sender: SyslogSender;
  readonly source: SyslogSource;
  /** Receives the number of entries that expired before they were sent. */
  readonly onDropped: (count: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Entries come from the database, so nothing waits in memory during an outage of any length. After a crash, entries may
 * be sent twice.
 * @throws HoldfastError unavailable
 */
export async function forwardEntries(
  shard: Shard,
  { sender, source, onDropped, signal }: ForwardOptions,
): Promise<void> {
  const { id, db } = shard;
  let sent = await readSent(shard);
  while (!signal.aborted) {
    const { rows } = await sql<AuditEntryRow>`
      select seq, at, hash, entry from shard.audit_entries where seq > ${sent} order by seq limit ${rowsAtOnce}`.execute(
      db,
    );
    const [first] = rows;
    if (first === undefined) return;
    await sender.send(rows.map((row) => syslogLine(entryJson({ ...row, chain: id }), source)));
    if (first.seq > sent + 1) onDropped(first.seq - sent - 1);
    sent = rows.at(-1)?.seq ?? sent;
    await sql`update shard.audit_chain set sent_seq = ${sent}`.execute(db);
  }
}

async function readSent({ db }: Shard): Promise<number> {
  const { rows } = await sql<{ sent: number }>`
    select case when sent_seq = 0 then anchor_seq else sent_seq end as sent from shard.audit_chain`.execute(db);
  return rows[0]?.sent ?? 0;
}
