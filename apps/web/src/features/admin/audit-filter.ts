import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { hasWords } from "./has-words.ts";
import type { UserJson } from "./users-list.ts";

export type People = ReadonlyMap<string, Pick<UserJson, "name" | "email">>;

/** Empty: unlimited. Days as in a date field, such as 2026-01-31, the last one included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

/** Days of the browser's time zone as times of the API. While a year is being typed, its day does not count. */
export function periodOf({ from, to }: Days): { readonly from?: string; readonly to?: string } {
  return { ...(isTyped(from) ? { from: startOf(from) } : {}), ...(isTyped(to) ? { to: startOf(to, 1) } : {}) };
}

/** The API has times from 1685 to 2254. */
function isTyped(day: string): boolean {
  return /^(?:19|2[01])\d\d-\d\d-\d\d$/.test(day);
}

function startOf(day: string, daysLater = 0): string {
  const start = new Date(`${day}T00:00`);
  start.setDate(start.getDate() + daysLater);
  return start.toISOString();
}

interface Sought {
  readonly search: string;
  readonly people: People;
  /** Accounts that the server found. It searches all of them, and ignores accents. */
  readonly found?: ReadonlySet<string>;
}

/** The account that acted, or another account that the entry concerns. IDs match too, for accounts that are gone. */
export function isAbout(
  { user_id: actor, target }: Pick<AuditEntryJson, "user_id" | "target">,
  { search, people, found }: Sought,
): boolean {
  return [actor, target].some((id) => {
    if (id === undefined) return false;
    if (found?.has(id) === true) return true;
    const person = people.get(id);
    return hasWords(`${id} ${person?.name ?? ""} ${person?.email ?? ""}`, search);
  });
}
