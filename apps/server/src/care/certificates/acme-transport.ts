import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { rootCertificates } from "node:tls";
import { HoldfastError } from "@holdfast/core/errors";
import { readProblem, toAuthorityError } from "./authority-error.ts";

/** The used part of an axios adapter's types. */
export interface AcmeRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly headers?: { toJSON(): unknown } | undefined;
  readonly data?: unknown;
}

export interface AcmeTransportOptions {
  /** For the authority's own server, in PEM. */
  readonly rootCertificate: string | undefined;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 30_000;
const answerBytesMax = 1_000_000;

/**
 * The library's own transport waits as long as the authority demands before it reports a rate limit, and loses the
 * problem's type. Here each call uses TLS, is limited in time and size, and reports the authority's text.
 */
export function acmeTransport(options: AcmeTransportOptions) {
  return async (asked: AcmeRequest) => {
    const { status, headers, text } = await exchange(asked, options);
    const problem = status >= 400 ? readProblem(text) : undefined;
    // The library retries with the nonce of this response.
    if (problem?.type === "badNonce") return answered(asked, status, headers, text);
    if (status >= 400) throw toAuthorityError(problem ?? { type: `${status}`, detail: "" }, headers["retry-after"]);
    return answered(asked, status, headers, text);
  };
}

interface Exchanged {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

function answered<Asked>(config: Asked, status: number, headers: Exchanged["headers"], data: string) {
  return { status, statusText: "", headers, data, config };
}

async function exchange(asked: AcmeRequest, options: AcmeTransportOptions): Promise<Exchanged> {
  const { url = "", method = "get", headers, data } = asked;
  if (!URL.canParse(url) || new URL(url).protocol !== "https:") {
    throw new HoldfastError("failed", "The certificate authority returned an address that does not use https.");
  }
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await new Promise<Exchanged>((resolve, reject) => {
      const sent = request(url, {
        method: method.toUpperCase(),
        headers: { ...(headers?.toJSON() as Record<string, string>), "user-agent": options.userAgent },
        agent: false,
        signal,
        ...(options.rootCertificate === undefined ? {} : { ca: [...rootCertificates, options.rootCertificate] }),
      });
      sent.once("error", reject);
      sent.once("response", (answer) => {
        readText(answer).then(
          (text) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
          reject,
        );
      });
      sent.end(typeof data === "string" ? data : undefined);
    });
  } catch (error) {
    throw new HoldfastError("unreachable", unreachable(url, error), { cause: error });
  }
}

async function readText(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    sizeBytes += piece.length;
    if (sizeBytes > answerBytesMax) {
      answer.destroy();
      throw new HoldfastError("failed", `its answer is longer than ${answerBytesMax} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

const ownRoots = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
]);

function unreachable(url: string, error: unknown): string {
  const { code = "", message, name } = error as NodeJS.ErrnoException;
  const said = `The authority at ${new URL(url).host} cannot be reached: ${name === "TimeoutError" ? `no answer within ${timeoutMs / 1000} s` : message}.`;
  if (ownRoots.has(code)) return `${said} If it is your own authority, set HOLDFAST_ACME_CA to its root certificate.`;
  return `${said} Check that this machine has internet access. The server will retry.`;
}
