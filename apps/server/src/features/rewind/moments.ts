import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { readCut } from "../../tree/retention/retention-cut.ts";

/**
 * Last journal entry up to a moment; a rewind reverts all later ones. 0: before the first entry.
 * @param momentMicros microseconds since 1970
 * @throws HoldfastError invalid_field for a future moment, or (with `earliest`) for one without enough history
 */
export async function seqAt(
  reader: ShardQueries,
  spaceId: SpaceId,
  { momentMicros, nowMicros, reachMs }: Moment,
): Promise<number> {
  if (momentMicros > nowMicros) {
    throw new HoldfastError("invalid_field", "A rewind needs a time in the past.", { field: "to" });
  }
  const kept = await readKept(reader, spaceId);
  const cut = await readCut(reader);
  const earliest = Math.max(kept.sinceMicros, cut, nowMicros - reachMs * 1000);
  if (momentMicros < earliest) {
    const message = `Not enough history is kept to go back to ${formatTime(momentMicros)}. The earliest possible time is ${formatTime(earliest)}.`;
    throw new HoldfastError("invalid_field", message, { field: "to", body: { earliest: formatTime(earliest) } });
  }
  // Entries are in time order, so a binary search finds the place. Index: primary key.
  let [low, high] = [kept.seq, kept.headSeq];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const at = await readTime(reader, spaceId, middle);
    if (at !== undefined && at <= momentMicros) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Moment {
  readonly momentMicros: number;
  readonly nowMicros: number;
  /** Trash, old versions and journal are all kept for this period. */
  readonly reachMs: number;
}

interface Kept {
  /** All changes after this entry are known. */
  readonly seq: number;
  readonly sinceMicros: number;
  readonly headSeq: number;
}

async function readKept(reader: ShardQueries, spaceId: SpaceId): Promise<Kept> {
  const { rows } = await sql<{ createdAt: number; headSeq: number; first: number | null; untold: number | null }>`
    select s.created_at as "createdAt", s.seq as "headSeq", u.seq as untold,
      (select j.seq from shard.journal j where j.space_id = s.id order by j.seq limit 1) as first
    from shard.spaces s left join shard.untold_journals u on u.space_id = s.id where s.id = ${spaceId}`.execute(reader);
  const space = rows[0];
  if (space === undefined) throw new HoldfastError("not_found", "There is no such space.");
  const { createdAt: sinceMicros, headSeq, first, untold } = space;
  if (untold === null && (first === null || first === 1)) return { seq: 0, sinceMicros, headSeq };
  const seq = Math.max(first ?? headSeq, untold ?? 0);
  return { seq, sinceMicros: (await readTime(reader, spaceId, seq)) ?? sinceMicros, headSeq };
}

async function readTime(reader: ShardQueries, spaceId: SpaceId, seq: number): Promise<number | undefined> {
  const { rows } = await sql<{ at: number }>`
    select at from shard.journal where space_id = ${spaceId} and seq = ${seq}`.execute(reader);
  return rows[0]?.at;
}
