import { prepareApp } from "@holdfast/web/build/prepare-app";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { readConfig } from "../base/config/read-config.ts";
import { serve } from "../main.ts";
import type { RunningServer } from "./testing.ts";

export async function serveHere(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  logFile: string,
  random: (() => number) | undefined,
): Promise<RunningServer> {
  const config = readConfig({ flags: flagsOf(args), environment });
  const log = openLogFile(logFile);
  const server = await serve(config, { prepareApp: prepareOnce, logTo: log, random }).catch((error: unknown) => {
    log.close();
    throw new Error(
      `The server did not start: ${(error as Error).message} Its log ends: ${readFileSync(logFile, "utf8").slice(-3000)}`,
    );
  });
  if (server === undefined) throw new Error("The server was told to stop before it served.");
  const exited = Promise.withResolvers<number>();
  return {
    url: server.url,
    port: Number(new URL(server.url).port),
    setupUrl: server.setupUrl === undefined ? new Promise<never>(() => {}) : Promise.resolve(server.setupUrl),
    logFile,
    exited: exited.promise,
    stop: async () => {
      await server.close();
      log.close();
      exited.resolve(0);
      return 0;
    },
  };
}

let prepared: ReturnType<typeof prepareApp> | undefined;

/** Looks for the app once in this process, because its sources stay the same and hashing them takes 50 ms. */
function prepareOnce(preparing: Parameters<typeof prepareApp>[0]): ReturnType<typeof prepareApp> {
  prepared ??= prepareApp(preparing).catch((error: unknown) => {
    prepared = undefined;
    throw error;
  });
  return prepared;
}

/** Drops lines after `close`, like the end of a process. */
function openLogFile(path: string) {
  let fd: number | undefined = openSync(path, "a");
  return {
    write: (line: string) => void (fd === undefined || writeSync(fd, line)),
    close: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

/** Parses the options of `serve`, each with one value at most. */
function flagsOf(args: readonly string[]): Record<string, string | true> {
  const flags: Record<string, string | true> = {};
  for (const [index, arg] of args.entries()) {
    if (!arg.startsWith("--")) continue;
    const next = args[index + 1];
    flags[arg.slice(2)] = next === undefined || next.startsWith("--") ? true : next;
  }
  return flags;
}
