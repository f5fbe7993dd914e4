import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/** Usual server ports are below this. */
const portMin = 12_000;
/** Linux's default start of ephemeral ports. */
const usualFirst = 32_768;

/**
 * Reserves a loopback TCP port for a server in a separate process, also across restarts. It is outside of the system's
 * ephemeral ports, and no other test process gets it while this one runs.
 * @param draw 0 to below 1: start of the search
 */
export async function reservePort(draw = Math.random()): Promise<number> {
  const first = firstGivenAway();
  const count = first - portMin;
  const begin = Math.floor(draw * count);
  for (let step = 0; step < count; step += 1) {
    const port = portMin + ((begin + step) % count);
    if (await reserve(port)) return port;
  }
  throw new HoldfastError("failed", `All ports from ${portMin} to ${first} are taken.`);
}

/** Reserves a port by an abstract socket that the kernel releases with the process. The port itself stays free for the server. */
async function reserve(port: number): Promise<boolean> {
  const reservation = await listen({ path: `\0holdfast-test-port-${port}` });
  if (reservation === undefined) return false;
  const taken = await listen({ port, host: "127.0.0.1" });
  if (taken === undefined) {
    reservation.close();
    return false;
  }
  await new Promise((resolve) => taken.close(resolve));
  reservation.unref();
  return true;
}

/** @returns undefined if another process listens */
function listen(at: { path: string } | { port: number; host: string }): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen(at, () => resolve(server));
  });
}

/** Returns the first ephemeral port. If nearly all are ephemeral, returns the default. */
function firstGivenAway(): number {
  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
  return first >= portMin + 1000 ? first : usualFirst;
}
