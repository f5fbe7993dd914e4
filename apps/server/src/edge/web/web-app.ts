import { toHoldfastError } from "@holdfast/core/errors";
import { serverNameDefault } from "../../base/config/server-name.ts";
import type { Log } from "../../base/operation/log.ts";
import { type BuiltApp, loadApp, readHead } from "./built-app.ts";
import { nameApp } from "./named-app.ts";

/**
 * Returns the folders of the built app, newest first, and reports a build that takes time. The starter of the server
 * provides it.
 * @throws HoldfastError failed
 */
export type PrepareApp = (how: {
  readonly building: () => void;
  readonly signal: AbortSignal;
}) => Promise<readonly string[]>;

export interface WebApp {
  readonly serverName: string;
  readonly now: () => BuiltApp | "building" | "failed";
  /** See `readHead`; undefined while there is no app. */
  readonly linkHead: () => string | undefined;
  readonly docsHead: () => string | undefined;
  /**
   * Resolves when the app is available or known to take time. Never rejects, because a server without the app works.
   */
  readonly opened: Promise<void>;
  /** Resolves when the app is available or has failed. Never rejects. */
  readonly settled: Promise<void>;
  /** Cancels a running build. */
  readonly close: () => Promise<void>;
}

export function openWebApp(prepare: PrepareApp, log: Log, serverName: string = serverNameDefault): WebApp {
  const stop = new AbortController();
  let app: BuiltApp | "building" | "failed" = "building";
  let linkHead: string | undefined;
  let docsHead: string | undefined;
  let startedMs: number | undefined;
  let isBuilding = () => {};
  const begun = new Promise<void>((resolve) => (isBuilding = resolve));
  const building = () => {
    startedMs = performance.now();
    log.info({}, "building the web app (once for each version; takes a few seconds); the API is already available");
    isBuilding();
  };
  const prepared = (async () => {
    try {
      const loaded = await nameApp(await loadApp(await prepare({ building, signal: stop.signal })), serverName);
      linkHead = await readHead(loaded, "links");
      docsHead = await readHead(loaded, "docs");
      app = loaded;
      if (startedMs !== undefined) log.info({ ms: Math.round(performance.now() - startedMs) }, "the web app is built");
    } catch (error) {
      app = "failed";
      if (!stop.signal.aborted) log.error({ reason: toHoldfastError(error).message }, "the web app is not available");
    }
  })();
  return {
    serverName,
    now: () => app,
    linkHead: () => linkHead,
    docsHead: () => docsHead,
    opened: Promise.race([prepared, begun]),
    settled: prepared,
    close: () => {
      stop.abort();
      return prepared;
    },
  };
}
