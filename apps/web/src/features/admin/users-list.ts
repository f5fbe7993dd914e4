import type { ApiClient } from "@holdfast/api-client/api-client";
import { limits } from "@holdfast/core/limits";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { queryOptions } from "@tanstack/react-query";

export type UserJson = RouteAnswer<(typeof routes)["adminListUsers"]>["items"][number];

/** Prefix of both lists of accounts. */
export const usersKey = ["admin-users"] as const;

export const nameCharactersMax = 200;

/** The first 1,000 accounts in one request, for searches and names. */
export function firstUsersQuery(client: ApiClient) {
  return queryOptions({
    queryKey: [...usersKey, "first"],
    queryFn: ({ signal }) => client.call("adminListUsers", { query: { limit: limits.listItemsMax }, signal }),
  });
}
