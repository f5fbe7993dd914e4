import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before } from "node:test";

/**
 * Accepts connections and never responds. A command that takes it for a server, database or store ends only by a
 * signal.
 */
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
