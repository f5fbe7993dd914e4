/**
 * Process that forwards TCP connections and counts their bytes. Forked by `wire.ts`: for a given port, it listens on
 * one that leads there, and reports the bytes of each on demand.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Traffic } from "./wire.ts";

const passed = new Map<number, Traffic>();

process.on("message", (order: { readonly target?: number }) => {
  if (order.target === undefined) process.send?.({ passed: Object.fromEntries(passed) });
  else open(order.target);
});
process.on("disconnect", () => process.exit());

function open(target: number): void {
  const traffic: Traffic = { upBytes: 0, downBytes: 0 };
  const server = createServer({ noDelay: true }, (client) => {
    const onward = connect({ port: target, host: "127.0.0.1", noDelay: true });
    pass(client, onward, (sizeBytes) => (traffic.upBytes += sizeBytes));
    pass(onward, client, (sizeBytes) => (traffic.downBytes += sizeBytes));
  });
  server.listen(0, "127.0.0.1", () => {
    const { port } = server.address() as AddressInfo;
    passed.set(port, traffic);
    process.send?.({ port });
  });
}

function pass(from: Socket, to: Socket, count: (sizeBytes: number) => void): void {
  from.on("data", (piece) => count(piece.length));
  from.pipe(to);
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroySoon());
}
