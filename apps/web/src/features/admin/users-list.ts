import type { RouteAnswer, routes } from "@holdfast/protocol/routes";

export type UserJson = RouteAnswer<(typeof routes)["adminListUsers"]>["items"][number];

export const usersKey = ["admin-users"] as const;
