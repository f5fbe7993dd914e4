import type { Transport, TransportAnswer } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Says once when a server that has answered before takes no connections, since the client then goes on trying for a while;
 * and what is likely the matter when there is no TLS on the other side.
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
        // A connection that was kept and has ended is opened anew at once.
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

/** A message about a foreign answer names its content type, whose length the other side chooses. */
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
