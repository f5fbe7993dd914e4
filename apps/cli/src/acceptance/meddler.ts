import { createServer, request as startRequest, type IncomingMessage, type Server } from "node:http";
import { buffer } from "node:stream/consumers";

export interface PassingRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

export interface PassingAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Meddling = (
  request: PassingRequest,
  forward: (body?: Buffer) => Promise<PassingAnswer>,
) => Promise<PassingAnswer>;

/** Proxy between a command and its server. Responses pass unchanged unless a test changes them. */
export class Meddler {
  readonly url: string;
  meddling: Meddling = (_, forward) => forward();
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static stand(serverUrl: string): Promise<Meddler> {
    return new Promise((resolve, reject) => {
      let meddler: Meddler;
      const server = createServer((request, response) => {
        const passing = async (): Promise<void> => {
          const { method = "GET", url: path = "/" } = request;
          const came = { method, path, body: await buffer(request) };
          const { status, headers, body } = await meddler.meddling(came, (changed) =>
            ask(serverUrl, request, changed ?? came.body),
          );
          response.writeHead(status, headers).end(body);
        };
        passing().catch((error: unknown) => response.destroy(error as Error));
      });
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        meddler = new Meddler(server, typeof address === "object" && address !== null ? address.port : 0);
        resolve(meddler);
      });
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function problemAnswer(status: number, code: string, detail: string): PassingAnswer {
  const body = { type: "about:blank", title: detail, status, detail, code, retryable: false };
  return jsonAnswer(status, body, "application/problem+json");
}

export function jsonAnswer(status: number, value: unknown, type = "application/json"): PassingAnswer {
  return { status, headers: { "content-type": type }, body: Buffer.from(JSON.stringify(value)) };
}

function ask(serverUrl: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<PassingAnswer> {
  return new Promise((resolve, reject) => {
    const { host: _, "accept-encoding": __, "transfer-encoding": ___, ...kept } = headers;
    const asking = startRequest(`${serverUrl}${url}`, {
      method,
      headers: { ...kept, "content-length": body.length },
      agent: false,
    });
    asking.once("error", reject);
    asking.once("response", (answer) => {
      const read = async (): Promise<PassingAnswer> => {
        const bytes = await buffer(answer);
        const type = answer.headers["content-type"];
        return {
          status: answer.statusCode ?? 500,
          headers: type === undefined ? {} : { "content-type": type },
          body: bytes,
        };
      };
      read().then(resolve, reject);
    });
    asking.end(body);
  });
}
