import { usage } from "../output/usage.ts";
import { parseDuration } from "./duration.ts";

/** Receives the server's time in Unix milliseconds, because the local clock may be wrong. @returns RFC 3339 */
type AtTime = (nowMs: number) => string;

type Side = "start" | "end";

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;
const day = /^\d{4}-\d\d-\d\d$/;
const dayAndMinute = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/;
/** The server stores microseconds. */
const farthestMs = Number.MAX_SAFE_INTEGER / 1000;

/**
 * A day means its end in local time.
 * @throws HoldfastError usage; the result throws it for a past time
 */
export function parseEnd(text: string): AtTime {
  const at = parseWhen(text, "end");
  return (nowMs) => {
    const time = at(nowMs, 1);
    if (Date.parse(time) <= nowMs) throw usage(`${text} is in the past.`);
    return time;
  };
}

/** A day means its start in local time. @throws HoldfastError usage */
export function parseMoment(text: string): AtTime {
  const at = parseWhen(text, "start");
  return (nowMs) => at(nowMs, -1);
}

function parseWhen(text: string, side: Side): (nowMs: number, direction: 1 | -1) => string {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return (nowMs, direction) => isoOf(text, nowMs + direction * durationMs);
  const time = rfcTime(text) ?? localTime(text, side);
  if (time === undefined) throw notATime(text);
  requireStorable(text, Date.parse(time));
  return () => time;
}

/** Keeps the fraction of the second. */
function rfcTime(text: string): string | undefined {
  const [, local] = rfc3339.exec(text) ?? [];
  return local === undefined || !isReal(`${local}Z`, local) ? undefined : text;
}

function localTime(text: string, side: Side): string | undefined {
  const [, date, minute] = dayAndMinute.exec(text) ?? [];
  if (date !== undefined && minute !== undefined) return localMinute(date, minute)?.toISOString();
  if (!day.test(text) || !isReal(`${text}T00:00:00Z`, text)) return undefined;
  const [year = 0, month = 0, date1 = 0] = text.split("-").map(Number);
  const at = new Date(2000, 0);
  // Unlike the constructor, this accepts years before 100.
  at.setFullYear(year, month - 1, side === "end" ? date1 + 1 : date1);
  return new Date(at.getTime() - (side === "end" ? 1 : 0)).toISOString();
}

/** undefined for a minute that daylight saving time skips */
function localMinute(date: string, minute: string): Date | undefined {
  if (!isReal(`${date}T${minute}:00Z`, `${date}T${minute}`)) return undefined;
  const at = new Date(`${date}T${minute}:00`);
  const asUtc = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return asUtc.toISOString().startsWith(`${date}T${minute}`) ? at : undefined;
}

/** JavaScript parses February 30 as March 2. */
function isReal(iso: string, beginning: string): boolean {
  const at = new Date(iso);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(beginning);
}

function isoOf(text: string, atMs: number): string {
  requireStorable(text, atMs);
  return new Date(atMs).toISOString();
}

/** @param text input, which the server's message could not contain */
function requireStorable(text: string, atMs: number): void {
  if (Math.abs(atMs) >= farthestMs)
    throw usage(`${JSON.stringify(text)} is not a time between the years 1685 and 2254.`);
}

function notATime(text: string): Error {
  return usage(
    `${JSON.stringify(text)} is not a valid time. Use a duration such as 90m, 12h or 30d, a day such as 2027-01-31, "2027-01-31 09:00" in local time, or 2027-01-31T09:00:00Z.`,
  );
}
