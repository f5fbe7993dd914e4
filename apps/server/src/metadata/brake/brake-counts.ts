import type { DeviceId } from "@holdfast/core/ids";
import { z } from "zod";
import type { NodeRow } from "../../db/shard-tables.ts";

const grainMicros = 5 * 60_000_000;
/** How long a change counts, but for what is left of its five minutes. */
const windowMicros = 60 * 60_000_000;

const portion = z.object({
  /** Since 1970, in units of five minutes. */
  at: z.int(),
  /** When the first change of it was made, in microseconds since 1970. */
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
 * What of a row counts still. What is ahead of the clock, which was set back since, counts as of now: else it would until that time comes.
 * @throws ZodError for what is no such row
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

/** Those of one time stand together, so that there are never more than the window has. */
export function addCounts(counts: readonly Portion[], { rewritten, deleted }: Counted, nowMicros: number): Portion[] {
  const at = Math.floor(nowMicros / grainMicros);
  const [now, earlier] = [counts.filter((each) => each.at === at), counts.filter((each) => each.at !== at)];
  const before = sumOf(now);
  const first = Math.min(nowMicros, ...now.map((each) => each.first));
  return [...earlier, { at, first, rewritten: before.rewritten + rewritten, deleted: before.deleted + deleted }];
}

/** Just before the first change that counts, in microseconds since 1970. */
export function momentBefore(counts: readonly Portion[], nowMicros: number): number {
  return Math.min(nowMicros, ...counts.map(({ first }) => first)) - 1;
}

/** A change that counts, and how many there were of its device in this transaction with it. */
export interface BrakedChange {
  readonly deviceId: DeviceId;
  readonly row: NodeRow;
  readonly what: "rewritten" | "deleted";
  total?: Counted;
}
