import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Counts all TCP payload between client and server. */
export interface CountingProxy {
  readonly url: string;
  readonly upBytes: number;
  readonly downBytes: number;
  /** Refuses new connections and breaks existing ones until `heal`. */
  cut(): void;
  /** Connections stay open but silent until `heal`, which breaks them. */
  swallow(): void;
  heal(): void;
  /** Breaks each connection after this many bytes in both directions, until `heal`. */
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

class Budget {
  #leftBytes: number;

  constructor(bytes: number) {
    this.#leftBytes = bytes;
  }

  endsWith(slice: Buffer, from: Socket, to: Socket): boolean {
    const kept = slice.subarray(0, this.#leftBytes);
    this.#leftBytes -= kept.length;
    if (this.#leftBytes > 0) return false;
    from.pause();
    to.end(kept, () => from.destroy());
    return true;
  }
}
