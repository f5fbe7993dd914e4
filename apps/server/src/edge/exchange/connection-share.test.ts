import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { shareConnections } from "./connection-share.ts";

test("each address is limited to its share of connections, without affecting others", async (t) => {
  const accepted: Socket[] = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.write("in");
  });
  shareConnections(server, 2, () => true);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const open = async (localAddress: string) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.on("error", () => {});
    const isIn = await Promise.race([once(socket, "data").then(() => true), once(socket, "close").then(() => false)]);
    t.after(() => socket.destroy());
    return { socket, isIn };
  };
  const first = await open("127.0.0.2");
  assert.deepEqual([first.isIn, (await open("127.0.0.2")).isIn], [true, true]);
  assert.equal((await open("127.0.0.2")).isIn, false);
  assert.equal((await open("127.0.0.3")).isIn, true);
  // The total count is unreliable, because a rejected connection may still be counted.
  const closed = once(accepted[0] as Socket, "close");
  first.socket.destroy();
  await closed;
  assert.equal((await open("127.0.0.2")).isIn, true);
});
