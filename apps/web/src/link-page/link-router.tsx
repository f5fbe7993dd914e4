import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { PlaceFailed } from "../routes/place-problems.tsx";
import { listSearch, parseSearch, writeSearch } from "../routes/place-search.ts";
import { linkAddresses } from "./link-addresses.ts";
import { LinkFrame } from "./link-frame.tsx";

const LinkPlace = lazyRouteComponent(() => import("./link-place.tsx"), "LinkPlace");

/** Uses the app's paths, so that its folder view works. */
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
