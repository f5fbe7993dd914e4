import type { Server, Socket } from "node:net";
import { addressGroup, canonicalAddress } from "./peer.ts";
import { isLoopback } from "../../base/config/loopback.ts";

/** For servers without a proxy: one address must not take all connections. Those from this machine do not count. */
export function shareConnections(server: Server, connectionsMax: number, isCounted = isFromElsewhere): void {
  const held = new Map<string, number>();
  server.prependListener("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    if (!isCounted(address)) return;
    const key = addressGroup(canonicalAddress(address));
    const count = (held.get(key) ?? 0) + 1;
    if (count > connectionsMax) {
      socket.destroy();
      return;
    }
    held.set(key, count);
    socket.once("close", () => {
      const left = (held.get(key) ?? 1) - 1;
      if (left === 0) held.delete(key);
      else held.set(key, left);
    });
  });
}

function isFromElsewhere(address: string): boolean {
  return !isLoopback(canonicalAddress(address));
}
