import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Default: 204. */
  answer: (response: ServerResponse, received: Received) => void;
  stop(): void;
}

export async function startReceiver(): Promise<Receiver> {
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      const received = { headers: request.headers, body: await text(request) };
      receiver.received.push(received);
      receiver.answer(response, received);
    };
    void receive();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook?of=ann`,
    port,
    received: [],
    answer: (response) => void response.writeHead(204).end(),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}
