/**
 * A process that passes TCP connections on and counts their bytes, so that what travels is measured and not promised. Forked by
 * `wire.ts`: told a port, it listens on one of its own that leads there; asked, it says what has passed through each.
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
