import { readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { serverRoles } from "@holdfast/protocol/operation-routes";
import { type Config, isAlone, readConfig } from "./base/config/read-config.ts";
import type { PrepareApp } from "./edge/web/web-app.ts";
import { commandFor, setupLines } from "./base/operation/setup-lines.ts";
import { type Given, serveAll } from "./roles/all.ts";
import type { RunningServer } from "./roles/running-server.ts";
import { selfSignedFingerprint } from "./edge/exchange/self-signed.ts";
import { readTls } from "./roles/tls.ts";

/**
 * Starts a server and resolves when it serves requests.
 * @returns undefined if a signal stopped it before, with everything closed again
 */
export async function serve(config: Config, given: Given): Promise<RunningServer | undefined> {
  if (config.roles.size < serverRoles.length && isAlone(config)) {
    throw new HoldfastError(
      "usage",
      "--roles splits the work between processes that share a database: set --database-url, or run all of api,blocks,notify,worker.",
    );
  }
  return serveAll(config, version(), given);
}

/**
 * Runs `holdfast serve` until a signal stops it. Stdout receives the line `holdfast ready at URL` and the fingerprint of a
 * self-signed certificate. Before the first administrator exists, it also receives the setup link. Everything else goes to stderr.
 */
export async function serveCommand(config: Config, prepareApp?: PrepareApp): Promise<void> {
  // Signals are handled from the beginning. Otherwise an interrupted start would leave child processes behind, such as the database.
  const signals = handleSignals();
  const server = await serve(config, { prepareApp, stopRequested: signals.stopRequested });
  if (server === undefined) return endNow();
  signals.renewBy(() => renewTls(server));
  printReady(server, config);
  const signal = await Promise.race([signals.stopRequested, server.folders.replaced]).catch(() => undefined);
  if (signal === undefined || !server.folders.look()) return endNow(1);
  await stopInOrder(server, signal);
}

/** Reads the files again. They may be changing right now, so errors must not end the running server. */
function fingerprintOf(tls: Config["tls"]): string | undefined {
  try {
    return tls && selfSignedFingerprint(readTls(tls).cert);
  } catch {
    return undefined;
  }
}

function printReady({ url, setupUrl }: RunningServer, { dataFolder, tls }: Config): void {
  process.stdout.write(`holdfast ready at ${url}\n`);
  const fingerprint = fingerprintOf(tls);
  if (fingerprint !== undefined)
    process.stdout.write(`The certificate is self-signed. Fingerprint for 'holdfast login': SHA256:${fingerprint}\n`);
  if (setupUrl === undefined) return;
  // A command in another terminal has neither this process's options nor its environment.
  const isFound = dataFolder === readConfig({ flags: {}, environment: {} }).dataFolder;
  const command = commandFor(process.env);
  const { isTTY, columns: given } = process.stdout;
  // Some terminals report 0, such as one created by `script` without a size.
  const columns = given === 0 ? 80 : given;
  const lines = setupLines(setupUrl, isFound ? undefined : dataFolder, { isTTY, columns, command });
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Below npm one Ctrl-C arrives twice: from the terminal and from npm, which forwards it. */
export const sameSignalMs = 500;

/** The first SIGTERM or SIGINT stops the server in order. A second signal, or the end of the time to stop, exits immediately. */
function handleSignals() {
  let stoppingMs: number | undefined;
  let renew: () => void = () => {};
  // SIGHUP of a closed terminal stops the server, because Ctrl-C no longer can and the data folder would stay in use.
  const wasSeen = isatty(process.stdout.fd);
  process.on("SIGHUP", () => {
    if (wasSeen && !isatty(process.stdout.fd)) handle("SIGHUP");
    else if (stoppingMs === undefined) renew();
  });
  let stop: (signal: string) => void = () => {};
  const stopRequested = new Promise<string>((resolve) => (stop = resolve));
  // One listener handles all signals. Without a listener in between, a second signal would end the process.
  const handle = (signal: string) => {
    if (stoppingMs !== undefined && performance.now() - stoppingMs > sameSignalMs) process.exit(1);
    if (stoppingMs === undefined) setTimeout(() => process.exit(1), limits.shutdownTimeoutMs - 500);
    stoppingMs ??= performance.now();
    stop(signal);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, handle);
  return { stopRequested, renewBy: (act: () => void) => void (renew = act) };
}

function renewTls(server: RunningServer): void {
  try {
    server.renewTls();
    server.log.info({}, "the certificate was reloaded");
  } catch (error) {
    server.log.error({ reason: (error as Error).message }, "the certificate was not reloaded");
  }
}

/**
 * @returns never, because the process exits explicitly. A process that ends without `process.exit` removes its signal listeners
 *   first, so a signal repeated in those milliseconds would kill it despite the orderly stop
 */
async function stopInOrder(server: RunningServer, signal: string): Promise<never> {
  server.log.info({ signal }, "stopping");
  await server.close();
  server.log.info({}, "stopped");
  return endNow(server.folders.look() ? 0 : 1);
}

async function endNow(code = 0): Promise<never> {
  // A slow reader of a pipe may not have received the last lines yet.
  await new Promise((resolve) => process.stderr.write("", resolve));
  process.exit(code);
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
