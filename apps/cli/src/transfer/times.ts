/**
 * RFC 3339 with microseconds; undefined for a year outside 0 to 9999.
 * @param micros integer, since 1970
 */
export function toTimeText(micros: number): string | undefined {
  const ms = Math.floor(micros / 1000);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  return `${date.toISOString().slice(0, 23)}${String(micros - ms * 1000).padStart(3, "0")}Z`;
}

/** RFC 3339 to microseconds since 1970. Finer fractions are cut off. */
export function toMicros(text: string): number {
  const [, seconds = text, fraction = "", zone = "Z"] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  return Date.parse(seconds + zone) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}
