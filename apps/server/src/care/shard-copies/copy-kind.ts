import { type RawBuilder, sql } from "kysely";
import type { Shard, Shards } from "../../base/db/shards.ts";
import type { RightsWorld } from "../../features/sharing/change-rights.ts";

export interface CopiesWorld extends RightsWorld {
  /**
   * Names of the shards that lost changes. A copy missing on an intact shard was removed by a change that its
   * authoritative row lost.
   */
  readonly lost: ReadonlySet<string>;
}

/** Compares one kind of copies. @returns number of repaired copies, or of those to repair */
export type CopyKind = (world: CopiesWorld, isDry: boolean) => Promise<number>;

/**
 * @param find reads without locks, so it may return differences that end meanwhile
 * @param repair decides again and returns true if something differed
 */
export function copyKind<Difference>(
  find: (world: CopiesWorld) => AsyncGenerator<Difference>,
  repair: (world: CopiesWorld, difference: Difference) => Promise<boolean>,
): CopyKind {
  return async (world, isDry) => {
    let count = 0;
    for await (const difference of find(world)) if (isDry || (await repair(world, difference))) count += 1;
    return count;
  };
}

export const portionRows = 5000;

interface Scan<Row> {
  /** Reads up to `portionRows` rows in the order of a key. @param after last row of the previous portion */
  readonly read: (after: Row | undefined) => RawBuilder<Row>;
  /** Shard of the row. A move leaves rows on the old shard for a while. */
  readonly placeOf: (row: Row) => Shard;
  readonly otherPlaceOf: (row: Row) => Shard;
}

interface Portion<Row> {
  readonly rows: readonly Row[];
  /** Shard of the rows' counterparts. */
  readonly other: Shard;
}

/** Reads a table of all shards in portions. */
export async function* scan<Row>(shards: Shards, { read, placeOf, otherPlaceOf }: Scan<Row>) {
  for (const shard of shards.all()) {
    for (let after: Row | undefined, more = true; more;) {
      const { rows }: { rows: Row[] } = await read(after).execute(shard.db);
      after = rows.at(-1);
      more = rows.length === portionRows;
      const current = rows.filter((row) => placeOf(row).id === shard.id);
      for (const [other, some] of Map.groupBy(current, otherPlaceOf)) yield { rows: some, other } as Portion<Row>;
    }
  }
}

/** Condition of a scan's next portion. */
export function beyond<Row>(after: Row | undefined, condition: (row: Row) => RawBuilder<unknown>): RawBuilder<unknown> {
  return after === undefined ? sql`true` : condition(after);
}
