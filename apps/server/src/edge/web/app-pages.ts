import { HoldfastError } from "@holdfast/core/errors";
import { markSvg } from "@holdfast/core/mark";
import { within } from "../../base/within.ts";
import { serverNameDefault } from "../../base/config/server-name.ts";
import { acceptedLanguage } from "../exchange/accepted-language.ts";
import type { RequestContext } from "../exchange/handler.ts";
import { appPage, type BuiltApp, framePage } from "./built-app.ts";
import { appPageHeaders, assetHeaders, framePageHeaders, plainFileHeaders } from "../pages/page-policy.ts";
import { buildingPage, lateBuildingPage, withoutAppPage } from "./plain-pages.ts";
import { iconPath, type Page } from "../pages/page-template.ts";
import { type FileAnswer, sendFile } from "./send-file.ts";
import type { WebApp } from "./web-app.ts";

type HeadRequest = Pick<RequestContext, "headers" | "head">;
type PageRequest = HeadRequest & { readonly params: { readonly "*"?: string | undefined } };
type PageAnswer = FileAnswer | (Page & { readonly status: 200 });
type FormAnswer = { readonly status: 303; readonly headers: { readonly location: string } };
type PageHandler = (request: PageRequest) => Promise<PageAnswer> | PageAnswer;

/** All URLs of the app get the same page. */
const places = [
  "/files",
  "/files/*",
  "/f/*",
  "/recent",
  "/starred",
  "/shared",
  "/trash",
  "/search",
  "/edit/*",
  "/rewind/*",
  "/save/*",
  "/receive",
  "/settings",
  "/settings/*",
  "/admin",
  "/admin/*",
  "/sign-in",
  "/sign-in/callback",
  "/forgot",
  "/authorize/*",
  "/device",
  "/sign-out",
  "/design",
];

/** Files without a hash in their names. */
const plainFiles = ["/service-worker.js", "/manifest.webmanifest"];

/** GET and HEAD outside the route table, by URL pattern. */
export function appPages(web: WebApp): ReadonlyMap<string, PageHandler> {
  const home = homeOf(web);
  return new Map<string, PageHandler>([
    ...places.map((place) => [place, home] as const),
    ["/invite", setupOf(web)],
    [iconPath, () => ({ status: 200, headers: iconHeaders, bytes: markSvg() })],
    ["/preview-frame", (request) => answerFile(web, request, framePage, framePageHeaders)],
    ...plainFiles.map(
      (place) => [place, (request: PageRequest) => answerFile(web, request, place, plainFileHeaders(place))] as const,
    ),
    [
      "/assets/*",
      (request) => {
        const place = `/assets/${request.params["*"] ?? ""}`;
        return answerFile(web, request, place, assetHeaders(place));
      },
    ],
  ]);
}

const iconHeaders = { "content-type": "image/svg+xml", "cache-control": "public, max-age=86400" };

/** POST of pages, by URL pattern. */
export const appForms: ReadonlyMap<string, () => FormAnswer> = new Map([
  // The service worker answers it, except if the browser has deleted or not yet installed the worker.
  ["/receive", () => ({ status: 303, headers: { location: "/receive?problem=not_ready" } })],
]);

/** Page of the app, or of its state while there is none. */
export function homeOf(web: WebApp | undefined): (request: HeadRequest) => Promise<PageAnswer> | PageAnswer {
  return (request) => {
    const app = web?.now() ?? "failed";
    if (app === "building") return plain(request, buildingPage, web);
    if (app === "failed") return plain(request, withoutAppPage, web);
    return sendFile(request, fileAt(app, appPage), appPageHeaders);
  };
}

/**
 * For links with a secret after the #. A page cannot refresh itself at such a URL, so this waits for a build in
 * progress. The wait is shorter than the timeouts of browsers and proxies.
 */
export function setupOf(web: WebApp | undefined): (request: HeadRequest) => Promise<PageAnswer> {
  const home = homeOf(web);
  return async (request) => {
    if (web !== undefined) await within(waitMs, web.settled, () => {});
    return web?.now() === "building" ? plain(request, lateBuildingPage, web) : home(request);
  };
}

const waitMs = 30_000;

function plain({ headers }: HeadRequest, write: typeof buildingPage, web: WebApp | undefined): PageAnswer {
  const language = acceptedLanguage(headers["accept-language"]);
  return { status: 200, ...write(language, web?.serverName ?? serverNameDefault) };
}

function answerFile(
  web: WebApp,
  request: PageRequest,
  place: string,
  headers: Parameters<typeof sendFile>[2],
): Promise<FileAnswer> {
  const app = web.now();
  if (app === "building") {
    throw new HoldfastError("unavailable", "The web app is being built. Try again in a few seconds.", {
      retryAfterSeconds: 2,
    });
  }
  return sendFile(request, fileAt(app === "failed" ? new Map() : app, place), headers);
}

function fileAt(app: BuiltApp, place: string) {
  const file = app.get(place);
  if (file === undefined) throw new HoldfastError("not_found", "The web app has no such file.");
  return file;
}
