/** RFC 3339 to the microsecond, or undefined for a year that it cannot write. @param micros since 1970, a whole number */
export function toTimeText(micros: number): string | undefined {
  const ms = Math.floor(micros / 1000);
  const date = new Date(ms);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) return undefined;
  return `${date.toISOString().slice(0, 23)}${String(micros - ms * 1000).padStart(3, "0")}Z`;
}

/** Microseconds since 1970 of an RFC 3339 time; what is finer is cut off. */
export function toMicros(text: string): number {
  const [, seconds = text, fraction = "", zone = "Z"] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(text) ?? [];
  return Date.parse(seconds + zone) * 1000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
}
