/** What of a request decides who answers it. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  /** As `Request.mode`: `navigate` for a page. */
  readonly mode: string;
}

/** page: the one document of the app. asset: a file whose name tells its content. thumb: a picture in small. none: no business of ours. */
export type Answerer = "page" | "asset" | "thumb" | "none";

/**
 * Whatever is not named here goes past the worker as if there were none: the API with its downloads, uploads and media, pages of links, and the
 * pages behind links with a secret.
 */
export function whatToAnswer({ method, url, mode }: Asked, origin: string): Answerer {
  const { origin: of, pathname } = new URL(url);
  if (method !== "GET" || of !== origin) return "none";
  if (mode === "navigate") return appPlaces.has(pathname.split("/")[1] ?? "") ? "page" : "none";
  if (pathname.startsWith("/assets/")) return "asset";
  return /^\/api\/v1\/thumbs\/[0-9a-f]{64}\/[sm]$/.test(pathname) ? "thumb" : "none";
}

/** The first part of each place's path. */
export const appPlaces: ReadonlySet<string> = new Set([
  "",
  "files",
  "f",
  "recent",
  "starred",
  "shared",
  "trash",
  "search",
  "edit",
  "rewind",
  "settings",
  "admin",
  "sign-in",
  "forgot",
  "authorize",
  "device",
  "sign-out",
  "design",
]);
