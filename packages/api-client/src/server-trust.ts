import { HoldfastError } from "@holdfast/core/errors";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { buildConnector } from "undici";

/** For a server whose certificate the system does not trust. */
export type ServerTrust =
  | { readonly caCert: string }
  /** SHA-256 of the certificate in lower-case hex without colons. Its names and dates do not matter. */
  | { readonly fingerprint: string };

/** Node's codes for a certificate that the system does not trust. */
export const untrusted =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?)$/;

/** No byte of a request is sent before the certificate is accepted. */
export function connectTrusting(
  trust: ServerTrust | undefined,
  timeoutMs: number,
): buildConnector.BuildOptions | buildConnector.connector {
  if (trust === undefined) return { timeout: timeoutMs };
  if ("caCert" in trust) return { timeout: timeoutMs, ca: trust.caCert };
  // A resumed session shows no certificate.
  const connect = buildConnector({ timeout: timeoutMs, rejectUnauthorized: false, maxCachedSessions: 0 });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const shown = fingerprintOf(socket);
      if (shown === trust.fingerprint) return callback(null, socket);
      socket.destroy();
      callback(changedCertificate(shown), null);
    });
}

/** Same form as in `ServerTrust`; undefined without a certificate or TLS. */
export function fingerprintOf(socket: Socket): string | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate?.fingerprint256.replaceAll(":", "").toLowerCase();
}

function changedCertificate(shown: string | undefined): HoldfastError {
  const now = shown === undefined ? "It presented none" : `It presented one with the fingerprint SHA256:${shown}`;
  return new HoldfastError(
    "unreachable",
    `The server's certificate is not the one that this login trusts. ${now}. If the server has a new certificate, sign in again with it. If not, someone may be intercepting the connection.`,
    { body: { network: "CERT_CHANGED" } },
  );
}
