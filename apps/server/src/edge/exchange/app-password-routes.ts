import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { routesForLinks } from "./link-routes.ts";

const ofLinksAlone: ReadonlySet<Route> = new Set<Route>([routes.getCurrentLink]);

/**
 * All routes for app passwords: file operations for programs that support only name and password. Excludes people,
 * permissions, links, comments and the account. New routes are rejected by default.
 */
export const routesForAppPasswords: ReadonlySet<Route> = new Set<Route>([
  ...[...routesForLinks].filter((route) => !ofLinksAlone.has(route)),
  routes.getAccount,
  routes.getBlock,
  routes.listTrash,
  routes.listRecent,
  routes.getJob,
]);
