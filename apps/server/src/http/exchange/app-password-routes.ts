import type { Route } from "@holdfast/protocol/route";
import { routes } from "@holdfast/protocol/routes";
import { routesForLinks } from "./link-routes.ts";

const ofLinksAlone: ReadonlySet<Route> = new Set<Route>([routes.getCurrentLink]);

/**
 * All that an app password may call: what a program does with files that knows only name and password. What is about people, rights, links,
 * what others said, or the account is not here: a route that nobody thought of is refused.
 */
export const routesForAppPasswords: ReadonlySet<Route> = new Set<Route>([
  ...[...routesForLinks].filter((route) => !ofLinksAlone.has(route)),
  routes.getAccount,
  routes.getBlock,
  routes.listTrash,
  routes.listRecent,
  routes.getJob,
]);
