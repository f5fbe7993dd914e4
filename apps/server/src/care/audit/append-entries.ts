import { HoldfastError } from "@holdfast/core/errors";
import { type Kysely, sql } from "kysely";
import { byteaArray, int8Array, textArray } from "../../base/db/array-parameters.ts";
import { inTransaction, keyed } from "../../base/db/database.ts";
import type { ShardQueries, ShardTables } from "../../base/db/shard-tables.ts";
import { beginning, follow, type Link } from "./chain.ts";

export interface KeptText {
  readonly atMicros: number;
  readonly text: string;
}

interface Append {
  readonly db: Kysely<ShardTables>;
  readonly key: Uint8Array;
  readonly texts: readonly KeptText[];
}

/**
 * Appends after the assumed newest entry, in one statement without locks.
 * @returns the new end; undefined, without a change, if another writer was faster
 */
export async function appendBehind(known: Link, { db, key, texts }: Append): Promise<Link | undefined> {
  const links = linksOf(key, known, texts);
  const end = links.at(-1) ?? known;
  const { rows } = await sql`
    with moved as (
      update shard.audit_chain set seq = ${end.seq}, hash = ${end.hash} where seq = ${known.seq} and hash = ${known.hash} returning 1
    )
    insert into shard.audit_entries (seq, at, hash, entry)
    select new.* from moved, ${rowsOf(links, texts)} returning seq ${keyed}`.execute(db);
  return rows.length === 0 ? undefined : end;
}

export interface LockedOptions {
  /** Receives the entry after which it will append. */
  readonly onKnown: (known: Link) => void;
  /** An earlier attempt without a response tried to append the same after this entry. */
  readonly tried?: Link | undefined;
}

/**
 * Locks the chain. Does nothing if the earlier attempt succeeded.
 * @returns the end of the chain
 */
export function appendLocked({ db, key, texts }: Append, { onKnown, tried }: LockedOptions): Promise<Link> {
  return inTransaction(db, async (transaction) => {
    const known = await readHead(transaction, true);
    if (tried !== undefined && (await isAppended(transaction, linksOf(key, tried, texts)))) return known;
    onKnown(known);
    const links = linksOf(key, known, texts);
    const end = links.at(-1) ?? known;
    await sql`
      insert into shard.audit_entries (seq, at, hash, entry) select new.* from ${rowsOf(links, texts)}`.execute(
      transaction,
    );
    await sql`update shard.audit_chain set seq = ${end.seq}, hash = ${end.hash}`.execute(transaction);
    return end;
  });
}

async function isAppended(db: ShardQueries, links: readonly Link[]): Promise<boolean> {
  const end = links.at(-1) ?? beginning;
  const { rows } = await sql`
    select 1 from shard.audit_entries where seq = ${end.seq} and hash = ${end.hash}`.execute(db);
  return rows.length > 0;
}

export async function readHead(db: ShardQueries, lock = false): Promise<Link> {
  const { rows } = await sql<Link>`
    select seq, hash from shard.audit_chain ${lock ? sql`for update` : sql``}`.execute(db);
  const [head] = rows;
  if (head === undefined) throw new HoldfastError("damaged", "The database has no row for the audit log's chain.");
  return head;
}

function linksOf(key: Uint8Array, known: Link, texts: readonly KeptText[]): Link[] {
  let last = known;
  return texts.map(({ text }) => (last = follow(key, last, text)));
}

function rowsOf(links: readonly Link[], texts: readonly KeptText[]) {
  const seqs = int8Array(links.map(({ seq }) => seq));
  const times = int8Array(texts.map(({ atMicros }) => atMicros));
  const hashes = byteaArray(links.map(({ hash }) => hash));
  return sql`unnest(${seqs}, ${times}, ${hashes}, ${textArray(texts.map(({ text }) => text))}) new (seq, at, hash, entry)`;
}
