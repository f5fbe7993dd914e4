import type { DeviceId } from "@holdfast/core/ids";
import { z } from "zod";
import type { NodeRow } from "../../base/db/shard-tables.ts";

const grainMicros = 5 * 60_000_000;
/** A change counts for this time, give or take five minutes. */
const windowMicros = 60 * 60_000_000;

const portion = z.object({
  /** Units of five minutes since 1970. */
  at: z.int(),
  /** Time of the first change, in microseconds since 1970. */
  first: z.int(),
  rewritten: z.int().min(0),
  deleted: z.int().min(0),
});

export type Portion = z.output<typeof portion>;

const portions = z.array(portion).max(windowMicros / grainMicros + 1);

export interface Counted {
  readonly rewritten: number;
  readonly deleted: number;
}

/**
 * Returns the counts that are still within the window. Counts in the future, from before the clock was set back, count
 * as of now. Otherwise they would count until that time has passed.
 * @throws ZodError for an invalid row
 */
export function readCounts(text: string, nowMicros: number): Portion[] {
  const now = Math.floor(nowMicros / grainMicros);
  const kept = portions.parse(JSON.parse(text)).filter(({ at }) => at * grainMicros > nowMicros - windowMicros);
  const ahead = kept.filter(({ at }) => at > now);
  if (ahead.length === 0) return kept;
  const first = Math.min(nowMicros, ...ahead.map((each) => each.first));
  return [...kept.filter(({ at }) => at <= now), { at: now, first, ...sumOf(ahead) }];
}

export function sumOf(counts: readonly Counted[]): Counted {
  return {
    rewritten: counts.reduce((sum, { rewritten }) => sum + rewritten, 0),
    deleted: counts.reduce((sum, { deleted }) => sum + deleted, 0),
  };
}

/** The list never outgrows the window. */
export function addCounts(counts: readonly Portion[], { rewritten, deleted }: Counted, nowMicros: number): Portion[] {
  const at = Math.floor(nowMicros / grainMicros);
  const [now, earlier] = [counts.filter((each) => each.at === at), counts.filter((each) => each.at !== at)];
  const before = sumOf(now);
  const first = Math.min(nowMicros, ...now.map((each) => each.first));
  return [...earlier, { at, first, rewritten: before.rewritten + rewritten, deleted: before.deleted + deleted }];
}

/** Returns the time just before the first counted change, in microseconds since 1970. */
export function momentBefore(counts: readonly Portion[], nowMicros: number): number {
  return Math.min(nowMicros, ...counts.map(({ first }) => first)) - 1;
}

/** Counted change, with the device's total in this transaction up to this change. */
export interface BrakedChange {
  readonly deviceId: DeviceId;
  readonly row: NodeRow;
  readonly what: "rewritten" | "deleted";
  total?: Counted;
}
