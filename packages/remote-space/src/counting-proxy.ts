import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** All that passes between a client and a server, as TCP carries it. */
export interface CountingProxy {
  readonly url: string;
  readonly upBytes: number;
  readonly downBytes: number;
  /** Refuses connections and cuts those that there are, until `heal`. */
  cut(): void;
  /** Connections stay, and nothing passes any more, until `heal`, which cuts them. */
  swallow(): void;
  heal(): void;
  /** Each connection ends once it has carried so many bytes, both ways together, until `heal`. */
  cutEachAfter(bytes: number): void;
  close(): Promise<void>;
}

export async function openCountingProxy(targetPort: number): Promise<CountingProxy> {
  const counts = { upBytes: 0, downBytes: 0 };
  const sockets = new Set<Socket>();
  let isCut = false;
  let isMute = false;
  let bytesOfEach = Infinity;
  const server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const target = connect(targetPort, "127.0.0.1");
    for (const [socket, peer] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => peer.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        peer.destroy();
      });
    }
    const budget = new Budget(bytesOfEach);
    client.on("data", (slice: Buffer) => {
      counts.upBytes += slice.length;
      if (budget.endsWith(slice, client, target)) return;
      if (!isMute && !target.write(slice)) client.pause();
    });
    target.on("data", (slice: Buffer) => {
      counts.downBytes += slice.length;
      if (budget.endsWith(slice, target, client)) return;
      if (!isMute && !client.write(slice)) target.pause();
    });
    client.on("drain", () => target.resume());
    target.on("drain", () => client.resume());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    get upBytes() {
      return counts.upBytes;
    },
    get downBytes() {
      return counts.downBytes;
    },
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    swallow: () => (isMute = true),
    heal: () => {
      if (isMute) for (const socket of sockets) socket.destroy();
      [isCut, isMute] = [false, false];
      bytesOfEach = Infinity;
    },
    cutEachAfter: (bytes) => (bytesOfEach = bytes),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** What one connection may carry. */
class Budget {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  /** Ends the connection with what still belongs to it of the slice, which arrives. */
  endsWith(slice: Buffer, from: Socket, to: Socket): boolean {
    const kept = slice.subarray(0, this.#leftBytes);
    this.#leftBytes -= kept.length;
    if (this.#leftBytes > 0) return false;
    from.pause();
    to.end(kept, () => from.destroy());
    return true;
  }
}
