import { type ServerTrust, untrusted } from "@holdfast/api-client/server-trust";
import type { Transport, TransportRequest } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";

/** @returns undefined if there is no login of this server */
export type ReadTrust = () => Promise<{ readonly trust: ServerTrust | undefined } | undefined>;

/**
 * If the server is unreachable, the login is read again: a person may have signed in with the new certificate during a
 * sync. A request that failed only because of the certificate is repeated once.
 */
export function followingTrust(
  open: (trust: ServerTrust | undefined) => Transport,
  first: ServerTrust | undefined,
  readTrust: ReadTrust,
): Transport {
  let trusted = first;
  let current = open(first);
  const replaced = new Set<Transport>();
  let closing: Promise<void> | undefined;
  const follow = async (used: Transport): Promise<boolean> => {
    const login = await readTrust();
    if (current !== used) return true;
    if (closing !== undefined || login === undefined || isSame(login.trust, trusted)) return false;
    trusted = login.trust;
    current = open(trusted);
    // Requests may still use the old transport.
    replaced.add(used);
    return true;
  };
  return {
    send: async (request) => {
      const used = current;
      try {
        return await used.send(request);
      } catch (thrown) {
        const network = networkCode(thrown);
        if (network === undefined || !(await follow(used))) throw thrown;
        if (!isOfCertificate(network) || !canBeSentAgain(request)) throw thrown;
        return current.send(request);
      }
    },
    close: () => {
      closing ??= Promise.all([current, ...replaced].map((each) => each.close())).then(() => undefined);
      return closing;
    },
  };
}

function networkCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") return undefined;
  return String(thrown.body["network"]);
}

/** No byte of the request was sent before a certificate error. */
function isOfCertificate(network: string): boolean {
  return untrusted.test(network) || /^(CERT_|ERR_TLS_CERT_)/.test(network);
}

/** An iterated body may have been partly consumed. */
function canBeSentAgain({ body }: TransportRequest): boolean {
  return body === undefined || typeof body === "string" || Array.isArray(body) || body instanceof Blob;
}

function isSame(one: ServerTrust | undefined, other: ServerTrust | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
