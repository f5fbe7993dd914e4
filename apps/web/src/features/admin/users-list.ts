import type { RouteAnswer, routes } from "@holdfast/protocol/routes";

export type UserJson = RouteAnswer<(typeof routes)["adminListUsers"]>["items"][number];

/** Under which the list of all accounts is kept. */
export const usersKey = ["admin-users"] as const;
