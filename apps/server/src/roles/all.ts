import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../base/config/read-config.ts";
import { openWebApp, type PrepareApp, type WebApp } from "../edge/web/web-app.ts";
import { type Log, type LogDestination, openLog } from "../base/operation/log.ts";
import { Closers } from "./closers.ts";
import { findDataFolder } from "./first-start.ts";
import { assertAddressFree } from "./free-address.ts";
import { openStorage, type StoreWrap } from "./open-storage.ts";
import { openTls } from "./open-tls.ts";
import type { RunningServer } from "./running-server.ts";

export interface Given {
  /** undefined: plain pages only */
  readonly prepareApp?: PrepareApp | undefined;
  readonly wrapStore?: StoreWrap | undefined;
  /** undefined: stderr */
  readonly logTo?: LogDestination | undefined;
  /** Resolves when the server must stop, perhaps before it serves. */
  readonly stopRequested?: Promise<unknown> | undefined;
  /** 0 to 1, part of a periodic job's first period; undefined: random. */
  readonly random?: (() => number) | undefined;
}

/** Time limit for start steps that are pending at a stop, so that they can be closed in order. */
const startEndsMsMax = 5000;

/**
 * All roles in one process. After a failure, everything is closed.
 * @returns undefined if stopped before it served, with everything closed
 */
export async function serveAll(config: Config, version: string, given: Given = {}): Promise<RunningServer | undefined> {
  const log = openLog(config.logLevel, given.logTo);
  const closers = new Closers(log);
  const starting = start(config, version, given, { log, closers }).catch(async (error: unknown) => {
    await closers.close();
    throw error;
  });
  const { stopRequested = new Promise<never>(() => {}) } = given;
  const running = await Promise.race([starting, stopRequested.then(() => undefined)]);
  if (running !== undefined) return running;
  log.info({}, "stopping before it was ready");
  await Promise.race([starting.catch(() => {}), delay(startEndsMsMax)]);
  await closers.close();
  log.info({}, "stopped");
  return undefined;
}

async function start(
  config: Config,
  version: string,
  { prepareApp, wrapStore, random = Math.random }: Given,
  { log, closers }: { readonly log: Log; readonly closers: Closers },
): Promise<RunningServer> {
  const found = findDataFolder(config);
  await assertAddressFree(config.listen);
  const tls = await openTls(config, { log, version });
  const web = openWeb(config, prepareApp, log, closers);
  const { promise: databaseStarts, resolve: onDatabaseStarts } = Promise.withResolvers<void>();
  const opening = openStorage(config, log, closers, { found, wrap: wrapStore, onDatabaseStarts });
  await Promise.race([databaseStarts, opening]);
  // Two thirds of the server's code load while the database starts.
  const { openRoles } = await import("./open-roles.ts");
  return openRoles(config, version, { storage: await opening, tls, web, random, log, closers });
}

/** Found or built while the rest opens. */
function openWeb(
  { roles, serverName }: Config,
  prepare: PrepareApp | undefined,
  log: Log,
  closers: Closers,
): WebApp | undefined {
  if (prepare === undefined || !roles.has("api")) return undefined;
  const web = openWebApp(prepare, log, serverName);
  closers.add("web app", () => web.close());
  return web;
}
