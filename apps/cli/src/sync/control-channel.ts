import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { isAction, perform } from "./control-acts.ts";
import { type ControlFile, controlName } from "./control-file.ts";
import { writePrivate } from "./known-syncs.ts";
import { Overview } from "./page/overview.ts";
import { pageHtml, pagePolicy } from "./page/page.ts";
import type { SyncControl } from "./sync-control.ts";

export interface ControlChannel {
  /** Contains the token. */
  readonly pageUrl: string;
  close(): Promise<void>;
}

/** Room for the ids of very many deletions. */
const bodyBytesMax = 64 * 2 ** 20;
const address = "127.0.0.1";

/**
 * Serves other commands and the local page on the loopback interface. The page is public and contains no data. Every
 * other request needs the token of the control file as a bearer token. The page reads it from the fragment of its URL,
 * which browsers do not send; a cookie would be sent to every port of the host, and thus to servers of other users.
 * Requests for other host names (DNS rebinding) and posts from other origins are rejected. Requests for other syncs of
 * this configuration are forwarded through their control files.
 */
export async function openControlChannel(
  { folder, root, configFolder }: { readonly folder: string; readonly root: string; readonly configFolder: string },
  control: SyncControl,
): Promise<ControlChannel> {
  const token = randomBytes(24).toString("base64url");
  const server = createServer({
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    // Node would check for slow requests every 30 s. Only local programs can send any.
    connectionsCheckingInterval: 3600_000,
    maxHeaderSize: 16 * 1024,
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const guard = { token, host: `${address}:${port}` };
  const overview = new Overview(configFolder, { folder, control });
  server.on("request", (request, response) => void answer(request, response, guard, { control, overview }));
  const url = `http://${guard.host}`;
  const path = join(folder, controlName);
  await writePrivate(path, { pid: process.pid, root, url, token } satisfies ControlFile);
  return {
    pageUrl: `${url}/#token=${token}`,
    close: async () => {
      await rm(path, { force: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Guard {
  readonly token: string;
  readonly host: string;
}

interface Behind {
  readonly control: SyncControl;
  readonly overview: Overview;
}

async function answer(request: IncomingMessage, response: ServerResponse, guard: Guard, behind: Behind): Promise<void> {
  try {
    const { pathname } = new URL(request.url ?? "/", `http://${guard.host}`);
    requireOwnName(request, guard);
    if (request.method === "GET" && pathname === "/") return showPage(response);
    requireToken(request, guard);
    if (request.method === "GET") return sendJson(response, 200, await look(pathname, behind));
    if (request.method !== "POST") throw nothingHere();
    requireOwnOrigin(request, guard);
    sendJson(response, 200, await act(request, pathname, behind));
  } catch (thrown) {
    const { code, message, status } = toHoldfastError(thrown);
    sendJson(response, status, { error: { code, message } });
  }
}

async function look(path: string, { control, overview }: Behind): Promise<object> {
  if (path === "/status") return statusOf(control);
  if (path === "/view") return control.view();
  if (path === "/overview") return { syncs: await overview.views() };
  throw nothingHere();
}

/** `/ACTION` is for this sync, `/syncs/KEY/ACTION` for another one. @returns the new state */
async function act(request: IncomingMessage, path: string, { control, overview }: Behind): Promise<object> {
  const [, key, action] = /^\/(?:syncs\/([^/]+)\/)?(.+)$/.exec(path) ?? [];
  if (action === undefined || !isAction(action)) throw nothingHere();
  const body = await readBody(request);
  if (key === undefined) {
    const outcome = await perform(control, action, body);
    return { ...statusOf(control), ...outcome };
  }
  await overview.act(key, action, body);
  return { syncs: await overview.views() };
}

function statusOf(control: SyncControl): object {
  return { report: control.report(), deletions: control.waitingDeletions() };
}

function nothingHere(): HoldfastError {
  return new HoldfastError("not_found", "Not found.");
}

function requireOwnName({ headers }: IncomingMessage, { host }: Guard): void {
  if (headers.host !== host) throw new HoldfastError("forbidden", `This page is only available at ${host}.`);
}

function requireToken({ headers }: IncomingMessage, guard: Guard): void {
  const given = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (given !== undefined && isToken(given, guard)) return;
  throw new HoldfastError("unauthenticated", "Open the address that 'holdfast status' shows.");
}

function isToken(given: string, { token }: Guard): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

/** Browsers send the origin of a post; the other commands send none. */
function requireOwnOrigin({ headers }: IncomingMessage, { host }: Guard): void {
  if (headers.origin === undefined || headers.origin === `http://${host}`) return;
  throw new HoldfastError("forbidden", "This request comes from another website.");
}

/** @returns undefined for an empty or invalid JSON body */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const slices: Buffer[] = [];
  let sizeBytes = 0;
  for await (const slice of request as AsyncIterable<Buffer>) {
    sizeBytes += slice.length;
    if (sizeBytes > bodyBytesMax) throw new HoldfastError("too_large", "The request is too large.");
    slices.push(slice);
  }
  return parseJson(Buffer.concat(slices).toString("utf8"));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function showPage(response: ServerResponse): void {
  response.writeHead(200, {
    ...always,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": pagePolicy,
  });
  response.end(pageHtml);
}

const always = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
};

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { ...always, "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
