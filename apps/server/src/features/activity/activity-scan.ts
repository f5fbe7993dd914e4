import { isId, type SpaceId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { z } from "zod";
import type { EventRow, JournalRow } from "../../base/db/shard-tables.ts";
import type { ReadShards } from "../../base/db/shards.ts";

export type Entry = JournalRow | EventRow;

export function isEvent(entry: Entry): entry is EventRow {
  return "verb" in entry;
}

/** A reader's position in one space: the next journal entry, and the next event by time and id. */
const place = z.tuple([z.string().refine(isId), z.int().min(0), z.int().min(0), z.string().refine(isId)]);
export const scanPlaces = z.array(place).max(1000);
type ScanPlace = [spaceId: SpaceId, seq: number, at: number, id: string];

/**
 * Reads journals and events of several spaces together, newest first. Never reads consumed entries again, even if
 * clocks change.
 */
export class ActivityScan {
  readonly #shards: ReadShards;
  readonly #places: ScanPlace[];

  /** @param places positions of an earlier scan of these spaces */
  constructor(shards: ReadShards, spaceIds: readonly SpaceId[], places?: z.output<typeof scanPlaces>) {
    const known = new Map(places?.map((each) => [each[0], each]));
    this.#shards = shards;
    // A space that became visible later would start from the beginning, out of order.
    this.#places = spaceIds
      .filter((spaceId) => places === undefined || known.has(spaceId))
      .map((spaceId) => {
        const [, seq = Number.MAX_SAFE_INTEGER, at = Number.MAX_SAFE_INTEGER, id = lastId] = known.get(spaceId) ?? [];
        return [spaceId, seq, at, id];
      });
  }

  get places(): readonly ScanPlace[] {
    return this.#places;
  }

  /** Returns the next entries, until they are consumed. Fewer than `count` means the end. */
  async peek(count: number): Promise<Entry[]> {
    const streams = await Promise.all(
      this.#places.flatMap(([spaceId, seq, at, id]) => {
        const { db } = this.#shards.ofId(spaceId);
        return [
          // Indexes: primary keys.
          sql<Entry>`
            select * from shard.journal where space_id = ${spaceId} and seq < ${seq}
            order by seq desc limit ${count}`.execute(db),
          sql<Entry>`
            select * from shard.events where space_id = ${spaceId} and (at, id) < (${at}::int8, ${id}::uuid)
            order by at desc, id desc limit ${count}`.execute(db),
        ];
      }),
    );
    return merge(
      streams.map(({ rows }) => rows),
      count,
    );
  }

  consume(entry: Entry): void {
    const mine = this.#places.find(([spaceId]) => spaceId === entry.space_id);
    if (mine === undefined) return;
    if (isEvent(entry)) [mine[2], mine[3]] = [entry.at, entry.id];
    else mine[1] = entry.seq;
  }
}

/** Merges streams by the newest of their first entries. Keeps each stream's order, whatever its times. */
function merge(streams: readonly Entry[][], count: number): Entry[] {
  const heads = streams.map(() => 0);
  const merged: Entry[] = [];
  while (merged.length < count) {
    let newest: { readonly stream: number; readonly entry: Entry } | undefined;
    for (const [stream, entries] of streams.entries()) {
      const entry = entries[heads[stream] ?? 0];
      if (entry !== undefined && (newest === undefined || entry.at > newest.entry.at)) newest = { stream, entry };
    }
    if (newest === undefined) break;
    merged.push(newest.entry);
    heads[newest.stream] = (heads[newest.stream] ?? 0) + 1;
  }
  return merged;
}

const lastId = "ffffffff-ffff-8fff-bfff-ffffffffffff";
