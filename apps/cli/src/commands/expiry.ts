import { usage } from "./command.ts";

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** "30d", "12h", "2w", "90m" from now on, or a time as it is. @returns RFC 3339 */
export function parseExpiry(text: string, nowMs: number): string {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const atMs =
    count === undefined || unit === undefined ? Date.parse(text) : nowMs + Number(count) * (unitMs[unit] ?? 0);
  if (Number.isNaN(atMs))
    throw usage(`${text} is neither a duration such as 30d or 12h nor a time such as 2027-01-31T00:00:00Z.`);
  if (atMs <= nowMs) throw usage(`${text} is in the past.`);
  return new Date(atMs).toISOString();
}
