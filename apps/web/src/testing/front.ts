import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { text } from "node:stream/consumers";

export interface Front {
  readonly url: string;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  change(path: string, change: Change | undefined): void;
}

type Change = (body: string) => ChangedAnswer | Promise<ChangedAnswer>;
interface ChangedAnswer {
  readonly status?: number;
  readonly body: string;
}

export async function openFront(port: number): Promise<Front & { close(): Promise<void> }> {
  const changes = new Map<string, Change>();
  let server: Server | undefined;
  let ownPort = 0;
  const sockets = new Set<Socket>();
  const comeBack = async () => {
    const opened = createServer((incoming, outgoing) => void pass(incoming, outgoing).catch(() => outgoing.destroy()));
    server = opened;
    opened.on("connection", (socket) => {
      // Accepted before `leave`, but reported afterwards.
      if (server !== opened) {
        socket.destroy();
        return;
      }
      socket.unref();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    // Lets the process exit after a failed test.
    opened.unref();
    opened.listen(ownPort, "127.0.0.1");
    await once(opened, "listening");
    ownPort = (opened.address() as AddressInfo).port;
  };
  const leave = async () => {
    const left = server;
    if (left === undefined) return;
    server = undefined;
    const closed = once(left, "close");
    left.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url: path = "", headers } = incoming;
    const change = method === "POST" ? undefined : changes.get(new URL(path, "http://front").pathname);
    const asked = request({
      host: "127.0.0.1",
      port,
      method: change === undefined ? method : "GET",
      path,
      headers: change === undefined ? headers : { host: headers.host ?? "", "accept-encoding": "identity" },
    });
    outgoing.once("close", () => asked.destroy());
    incoming.pipe(asked);
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    if (change === undefined) {
      outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(outgoing);
      return;
    }
    const { status = answer.statusCode ?? 0, body } = await change(await text(answer));
    const { etag: _, "content-length": __, ...kept } = answer.headers;
    outgoing.writeHead(status, { ...kept, "content-length": Buffer.byteLength(body) });
    outgoing.end(method === "HEAD" ? "" : body);
  };
  await comeBack();
  return {
    url: `http://127.0.0.1:${ownPort}`,
    leave,
    comeBack,
    close: leave,
    change: (path, change) => void (change === undefined ? changes.delete(path) : changes.set(path, change)),
  };
}
