import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { lazyPlace } from "../routes/lazy-place.ts";
import { PageFailed } from "../routes/place-problems.tsx";
import { listSearch, parseSearch, writeSearch } from "../routes/place-search.ts";
import { linkAddresses } from "./link-addresses.ts";
import { LinkFrame } from "./link-frame.tsx";

const LinkPlace = lazyPlace(() => import("./link-place.tsx"), "LinkPlace");

/** Uses the app's paths, so that its folder view works. */
export function makeLinkRouter(token: string) {
  const root = createRootRoute({ component: LinkFrame, errorComponent: PageFailed });
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
