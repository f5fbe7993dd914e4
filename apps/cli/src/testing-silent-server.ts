import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before } from "node:test";

/** Answers nothing, whether it is taken for a server, a database or a store: only a signal ends a command that waits for it. */
export function useSilentServer(): { readonly server: Server; readonly port: () => number } {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  before(() => new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve)));
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { server, port: () => (server.address() as AddressInfo).port };
}
