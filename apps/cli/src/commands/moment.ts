import { usage } from "./command.ts";
import { parseDuration } from "./duration.ts";

/** A moment of the past: a time, or how long ago. @returns RFC 3339, with the digits of the second that were given */
export function parseMoment(text: string, nowMs: number): string {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)) return text;
  const agoMs = parseDuration(text);
  const atMs = agoMs === undefined ? Date.parse(text) : nowMs - agoMs;
  if (!Number.isNaN(atMs)) return new Date(atMs).toISOString();
  throw usage(`${text} is neither a time such as 2027-01-31T09:00:00Z nor how long ago, such as 90m, 12h or 2d.`);
}
