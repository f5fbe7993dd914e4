import { usage } from "./command.ts";
import { parseDuration } from "./duration.ts";

/** "30d", "12h", "2w", "90m" from now on, or a time as it is. @returns RFC 3339 */
export function parseExpiry(text: string, nowMs: number): string {
  const inMs = parseDuration(text);
  const atMs = inMs === undefined ? Date.parse(text) : nowMs + inMs;
  if (Number.isNaN(atMs))
    throw usage(`${text} is neither a duration such as 30d or 12h nor a time such as 2027-01-31T00:00:00Z.`);
  if (atMs <= nowMs) throw usage(`${text} is in the past.`);
  return new Date(atMs).toISOString();
}
