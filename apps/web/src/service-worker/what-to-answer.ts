import { receivePath } from "./receive.ts";

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** `navigate` for a page. */
  readonly mode: string;
  /** `document` for a page that is not in a frame. */
  readonly destination: string;
}

/** asset: has a content hash in its name. parcel: files from another app. none: bypasses the worker. */
export type Answerer = "page" | "asset" | "thumb" | "parcel" | "none";

/** Bypassed: the API with downloads, uploads and media, link pages, and pages of links with a secret. */
export function whatToAnswer({ method, url, mode, destination }: Asked, origin: string): Answerer {
  const { origin: of, pathname } = new URL(url);
  if (of !== origin) return "none";
  // Frames are excluded, so that no site fills the store unseen.
  if (method === "POST" && mode === "navigate" && destination === "document" && pathname === receivePath)
    return "parcel";
  if (method !== "GET") return "none";
  if (mode === "navigate") return appPlaces.has(pathname.split("/")[1] ?? "") ? "page" : "none";
  if (pathname.startsWith("/assets/")) return "asset";
  return /^\/api\/v1\/thumbs\/[0-9a-f]{64}\/[sm]$/.test(pathname) ? "thumb" : "none";
}

/** First path segment of each place. */
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
  "save",
  "receive",
  "settings",
  "admin",
  "sign-in",
  "forgot",
  "authorize",
  "device",
  "sign-out",
  "design",
]);
