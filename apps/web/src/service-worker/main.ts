import { receivedCacheName } from "../browser/received-files.ts";
import { receiveParcel } from "./receive.ts";
import { type BuiltShell, dropOlderShells, installShell, keptFile, keptPage } from "./shell.ts";
import { answerThumb } from "./thumbs.ts";
import { whatToAnswer } from "./what-to-answer.ts";
import type { FetchEvent, WorkerScope } from "./worker-scope.ts";

// Opens the app without its server, but must never get between the app and a working server. Pages come from the server
// first, foreign requests pass through, and the network answers if the worker fails.

/** Replaced by the build, so used only once. */
declare const builtShell: BuiltShell;

const shell = builtShell;
const scope = globalThis as unknown as WorkerScope;
const script = "/service-worker.js";
/** A slower server counts as unreachable. */
const pageTimeoutMs = 3000;

scope.addEventListener("install", (event) => {
  const routes = [
    { condition: { urlPattern: { pathname: "/api/v1/thumbs/*" } }, source: "fetch-event" },
    { condition: { urlPattern: { pathname: "/api/*" } }, source: "network" },
    { condition: { urlPattern: { pathname: "/s/*" } }, source: "network" },
  ] as const;
  event.waitUntil(Promise.resolve(event.addRoutes?.(routes)).catch(() => {}));
  // The new worker takes over immediately, so that faults of an earlier one end.
  event.waitUntil(installShell(shell).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => event.waitUntil(dropOlderShells(shell, 1)));

scope.addEventListener("message", (event) => event.waitUntil(hear(event.data)));

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const answerer = whatToAnswer(request, scope.location.origin);
  if (answerer === "page") event.respondWith(answerPage(request, (work) => event.waitUntil(work)));
  else if (answerer === "asset") event.respondWith(answerFile(request));
  else if (answerer === "thumb") event.respondWith(answerOwnThumb(event));
  else if (answerer === "parcel") event.respondWith(receiveParcel(request));
});

/** Link pages neither use nor fill the account's cache. */
async function answerOwnThumb(event: FetchEvent): Promise<Response> {
  const page = await scope.clients.get(event.clientId).catch(() => undefined);
  if (page === undefined || new URL(page.url).pathname.startsWith("/s/")) return fetch(event.request);
  return answerThumb(event.request, (work) => event.waitUntil(work));
}

async function answerPage(request: Request, outlasts: (work: Promise<unknown>) => void): Promise<Response> {
  const asked = fetch(request);
  const answer = await within(pageTimeoutMs, asked);
  if (answer !== undefined && !isAway(answer)) {
    outlasts(leaveIfGone());
    return answer;
  }
  return (await keptPage(shell).catch(() => undefined)) ?? answer ?? asked;
}

/** Answers of a proxy for a server that is down. */
function isAway({ status }: Response): boolean {
  return status === 502 || status === 503 || status === 504;
}

async function answerFile(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  return (await keptFile(pathname).catch(() => undefined)) ?? fetch(request);
}

/** A page reports one script of its build. If it is the only page and current, older caches are unneeded. */
async function hear(reportedPath: unknown): Promise<void> {
  const windows = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const isOwn = shell.files.some(([path]) => path === reportedPath);
  if (isOwn && windows.length <= 1) await dropOlderShells(shell, 0);
}

/**
 * The server lacks the script, or another site has this address. Browsers would keep the worker. Files from other apps
 * stay, because they may exist nowhere else.
 */
async function leaveIfGone(): Promise<void> {
  const { status } = await fetch(script, { method: "HEAD", cache: "no-store" }).catch(() => ({ status: 0 }));
  if (status !== 404 && status !== 410) return;
  await scope.registration.unregister();
  for (const name of await caches.keys()) if (name !== receivedCacheName) await caches.delete(name);
}

/** @returns undefined on failure or timeout */
async function within(timeoutMs: number, asked: Promise<Response>): Promise<Response | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([asked, late]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
