import { HoldfastError } from "./errors.ts";

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;
const microsPerSecond = 1_000_000;

/**
 * Formats RFC 3339 in UTC, always with six decimals, so that times sort as text.
 * @param micros microseconds since 1970, a safe integer (years 1684 to 2255)
 */
export function formatTime(micros: number): string {
  if (micros !== lastMicros) {
    lastText = textOfTime(micros);
    lastMicros = micros;
  }
  return lastText;
}

/** Cache of the last time, because all nodes of a commit have one time. */
let lastMicros = Number.NaN;
let lastText = "";

function textOfTime(micros: number): string {
  if (!Number.isSafeInteger(micros)) throw new HoldfastError("internal", `${micros} is not a time in microseconds.`);
  const seconds = Math.floor(micros / microsPerSecond);
  const fraction = micros - seconds * microsPerSecond;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, "0")}Z`;
}

/**
 * Parses an RFC 3339 time with any offset to microseconds since 1970. Finer fractions are cut off. @throws
 * HoldfastError invalid_field for anything else, or a year out of range
 */
export function parseTime(text: string, field = "modified_at"): number {
  const parts = pattern.exec(text);
  const seconds = parts === null ? Number.NaN : secondsOf(parts);
  const micros = seconds * microsPerSecond + Number((parts?.[7] ?? "").slice(0, 6).padEnd(6, "0"));
  if (Number.isSafeInteger(micros)) return micros;
  const message = `${JSON.stringify(text.slice(0, 40))} is not an RFC 3339 time between the years 1685 and 2254.`;
  throw new HoldfastError("invalid_field", message, { field });
}

/**
 * Converts a filesystem's time to microseconds. Filesystems have times that `formatTime` cannot write. Those become the
 * last or first possible one, so that such a file is not rejected together with its batch.
 * @param nanos since 1970
 */
export function microsOfNanos(nanos: bigint): number {
  const below = ((nanos % 1000n) + 1000n) % 1000n;
  const micros = Number((nanos - below) / 1000n);
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(Number.MIN_SAFE_INTEGER, micros));
}

/** NaN for a day or an hour that does not exist (February 30, 24:00, a leap second). */
function secondsOf(parts: RegExpExecArray): number {
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6])];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // Date moves a missing day to the next month, and maps years before 100 to the 20th century.
  const isThere = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isThere || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const [hours, minutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (hours > 23 || minutes > 59) return Number.NaN;
  const offset = (hours * 60 + minutes) * 60;
  return date.getTime() / 1000 - (parts[8] === "-" ? -offset : offset);
}
