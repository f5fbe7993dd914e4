import { once } from "node:events";
import type { Socket } from "node:net";
import { createServer, type SecureContext, type TLSSocket } from "node:tls";

export interface ClientHello {
  /** Requested name, or empty. */
  readonly servername: string;
  readonly protocols: readonly string[];
}

/** Protocol of the authority's check: https://www.rfc-editor.org/rfc/rfc8737 */
export const acmeProtocol = "acme-tls/1";

/** Certificates for an authority's checks, by name. */
export class ChallengeAnswers {
  readonly #contexts = new Map<string, SecureContext>();

  /** @returns a function that removes it */
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
 * For `ALPNCallback`: authorities and other clients use the same port.
 * @param others other supported protocols; clients without any of them are rejected
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

/** Answers only the authority's checks, while there is no certificate. @returns a function that closes it */
export async function answerOnly(
  answers: ChallengeAnswers,
  listen: { readonly host: string; readonly port: number },
): Promise<() => Promise<void>> {
  const open = new Set<Socket>();
  const server = createServer(
    {
      ALPNCallback: answerChallenges(answers, []),
      // With TLS 1.2, the certificate is selected before the protocol.
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
