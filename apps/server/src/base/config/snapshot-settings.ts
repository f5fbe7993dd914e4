import type { z } from "zod";
import { durationOrOff, shownDuration } from "./durations.ts";

const snapshotMsDefault = 3600_000;
const journalMsDefault = 60_000;

/** Intervals at which metadata is written to the store. undefined: never */
export interface SnapshotSettings {
  /** Full snapshots of changed data. */
  readonly snapshotMs: number | undefined;
  readonly journalMs: number | undefined;
}

/** Names in the configuration file; milliseconds, 0 is off. */
export const snapshotOptions = {
  snapshot_interval: durationOrOff,
  journal_interval: durationOrOff,
} as const satisfies Record<string, z.ZodType>;

type SnapshotOptions = { readonly [Name in keyof typeof snapshotOptions]?: z.output<(typeof snapshotOptions)[Name]> };

/** The log needs a snapshot to continue from. */
export function snapshotsOf({ snapshot_interval, journal_interval }: SnapshotOptions): SnapshotSettings {
  const snapshotMs = (snapshot_interval ?? snapshotMsDefault) || undefined;
  const journalMs = (journal_interval ?? journalMsDefault) || undefined;
  return { snapshotMs, journalMs: snapshotMs === undefined ? undefined : journalMs };
}

export function shownSnapshots({ snapshotMs, journalMs }: SnapshotSettings) {
  const shown = (ms: number | undefined) => (ms === undefined ? "off" : shownDuration(ms));
  return { snapshot_interval: shown(snapshotMs), journal_interval: shown(journalMs) };
}
