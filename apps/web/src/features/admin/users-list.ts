import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { queryOptions } from "@tanstack/react-query";
import { wait } from "../../browser/wait.ts";

export type UserJson = RouteAnswer<(typeof routes)["adminListUsers"]>["items"][number];

/** Prefix of all lists of accounts. */
export const usersKey = ["admin-users"] as const;

export const nameCharactersMax = 200;

interface Wanted {
  /** Empty: all accounts. */
  readonly search: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The server searches a limited number of accounts for each page, so that a page may be empty although more follow. */
export async function readUsers(client: ApiClient, { search, ...wanted }: Wanted, signal: AbortSignal) {
  const query = search === "" ? wanted : { ...wanted, search };
  let page = await client.call("adminListUsers", { query, signal });
  while (page.items.length === 0 && page.next_cursor !== null)
    page = await client.call("adminListUsers", { query: { ...query, cursor: page.next_cursor }, signal });
  return page;
}

const pauseMs = 250;

/** Ends by abort while somebody types. */
export async function awaitPause(search: string, signal: AbortSignal): Promise<void> {
  if (search !== "") await wait(pauseMs, signal);
}

/** At most 1,000 accounts, for names in the audit log. */
export function peopleQuery(client: ApiClient, search: string) {
  return queryOptions({
    queryKey: [...usersKey, "people", search],
    queryFn: async ({ signal }) => {
      await awaitPause(search, signal);
      return readUsers(client, { search, limit: limits.listItemsMax }, signal);
    },
  });
}
