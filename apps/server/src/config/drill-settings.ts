import { z } from "zod";
import { durationOrOff, shownDuration } from "./durations.ts";

const periodMsDefault = 7 * 24 * 3600_000;

/** When and where a server with scheduled backups restores the newest one for the sake of seeing it done. */
export interface DrillSettings {
  /** Undefined: never. */
  readonly periodMs: number | undefined;
  /** In which a folder is made, and removed; undefined is the data folder. */
  readonly scratch: string | undefined;
}

/** The settings by their names in the configuration file; a period of 0 is off. */
export const drillOptions = { drill_period: durationOrOff, drill_scratch: z.string().min(1).max(4096) } as const;

type DrillOptions = { readonly [Name in keyof typeof drillOptions]?: z.output<(typeof drillOptions)[Name]> };

export function drillsOf({ drill_period, drill_scratch }: DrillOptions): DrillSettings {
  return { periodMs: (drill_period ?? periodMsDefault) || undefined, scratch: drill_scratch };
}

export function shownDrills({ periodMs }: DrillSettings) {
  return { drill_period: periodMs === undefined ? "off" : shownDuration(periodMs) };
}
