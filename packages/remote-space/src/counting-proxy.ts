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
  close(): Promise<void>;
}

export async function openCountingProxy(targetPort: number): Promise<CountingProxy> {
  const counts = { upBytes: 0, downBytes: 0 };
  const sockets = new Set<Socket>();
  let isCut = false;
  let isMute = false;
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
    client.on("data", (slice) => {
      counts.upBytes += slice.length;
      if (!isMute && !target.write(slice)) client.pause();
    });
    target.on("data", (slice) => {
      counts.downBytes += slice.length;
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
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
