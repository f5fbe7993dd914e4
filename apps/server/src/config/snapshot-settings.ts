import { limits } from "@holdfast/core/limits";
import { z } from "zod";
import { duration, shownDuration } from "./durations.ts";

/** How often what the database knows goes to the store. Undefined: not at all. */
export interface SnapshotSettings {
  /** All of it, as far as it has changed. */
  readonly snapshotMs: number | undefined;
  /** What it wrote since. */
  readonly journalMs: number | undefined;
}

const waysToSayOff: ReadonlySet<unknown> = new Set(["off", "0", 0, false]);
const interval = z.preprocess(
  (value) => (waysToSayOff.has(value) ? "off" : value),
  z.union([z.literal("off").transform(() => 0), duration], "must read like 1h, 5m or 30s, at least 1s, or be off"),
);

/** The settings by their names in the configuration file, in milliseconds; 0 is off. */
export const snapshotOptions = { snapshot_interval: interval, journal_interval: interval } as const satisfies Record<
  string,
  z.ZodType
>;

type SnapshotOptions = { readonly [Name in keyof typeof snapshotOptions]?: z.output<(typeof snapshotOptions)[Name]> };

/** Without snapshots there is nothing that the log would go on with. */
export function snapshotsOf({ snapshot_interval, journal_interval }: SnapshotOptions): SnapshotSettings {
  const snapshotMs = (snapshot_interval ?? limits.snapshotIntervalMs) || undefined;
  const journalMs = (journal_interval ?? limits.journalIntervalMs) || undefined;
  return { snapshotMs, journalMs: snapshotMs === undefined ? undefined : journalMs };
}

export function shownSnapshots({ snapshotMs, journalMs }: SnapshotSettings) {
  const shown = (ms: number | undefined) => (ms === undefined ? "off" : shownDuration(ms));
  return { snapshot_interval: shown(snapshotMs), journal_interval: shown(journalMs) };
}
