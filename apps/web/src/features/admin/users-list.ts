import type { RouteAnswer, routes } from "@holdfast/protocol/routes";

export type UserJson = RouteAnswer<(typeof routes)["adminListUsers"]>["items"][number];

/** Query key of the list of accounts. */
export const usersKey = ["admin-users"] as const;
