import type { Clock, Random } from "@holdfast/core/clock";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPool } from "../format/block-tasks.ts";

/** Called between two durable steps of collection. A test ends the process there. */
export type CollectCrashPoint = (
  reached: "blocks doomed" | "rows gone" | "rewritten pack durable" | "rewritten rows" | "object deleted",
) => void;

export interface CollectTimes {
  readonly blocksMs: number;
  readonly doomedMs: number;
  readonly packsMs: number;
}

export interface CollectPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly pool: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: BlockLog;
  readonly retention: CollectTimes;
  readonly crashPoint?: CollectCrashPoint;
  readonly signal?: AbortSignal | undefined;
}

/** In microseconds since 1970. */
export function agoMicros({ clock }: Pick<CollectPorts, "clock">, ms: number): number {
  return clock.nowMicros() - ms * 1000;
}
