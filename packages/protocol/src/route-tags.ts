import { type Route, routeUrl } from "./route.ts";

interface Tag {
  readonly name: string;
  readonly description: string;
  /** What the URLs of its routes match; a route belongs to the first tag that fits. */
  readonly urls: RegExp;
}

/** The groups in which the routes are shown. */
const routeTags: readonly Tag[] = [
  {
    name: "Sign-in",
    description: "Sessions of devices and browsers, personal access tokens, devices.",
    urls: /^\/api\/v1\/(?:sessions|tokens|devices)\b/,
  },
  {
    name: "Account",
    description: "Who the caller is, what the account may use, and its settings.",
    urls: /^\/api\/v1\/accounts?\b/,
  },
  {
    name: "Administration",
    description: "For administrators: accounts, what is stored, jobs, keys, the audit. Takes the scope `admin`.",
    urls: /^\/api\/v1\/admin\b/,
  },
  {
    name: "Sharing",
    description: "Roles for people, groups and links; what others share; changing who owns something.",
    urls: /^\/api\/v1\/(?:files\/:id\/(?:share|permissions|transfer)$|permissions|shared|mounts|transfers|users|groups)/,
  },
  {
    name: "Links",
    description: "What whoever has the address of a link sees, with an account or without.",
    urls: /^\/(?:api\/v1\/links|s)\//,
  },
  {
    name: "Comments and notices",
    description: "What people say, what they are told of, and what happened.",
    urls: /^\/(?:api\/v1\/(?:files\/:id\/(?:comments|watch)$|comments|activity|notifications(?:\/read)?$|webhooks)|unsubscribe)/,
  },
  {
    name: "Changes",
    description: "What changed since a cursor: for whatever keeps a copy.",
    urls: /^\/api\/v1\/(?:changes|notifications\/poll|events|nodes\/query)/,
  },
  {
    name: "Uploads and downloads",
    description: "The bytes of files: in one request, in pieces that survive a cut, and by signed addresses.",
    urls: /^\/api\/v1\/(?:files\/upload|upload|files\/:id\/download|signed|thumbs)/,
  },
  {
    name: "Versions and trash",
    description: "Going back: old versions, deleted files, whole folders as they were.",
    urls: /^\/api\/v1\/(?:files\/:id\/(?:versions|restore|rewind)|trash|rewinds|damaged)/,
  },
  {
    name: "Blocks",
    description: "How devices send only what is new: files as lists of blocks, many changes in one batch.",
    urls: /^\/api\/v1\/(?:blocks|chunks|manifests|sync|files\/:id\/(?:manifest|sync))/,
  },
  {
    name: "Files and folders",
    description: "The tree: finding, making, moving, copying, deleting. `root` stands for the caller's root folder.",
    urls: /^\/api\/v1\/(?:metadata|files|folders|starred|recent|search)/,
  },
  {
    name: "Server",
    description: "Health, figures, the description of the API, jobs, and the pages of the app.",
    urls: /^\/(?:$|setup$|healthz|readyz|metrics|api\/(?:docs|openapi)|api\/v1\/(?:jobs|csp-reports))/,
  },
];

/** In which a reader meets them; above stands in which they are looked for. */
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

/** @returns undefined for one that no tag fits, which a test forbids */
export function tagOf(route: Pick<Route, "path" | "outside">): string | undefined {
  const url = routeUrl(route);
  return routeTags.find(({ urls }) => urls.test(url))?.name;
}
