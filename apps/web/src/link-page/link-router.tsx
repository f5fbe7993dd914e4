import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { PlaceFailed } from "../routes/place-problems.tsx";
import { listSearch, parseSearch, writeSearch } from "../routes/place-search.ts";
import { linkAddresses } from "./link-addresses.ts";
import { LinkFrame } from "./link-frame.tsx";

const LinkPlace = lazyRouteComponent(() => import("./link-place.tsx"), "LinkPlace");

/** Routes of the link page. They have the same paths as in the app, so that the folder view works for both. */
export function makeLinkRouter(token: string) {
  const root = createRootRoute({ component: LinkFrame, errorComponent: PlaceFailed });
  const top = createRoute({
    getParentRoute: () => root,
    path: "/files",
    validateSearch: listSearch,
    component: LinkPlace,
  });
  const folder = createRoute({
    getParentRoute: () => root,
    path: "/files/$id",
    validateSearch: listSearch,
    component: LinkPlace,
  });
  return createRouter({
    routeTree: root.addChildren([top, folder]),
    parseSearch,
    stringifySearch: writeSearch,
    rewrite: linkAddresses(token),
    scrollRestoration: false,
  });
}
