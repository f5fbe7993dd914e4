import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer, type SecureContext, type TLSSocket } from "node:tls";
import type { ClientHello } from "../http/server.ts";

/** By which an authority asks: https://www.rfc-editor.org/rfc/rfc8737 */
export const acmeProtocol = "acme-tls/1";

/** By name, what an authority is shown that asks whether this server answers for that name. */
export class ChallengeAnswers {
  readonly #contexts = new Map<string, SecureContext>();

  /** @returns ends it */
  add(domain: string, context: SecureContext): () => void {
    this.#contexts.set(domain, context);
    return () => {
      if (this.#contexts.get(domain) === context) this.#contexts.delete(domain);
    };
  }

  of(name: string | false): SecureContext | undefined {
    return name === false ? undefined : this.#contexts.get(name.toLowerCase());
  }
}

/**
 * What `ALPNCallback` of a TLS server has to be, so that an authority is answered on the port on which everybody else is served meanwhile.
 * @param others that the server speaks beside; a client that knows none of them is refused
 */
export function answerChallenges(answers: ChallengeAnswers, others: readonly string[]) {
  return function choose(this: unknown, { servername, protocols }: ClientHello): string | undefined {
    if (!protocols.includes(acmeProtocol)) return others.find((each) => protocols.includes(each));
    const context = answers.of(servername);
    if (context === undefined) return undefined;
    (this as TLSSocket).setKeyCert(context);
    return acmeProtocol;
  };
}

/** Before there is a certificate nothing but these questions is answered at the address. @returns closes it */
export async function answerOnly(
  answers: ChallengeAnswers,
  listen: { readonly host: string; readonly port: number },
): Promise<() => Promise<void>> {
  const open = new Set<Socket>();
  const server = createServer(
    {
      ALPNCallback: answerChallenges(answers, []),
      // A client of TLS 1.2 chooses by the certificate before it is asked what it speaks.
      SNICallback: (name, done) => done(null, answers.of(name)),
      handshakeTimeout: 10_000,
    },
    (socket) => socket.on("error", () => {}).end(),
  );
  server.maxConnections = 4096;
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("tlsClientError", () => {});
  await once(server.listen(listen), "listening");
  return async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
}
