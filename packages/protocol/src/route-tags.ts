import { type Route, routeUrl } from "./route.ts";

interface Tag {
  readonly name: string;
  readonly description: string;
  /** Pattern of the routes' URLs. A route belongs to the first tag that matches. */
  readonly urls: RegExp;
}

/** Groups of routes in the documentation, in matching order. */
const routeTags: readonly Tag[] = [
  {
    name: "Sign-in",
    description: "Sessions of devices and browsers, personal access tokens, devices.",
    urls: /^\/api\/v1\/(?:sessions|tokens|devices)\b/,
  },
  {
    name: "Account",
    description: "The caller's account: identity, limits and settings.",
    urls: /^\/api\/v1\/accounts?\b/,
  },
  {
    name: "Administration",
    description: "For administrators: accounts, storage, jobs, keys and the audit log. Requires the scope `admin`.",
    urls: /^\/api\/v1\/admin\b/,
  },
  {
    name: "Sharing",
    description: "Permissions for people, groups and links; items that others share; transfers of ownership.",
    urls: /^\/api\/v1\/(?:files\/:id\/(?:share|permissions|transfer)$|permissions|shared|mounts|transfers|users|groups)/,
  },
  {
    name: "Links",
    description: "Access to a link by anyone who has its address, with or without an account.",
    urls: /^\/(?:api\/v1\/links|s)\//,
  },
  {
    name: "Comments and notices",
    description: "Comments, notifications and activity.",
    urls: /^\/(?:api\/v1\/(?:files\/:id\/(?:comments|watch)$|comments|activity|notifications(?:\/read)?$|webhooks)|unsubscribe)/,
  },
  {
    name: "Changes",
    description: "Changes since a cursor, for clients that keep a copy.",
    urls: /^\/api\/v1\/(?:changes|notifications\/poll|events|nodes\/query)/,
  },
  {
    name: "Uploads and downloads",
    description: "File content: in one request, by resumable upload, and by signed URLs.",
    urls: /^\/api\/v1\/(?:files\/upload|upload|files\/:id\/download|signed|thumbs)/,
  },
  {
    name: "Versions and trash",
    description: "Recovery: old versions, deleted files, and folders as they were at an earlier time.",
    urls: /^\/api\/v1\/(?:files\/:id\/(?:versions|restore|rewind)|trash|rewinds|damaged)/,
  },
  {
    name: "Blocks",
    description: "How devices upload only new data: files as lists of blocks, many changes in one batch.",
    urls: /^\/api\/v1\/(?:blocks|chunks|manifests|sync|files\/:id\/(?:manifest|sync))/,
  },
  {
    name: "Files and folders",
    description: "Files and folders: find, create, move, copy and delete. `root` is the caller's root folder.",
    urls: /^\/api\/v1\/(?:metadata|files|folders|starred|recent|search)/,
  },
  {
    name: "Server",
    description: "Health, figures, the description of the API, jobs, and the pages of the app.",
    urls: /^\/(?:$|setup$|healthz|readyz|metrics|api\/(?:docs|openapi)|api\/v1\/(?:jobs|csp-reports))/,
  },
];

/** Order for readers. */
const shownOrder = [
  "Sign-in",
  "Account",
  "Files and folders",
  "Uploads and downloads",
  "Versions and trash",
  "Sharing",
  "Links",
  "Comments and notices",
  "Changes",
  "Blocks",
  "Administration",
  "Server",
];

export const shownTags = routeTags.toSorted((a, b) => shownOrder.indexOf(a.name) - shownOrder.indexOf(b.name));

/** @returns undefined if no tag matches, which a test forbids */
export function tagOf(route: Pick<Route, "path" | "outside">): string | undefined {
  const url = routeUrl(route);
  return routeTags.find(({ urls }) => urls.test(url))?.name;
}
