/** Client process of `held-polls.ts`: sends one request on each of many connections and reads everything. */
import { once } from "node:events";
import { connect } from "node:net";

export interface HolderOrder {
  readonly port: number;
  readonly request: string;
  readonly count: number;
  /** Local address of the connections, because each has a limited number of ports. */
  readonly localAddress: string;
}

const atOnce = 100;

process.on("message", (order: HolderOrder) => void hold(order));
process.on("disconnect", () => process.exit());

async function hold({ port, request, count, localAddress }: HolderOrder): Promise<void> {
  for (let opened = 0; opened < count; opened += atOnce) {
    const opening = Array.from({ length: Math.min(atOnce, count - opened) }, async () => {
      const socket = connect({ port, host: "127.0.0.1", localAddress });
      socket.on("error", (error) => {
        process.stderr.write(`A connection broke while ${opened} of ${count} stood: ${error.message}\n`);
        process.exit(1);
      });
      socket.resume();
      await once(socket, "connect");
      socket.write(request);
    });
    await Promise.all(opening);
  }
  process.send?.({ opened: count });
}
