import { decimalMarkOf, formatBytes } from "@holdfast/core/format-bytes";

/** Intl objects are created once, because creation takes longer than use. */
export interface Formats {
  readonly locale: string;
  readonly plural: (count: number) => Intl.LDMLPluralRule;
  readonly number: (value: number) => string;
  /** @param fraction from 0 to 1 */
  readonly percent: (fraction: number) => string;
  /** Formats like the CLI: `1.2 GiB`. */
  readonly size: (bytes: number) => string;
  /** "3 minutes ago", "yesterday"; from a week on, the date. */
  readonly ago: (at: Time, nowMs?: number) => string;
  /** For lists: "14:32" today, "Mar 12" this year, otherwise with the year. */
  readonly shortTime: (at: Time, nowMs?: number) => string;
  readonly day: (at: Time) => string;
  readonly dateTime: (at: Time, to?: "minute" | "second") => string;
  /** "8 s", "3 min". */
  readonly duration: (durationMs: number) => string;
  readonly list: (parts: readonly string[]) => string;
  /** Compares words. For names in the server's order, use `nameSortKey`. */
  readonly compare: (left: string, right: string) => number;
}

/** API text or Unix milliseconds. */
export type Time = string | number;

export function makeFormats(locale: string, hourCycle?: "h12" | "h23"): Formats {
  const plurals = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const days = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
  const daysOfYear = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric" });
  const cycle = hourCycle === undefined ? {} : { hourCycle };
  const times = new Intl.DateTimeFormat(locale, { ...cycle, timeStyle: "short" });
  const clock = { dateStyle: "medium", ...cycle } as const;
  const toMinute = new Intl.DateTimeFormat(locale, { ...clock, timeStyle: "short" });
  const toSecond = new Intl.DateTimeFormat(locale, { ...clock, timeStyle: "medium" });
  const lists = new Intl.ListFormat(locale, { type: "conjunction" });
  const compare = new Intl.Collator(locale, { numeric: true }).compare;
  const decimalMark = decimalMarkOf(locale);
  const durations = makeDurations(locale);
  return {
    locale,
    plural: (count) => plurals.select(count),
    number: (value) => numbers.format(value),
    percent: (fraction) => percents.format(fraction),
    size: (bytes) => formatBytes(bytes, decimalMark).replace(" ", "\u00A0"),
    ago: (at, nowMs = Date.now()) => {
      const [value, unit] = distance(millisecondsOf(at) - nowMs);
      return unit === undefined ? days.format(millisecondsOf(at)) : relative.format(value, unit);
    },
    shortTime: (at, nowMs = Date.now()) => {
      const [time, now] = [new Date(millisecondsOf(at)), new Date(nowMs)];
      if (time.toDateString() === now.toDateString()) return times.format(time);
      return (time.getFullYear() === now.getFullYear() ? daysOfYear : days).format(time);
    },
    day: (at) => days.format(millisecondsOf(at)),
    dateTime: (at, to) => (to === "second" ? toSecond : toMinute).format(millisecondsOf(at)),
    duration: (durationMs) => inLargestUnit(Math.max(durationMs, 1000), durations),
    list: (parts) => lists.format(parts),
    compare,
  };
}

const durationUnits = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
] as const;

function makeDurations(locale: string): ReadonlyMap<string, Intl.NumberFormat> {
  const format = { style: "unit", unitDisplay: "short", maximumFractionDigits: 0 } as const;
  return new Map(durationUnits.map(([unit]) => [unit, new Intl.NumberFormat(locale, { ...format, unit })]));
}

/** Largest unit whose rounded value is at least one: 59.98 seconds are 1 minute. */
function inLargestUnit(durationMs: number, formats: ReadonlyMap<string, Intl.NumberFormat>): string {
  const [unit, worth] = durationUnits.find(([, each]) => durationMs >= each * 0.9995) ?? ["second", 1000];
  return formats.get(unit)?.format(durationMs / worth) ?? String(durationMs);
}

/** @returns no unit from a week on, where a date is clearer */
function distance(differenceMs: number): [value: number, unit?: Intl.RelativeTimeFormatUnit] {
  const seconds = Math.round(differenceMs / 1000);
  if (Math.abs(seconds) < 60) return [Math.abs(seconds) < 10 ? 0 : seconds, "second"];
  if (Math.abs(seconds) < 3600) return [Math.round(seconds / 60), "minute"];
  if (Math.abs(seconds) < 86_400) return [Math.round(seconds / 3600), "hour"];
  if (Math.abs(seconds) < 7 * 86_400) return [Math.round(seconds / 86_400), "day"];
  return [0];
}

function millisecondsOf(at: Time): number {
  return typeof at === "number" ? at : Date.parse(at);
}
