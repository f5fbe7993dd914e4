import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import { writePrivate } from "./known-syncs.ts";
import { waitingCount, waitingLines } from "./group-deletions.ts";
import { pageHtml, pagePolicy } from "./page.ts";
import type { SyncControl } from "./report.ts";

/** In the sync's folder while its client runs: how the other commands reach it. Whoever can read it can steer the client. */
export const controlFile = z.object({ pid: z.int(), root: z.string(), url: z.string(), token: z.string() });
export type ControlFile = z.infer<typeof controlFile>;
export const controlName = "control.json";

export interface ControlChannel {
  /** Opens the page in a browser, token included. */
  readonly pageUrl: string;
  close(): Promise<void>;
}

const idsBytesMax = 64 * 2 ** 20;
const chosen = z.object({ ids: z.array(z.string().max(64)) });
const address = "127.0.0.1";

/**
 * Listens on the loopback for the other commands and for the local page. Anybody gets the page itself, which says nothing of
 * the sync; all else is for who has the token of the control file, as a bearer. The page finds it behind the # of its address,
 * which no browser sends. Never in a cookie: those go to every port of a host, and so to what other users of this machine serve.
 * Names of other hosts are refused, so that a page of a stranger whose name was turned to this machine gets nothing (DNS
 * rebinding), and so are posts that come from elsewhere.
 */
export async function openControlChannel(folder: string, root: string, control: SyncControl): Promise<ControlChannel> {
  const token = randomBytes(24).toString("base64url");
  const server = createServer({
    requestTimeout: 30_000,
    headersTimeout: 10_000,
    // Node would look for late requests every 30 s for as long as the client runs, and whoever could send one is on this machine.
    connectionsCheckingInterval: 3600_000,
    maxHeaderSize: 16 * 1024,
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const guard = { token, host: `${address}:${port}` };
  server.on("request", (request, response) => void answer(request, response, guard, control));
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

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  control: SyncControl,
): Promise<void> {
  try {
    const url = new URL(request.url ?? "/", `http://${guard.host}`);
    requireOwnName(request, guard);
    if (request.method === "GET" && url.pathname === "/") return showPage(response);
    requireToken(request, guard);
    if (request.method === "GET" && url.pathname === "/status") return sendJson(response, 200, statusOf(control));
    if (request.method !== "POST") throw new HoldfastError("not_found", "There is nothing here.");
    requireOwnOrigin(request, guard);
    await act(request, url.pathname, control);
    sendJson(response, 200, statusOf(control));
  } catch (thrown) {
    const { code, message, status } = toHoldfastError(thrown);
    sendJson(response, status, { error: { code, message } });
  }
}

async function act(request: IncomingMessage, path: string, control: SyncControl): Promise<void> {
  if (path === "/pause") return control.pause();
  if (path === "/resume") return control.resume();
  if (path === "/deletions/approve") return control.approveDeletions((await readIds(request)).ids);
  if (path === "/deletions/undo") return control.undoDeletions((await readIds(request)).ids);
  throw new HoldfastError("not_found", "There is nothing here.");
}

function statusOf(control: SyncControl): object {
  const deletions = control.waitingDeletions();
  const waiting = { count: waitingCount(deletions), lines: waitingLines(deletions) };
  return { report: control.report(), details: control.details(), deletions, waiting };
}

function requireOwnName({ headers }: IncomingMessage, { host }: Guard): void {
  if (headers.host !== host) throw new HoldfastError("forbidden", `This is ${host} and answers to no other name.`);
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

/** A browser says where a post comes from; the other commands say nothing. */
function requireOwnOrigin({ headers }: IncomingMessage, { host }: Guard): void {
  if (headers.origin === undefined || headers.origin === `http://${host}`) return;
  throw new HoldfastError("forbidden", "This request comes from another page.");
}

async function readIds(request: IncomingMessage): Promise<z.infer<typeof chosen>> {
  const slices: Buffer[] = [];
  let sizeBytes = 0;
  for await (const slice of request as AsyncIterable<Buffer>) {
    sizeBytes += slice.length;
    if (sizeBytes > idsBytesMax) throw new HoldfastError("too_large", "That are too many ids.");
    slices.push(slice);
  }
  const parsed = chosen.safeParse(parseJson(Buffer.concat(slices).toString("utf8")));
  if (!parsed.success) throw new HoldfastError("bad_request", "The body is {ids: […]}.");
  return parsed.data;
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
