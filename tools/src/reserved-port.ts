import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";

/** Below this there are the usual places of servers. */
const portMin = 12_000;
/** What Linux gives away begins here unless it was told otherwise. */
const usualFirst = 32_768;

/**
 * A TCP port of the loopback for a server that is started, and perhaps started again, by a process of its own. The system gives it to
 * nobody, since it lies outside of the ports that it gives away, and no other process of tests gets it from here while this one runs.
 * @param draw from 0 up to 1: where the search begins
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

/** A name that the kernel takes back with the process stands for the port, which itself has to be free for the server. */
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

/** @returns undefined where somebody else listens */
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

/** The first port that the system gives to a connection, or to whoever listens on any. Where it gives nearly all away, none is better. */
function firstGivenAway(): number {
  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/)[0]);
  return first >= portMin + 1000 ? first : usualFirst;
}
