import { z } from "zod";

const unitsMs = { s: 1000, m: 60_000, h: 3600_000, d: 24 * 3600_000 };
const durationMsMax = 36_500 * unitsMs.d;

/** Reads `30d`, `12h`, `5m` or `1s` as milliseconds, from a second to a hundred years. */
export const duration = z
  .string()
  .regex(/^\d{1,9}[smhd]$/, "must read like 30d, 12h, 5m or 1s")
  .transform((text) => Number(text.slice(0, -1)) * unitsMs[text.at(-1) as keyof typeof unitsMs])
  .refine((ms) => ms >= 1000 && ms <= durationMsMax, "must be at least 1s and at most 36500d");

const waysToSayOff: ReadonlySet<unknown> = new Set(["off", "0", 0, false]);

/** Also accepts `off`, which is 0. */
export const durationOrOff = z.preprocess(
  (value) => (waysToSayOff.has(value) ? "off" : value),
  z.union([z.literal("off").transform(() => 0), duration], "must read like 1h, 5m or 30s, at least 1s, or be off"),
);

/** Uses the largest unit without a remainder. */
export function shownDuration(ms: number): string {
  const [unit = "s", unitMs = 1000] = Object.entries(unitsMs).findLast(([, each]) => ms % each === 0) ?? [];
  return `${ms / unitMs}${unit}`;
}
