import { connect, type TLSSocket } from "node:tls";
import { received } from "@holdfast/api-client/answer";
import { fingerprintOf, type ServerTrust, untrusted } from "@holdfast/api-client/server-trust";
import type { TransportAnswer } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import { openTransport } from "./connection.ts";
import { noticedIfSlow } from "./slow-answer.ts";

const answerBytesMax = 64 * 1024;
const handshakeTimeoutMs = 10_000;

/** @throws HoldfastError unreachable, with advice */
export async function lookAtServer(
  server: string,
  trust: ServerTrust | undefined,
  onSlow: (host: string) => void,
): Promise<void> {
  const transport = openTransport(server, { trust });
  try {
    const request = {
      method: "GET",
      path: "/api/v1/account",
      headers: {},
      body: undefined,
      signal: undefined,
    } as const;
    const ask = async (): Promise<void> => {
      const answer = await transport.send(request);
      if (!isRefusal(await readText(answer.body))) throw otherServer(server, answer);
    };
    await noticedIfSlow(ask, () => onSlow(new URL(server).host));
  } catch (thrown) {
    throw (await explain(server, thrown)) ?? thrown;
  } finally {
    await transport.close();
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > answerBytesMax) return "";
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** Without a login, every Holdfast server responds with a problem that has a code. */
function isRefusal(text: string): boolean {
  try {
    return typeof (JSON.parse(text) as { code?: unknown } | null)?.code === "string";
  } catch {
    return false;
  }
}

function otherServer(server: string, answer: TransportAnswer): HoldfastError {
  return new HoldfastError(
    "unreachable",
    `The server at ${server} is not a Holdfast server (it answered ${received(answer)}). Check the address and the port.`,
  );
}

async function explain(server: string, thrown: unknown): Promise<HoldfastError | undefined> {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "unreachable") return undefined;
  const network = String(thrown.body["network"]);
  if (network === "CERT_CHANGED") return otherCertificate(server, thrown);
  if (server.startsWith("https:")) return untrusted.test(network) ? selfSigned(server, thrown) : undefined;
  // A server that expects TLS closes a plain connection in various ways.
  if (!/^(UND_ERR_SOCKET|ECONNRESET|HPE_|EPIPE)/.test(network)) return undefined;
  return (await shownFingerprint(server)) === undefined ? undefined : withTls(server, thrown);
}

function withColons(fingerprint: string): string {
  return fingerprint.toUpperCase().match(/../g)?.join(":") ?? "";
}

async function otherCertificate(server: string, cause: unknown): Promise<HoldfastError> {
  const shown = await shownFingerprint(server);
  const found =
    shown === undefined
      ? `${server} presented no certificate. Is its address https://?`
      : `The certificate of ${server} has the fingerprint SHA256:${shown}, not the one given with --fingerprint. Compare it with the one that the server prints when it starts. If they differ, someone may be intercepting the connection.`;
  return new HoldfastError("unreachable", found, { cause, body: { network: "CERT_CHANGED" } });
}

async function selfSigned(server: string, cause: unknown): Promise<HoldfastError> {
  const fingerprint = await shownFingerprint(server);
  const shown =
    fingerprint === undefined
      ? ""
      : ` Its fingerprint is SHA256:${fingerprint}, as openssl shows it: ${withColons(fingerprint)}.`;
  const ways = `--ca-cert FILE${fingerprint === undefined ? "" : ` or --fingerprint SHA256:${fingerprint}`}`;
  return new HoldfastError(
    "unreachable",
    `The certificate of ${server} is not signed by an authority that this computer trusts.${shown} If you know that it is the server's own ('openssl x509 -noout -fingerprint -sha256 -in FILE' shows it there), sign in with ${ways}.`,
    { cause, body: { network: "UNTRUSTED" } },
  );
}

function withTls(server: string, cause: unknown): HoldfastError {
  const address = server.replace(/^http:/, "https:");
  return new HoldfastError("unreachable", `The server at ${server} uses TLS: its address is ${address}.`, {
    cause,
    body: { network: "TLS" },
  });
}

/** Sends no request. @returns undefined without TLS */
async function shownFingerprint(server: string): Promise<string | undefined> {
  const { hostname, port } = new URL(server);
  const host = hostname.replace(/^\[|\]$/g, "");
  const usualPort = server.startsWith("https:") ? 443 : 80;
  let socket: TLSSocket | undefined;
  try {
    return await new Promise((resolve, reject) => {
      const connecting = connect({
        host,
        port: port === "" ? usualPort : Number(port),
        ...(/[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {}),
        rejectUnauthorized: false,
      });
      socket = connecting;
      connecting.setTimeout(handshakeTimeoutMs, () => connecting.destroy(new Error("It took too long.")));
      connecting.once("secureConnect", () => resolve(fingerprintOf(connecting)));
      connecting.once("error", reject);
      connecting.once("close", () => reject(new Error("It was closed.")));
    });
  } catch {
    return undefined;
  } finally {
    socket?.destroy();
  }
}
