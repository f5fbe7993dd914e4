import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { AuditChainRow, AuditEntryRow } from "../../base/db/audit-tables.ts";
import { inTransaction } from "../../base/db/database.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { Shard } from "../../base/db/shards.ts";
import { follow, isSealed, type Link } from "./chain.ts";
import { microsOf } from "./audit-entry.ts";

/** First invalid entry. */
export interface ChainProblem {
  readonly what: "changed" | "removed" | "inserted";
  readonly seq: number;
  readonly detail: string;
}

export interface ChainVerdict {
  readonly entries: number;
  /** RFC 3339 times of the first and last entry. */
  readonly from: string | null;
  readonly to: string | null;
  readonly head: Link;
  readonly problem: ChainProblem | null;
}

const pageRows = 2000;

/**
 * Verifies the whole chain in one snapshot.
 * @param witnesses entries with hashes that must exist
 */
export function verifyChain(shard: Shard, key: Uint8Array, witnesses: readonly Link[]): Promise<ChainVerdict> {
  const work = async (transaction: ShardQueries) => {
    const walk = new Walk(key, await readChain(transaction), witnesses);
    for (let rows = await readPage(transaction, -1); rows.length > 0;) {
      for (const [index, row] of rows.entries()) if (!walk.take(row, rows[index + 1])) return walk.verdict();
      rows = await readPage(transaction, rows.at(-1)?.seq ?? 0);
    }
    walk.end();
    return walk.verdict();
  };
  return inTransaction(shard.db, work, { isolationLevel: "repeatable read" });
}

async function readChain(db: ShardQueries): Promise<AuditChainRow | undefined> {
  const { rows } = await sql<AuditChainRow>`select * from shard.audit_chain`.execute(db);
  return rows[0];
}

async function readPage(db: ShardQueries, after: number): Promise<AuditEntryRow[]> {
  const { rows } = await sql<AuditEntryRow>`
    select seq, at, hash, entry from shard.audit_entries where seq > ${after} order by seq limit ${pageRows}`.execute(
    db,
  );
  return rows;
}

class Walk {
  readonly #key: Uint8Array;
  readonly #chain: AuditChainRow | undefined;
  readonly #witnesses: Map<number, Link>;
  #last: Link;
  #entries = 0;
  #from: number | null = null;
  #to: number | null = null;
  #problem: ChainProblem | null = null;

  constructor(key: Uint8Array, chain: AuditChainRow | undefined, witnesses: readonly Link[]) {
    this.#key = key;
    this.#chain = chain;
    this.#last = { seq: chain?.anchor_seq ?? 0, hash: chain?.anchor_hash ?? Buffer.alloc(32) };
    this.#witnesses = new Map(witnesses.filter(({ seq }) => seq > this.#last.seq).map((each) => [each.seq, each]));
    if (chain === undefined) this.#found("removed", 1, "the row with the start and the end of the chain is missing");
    else if (!isSealed(key, this.#last, chain.anchor_seal))
      this.#found(
        "removed",
        this.#last.seq,
        "it is recorded as removed because of its age, but the server did not remove it",
      );
  }

  /** @returns false after a problem */
  take(row: AuditEntryRow, after: AuditEntryRow | undefined): boolean {
    if (this.#problem !== null) return false;
    const { seq } = this.#last;
    if (row.seq <= seq) return this.#found("inserted", row.seq, "it is before the start of the chain");
    if (row.seq > seq + 1) return this.#found("removed", seq + 1, missing(seq + 1, row.seq - 1));
    const next = follow(this.#key, this.#last, row.entry);
    if (!next.hash.equals(row.hash) || atOf(row.entry) !== row.at) return this.#judge(row, after);
    if (row.seq > (this.#chain?.seq ?? 0)) return this.#found("inserted", row.seq, "it is after the end of the chain");
    if (this.#witnesses.get(row.seq)?.hash.equals(row.hash) === false)
      return this.#found("changed", row.seq, "it was replaced by another entry");
    this.#last = next;
    this.#entries += 1;
    this.#from ??= row.at;
    this.#to = row.at;
    return true;
  }

  end(): void {
    if (this.#problem !== null) return;
    const { seq, hash } = this.#last;
    const known = Math.max(this.#chain?.seq ?? 0, ...this.#witnesses.keys());
    if (known > seq) this.#found("removed", seq + 1, missing(seq + 1, known));
    else if (this.#chain?.hash.equals(hash) === false) this.#found("changed", seq, "the end of the chain is different");
  }

  verdict(): ChainVerdict {
    const time = (micros: number | null) => (micros === null ? null : formatTime(micros));
    const { seq, hash } = this.#chain ?? this.#last;
    return {
      entries: this.#entries,
      from: time(this.#from),
      to: time(this.#to),
      head: { seq, hash },
      problem: this.#problem,
    };
  }

  /** If the next entry matches the previous one, this entry was inserted. */
  #judge(row: AuditEntryRow, after: AuditEntryRow | undefined): false {
    const isBetween = after !== undefined && follow(this.#key, this.#last, after.entry).hash.equals(after.hash);
    return isBetween
      ? this.#found("inserted", row.seq, "it does not match the entries before and after it")
      : this.#found("changed", row.seq, "it or its position was changed");
  }

  #found(what: ChainProblem["what"], seq: number, detail: string): false {
    this.#problem = { what, seq, detail };
    return false;
  }
}

function missing(first: number, last: number): string {
  return first === last ? "it is missing" : `the entries ${first} to ${last} are missing`;
}

/** The seal covers only the text, so the indexed time must equal the time in it. */
function atOf(text: string): number {
  try {
    return microsOf(JSON.parse(text) as { at: string });
  } catch {
    return Number.NaN;
  }
}
