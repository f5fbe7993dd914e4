import type { z } from "zod";
import { durationOrOff, shownDuration } from "./durations.ts";

const snapshotMsDefault = 3600_000;
const journalMsDefault = 60_000;

/** How often what the database knows goes to the store. Undefined: not at all. */
export interface SnapshotSettings {
  /** All of it, as far as it has changed. */
  readonly snapshotMs: number | undefined;
  /** What it wrote since. */
  readonly journalMs: number | undefined;
}

/** The settings by their names in the configuration file, in milliseconds; 0 is off. */
export const snapshotOptions = {
  snapshot_interval: durationOrOff,
  journal_interval: durationOrOff,
} as const satisfies Record<string, z.ZodType>;

type SnapshotOptions = { readonly [Name in keyof typeof snapshotOptions]?: z.output<(typeof snapshotOptions)[Name]> };

/** Without snapshots there is nothing that the log would go on with. */
export function snapshotsOf({ snapshot_interval, journal_interval }: SnapshotOptions): SnapshotSettings {
  const snapshotMs = (snapshot_interval ?? snapshotMsDefault) || undefined;
  const journalMs = (journal_interval ?? journalMsDefault) || undefined;
  return { snapshotMs, journalMs: snapshotMs === undefined ? undefined : journalMs };
}

export function shownSnapshots({ snapshotMs, journalMs }: SnapshotSettings) {
  const shown = (ms: number | undefined) => (ms === undefined ? "off" : shownDuration(ms));
  return { snapshot_interval: shown(snapshotMs), journal_interval: shown(journalMs) };
}
