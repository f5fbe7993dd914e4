import type { Transport, TransportAnswer } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Reports once that a server that responded before accepts no connections, because retries continue for a while. Also
 * explains errors of a server without TLS.
 */
export function watchedTransport(transport: Transport, server: string, onSilence: () => void): Transport {
  let answered = false;
  let said = false;
  let closed = false;
  return {
    close: () => {
      closed = true;
      return transport.close();
    },
    send: async (request) => {
      try {
        const answer = await transport.send(request);
        answered = true;
        return withShortType(answer);
      } catch (thrown) {
        const code = networkCode(thrown);
        if (code === undefined) throw thrown;
        if (isWithoutTls(code)) throw withoutTls(thrown, server);
        // A kept connection that has ended is opened again immediately.
        if (answered && !said && !closed && !/^(UND_ERR_SOCKET|ECONNRESET|EPIPE)/.test(code)) {
          said = true;
          onSilence();
        }
        throw thrown;
      }
    },
  };
}

const typeLengthMax = 100;

/** Shortens the content type, which error messages quote and whose length the server chooses. */
function withShortType(answer: TransportAnswer): TransportAnswer {
  const header = (name: string): string | undefined => {
    const value = answer.header(name);
    if (name !== "content-type" || value === undefined || value.length <= typeLengthMax) return value;
    return `${value.slice(0, typeLengthMax - 1)}…`;
  };
  return { status: answer.status, header, body: answer.body };
}

function networkCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") return undefined;
  return String(thrown.body["network"]);
}

function isWithoutTls(code: string): boolean {
  return code === "EPROTO" || /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)/.test(code);
}

function withoutTls(cause: unknown, server: string): HoldfastError {
  const plain = server.replace(/^https:/, "http:");
  const message = `The server at ${new URL(server).host} does not use TLS: use ${plain}.`;
  return new HoldfastError("unreachable", message, { cause, body: { network: "EPROTO" } });
}
