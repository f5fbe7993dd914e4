import { z } from "zod";
import { durationOrOff, shownDuration } from "./durations.ts";

const periodMsDefault = 7 * 24 * 3600_000;

/** Test restores of the newest scheduled backup. */
export interface DrillSettings {
  /** undefined: never */
  readonly periodMs: number | undefined;
  /** undefined: the data folder */
  readonly scratch: string | undefined;
}

/** Names in the configuration file. A period of 0 switches drills off. */
export const drillOptions = { drill_period: durationOrOff, drill_scratch: z.string().min(1).max(4096) } as const;

type DrillOptions = { readonly [Name in keyof typeof drillOptions]?: z.output<(typeof drillOptions)[Name]> };

export function drillsOf({ drill_period, drill_scratch }: DrillOptions): DrillSettings {
  return { periodMs: (drill_period ?? periodMsDefault) || undefined, scratch: drill_scratch };
}

export function shownDrills({ periodMs }: DrillSettings) {
  return { drill_period: periodMs === undefined ? "off" : shownDuration(periodMs) };
}
