import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { sql } from "kysely";
import type { AuditEntryRow } from "../../base/db/audit-tables.ts";
import type { Shard, Shards } from "../../base/db/shards.ts";

export interface ListAuditRequest {
  /** Unix microseconds; from inclusive, to exclusive. */
  readonly fromMicros?: number | undefined;
  readonly toMicros?: number | undefined;
  readonly newestFirst?: boolean;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

interface Place {
  readonly at: number;
  readonly chain: string;
  readonly seq: number;
}

/** Sorted by time over all shards. Index: audit_entries_at. @throws HoldfastError bad_request */
export async function listAuditEntries(
  shards: Shards,
  { fromMicros, toMicros, newestFirst = false, limit = limits.listItemsDefault, cursor }: ListAuditRequest,
): Promise<{ items: AuditEntryJson[]; next_cursor: string | null }> {
  const after = cursor === undefined ? undefined : readCursor(cursor);
  const span = { from: fromMicros ?? 0, to: toMicros ?? Number.MAX_SAFE_INTEGER, newestFirst };
  const pages = await Promise.all(shards.all().map((shard) => readPage(shard, span, after, limit + 1)));
  const rows = pages
    .flat()
    .toSorted((left, right) => (newestFirst ? comparePlaces(right, left) : comparePlaces(left, right)));
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(entryJson),
    next_cursor: rows.length > limit && last !== undefined ? writeCursor(last) : null,
  };
}

interface Listed extends AuditEntryRow {
  readonly chain: string;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly newestFirst: boolean;
}

async function readPage(
  { id, db }: Shard,
  { from, to, newestFirst }: Span,
  after: Place | undefined,
  limit: number,
): Promise<Listed[]> {
  const edge = newestFirst ? to : from;
  const isInside = after !== undefined && (newestFirst ? after.at < to : after.at >= from);
  const [at, seq] = isInside ? [after.at, seqIn(id, after)] : [edge, -1];
  const wanted = newestFirst
    ? sql`(at, seq) < (${at}, ${seq}) and at >= ${from} order by at desc, seq desc`
    : sql`(at, seq) > (${at}, ${seq}) and at < ${to} order by at, seq`;
  const { rows } = await sql<Listed>`
    select ${id}::text as chain, seq, at, hash, entry from shard.audit_entries where ${wanted} limit ${limit}`.execute(
    db,
  );
  return rows;
}

/** Separates the shard's listed entries of that time from the others, in both directions. */
function seqIn(chain: string, after: Place): number {
  if (chain === after.chain) return after.seq;
  return chain < after.chain ? Number.MAX_SAFE_INTEGER : -1;
}

function comparePlaces(left: Place, right: Place): number {
  if (left.at !== right.at) return left.at - right.at;
  if (left.chain !== right.chain) return left.chain < right.chain ? -1 : 1;
  return left.seq - right.seq;
}

export function entryJson({ chain, seq, hash, entry }: Omit<Listed, "at">): AuditEntryJson {
  return { ...readEntry(entry), chain, seq, hash: hash.toString("hex") };
}

/** Anyone with access to the database may have changed the text. Verification reports it. */
function readEntry(text: string): Omit<AuditEntryJson, "chain" | "seq" | "hash"> {
  try {
    return JSON.parse(text) as Omit<AuditEntryJson, "chain" | "seq" | "hash">;
  } catch {
    return { at: "", action: "unreadable", result: "failed" };
  }
}

function writeCursor({ at, chain, seq }: Place): string {
  return Buffer.from(JSON.stringify([at, chain, seq])).toString("base64url");
}

function readCursor(cursor: string): Place {
  try {
    const [at, chain, seq] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    if (Number.isSafeInteger(at) && typeof chain === "string" && Number.isSafeInteger(seq))
      return { at: at as number, chain, seq: seq as number };
  } catch {
    // Treated like an unknown cursor.
  }
  throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
}
