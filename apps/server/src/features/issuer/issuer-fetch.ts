import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { isPublicAddress } from "../webhooks/public-address.ts";

export interface IssuerNetwork {
  readonly resolve: (hostname: string) => Promise<readonly { readonly address: string; readonly family: number }[]>;
  readonly isAllowed: (hostname: string, address: string) => boolean;
  readonly timeoutMs: number;
  readonly bytesMax: number;
}

/**
 * The operator chose the issuer's host, so it may have any address. Other hosts in the issuer's description need public
 * addresses, unless the setting allows private ones.
 */
export function issuerNetwork(issuer: string, allowPrivate: boolean): IssuerNetwork {
  const own = new URL(issuer).hostname;
  return {
    resolve: (hostname) => lookup(hostname, { all: true }),
    isAllowed: (hostname, address) => allowPrivate || hostname === own || isPublicAddress(address),
    timeoutMs: limits.outsideAnswerMs,
    bytesMax: limits.outsideAnswerBytesMax,
  };
}

interface Asked {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

/**
 * Limits total time and bytes, follows no redirects, and checks a name's address when it connects.
 * @throws HoldfastError unavailable with the reason
 */
export async function issuerFetch(network: IssuerNetwork, text: string, asked: Asked): Promise<Response> {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0 && !network.isAllowed(url.hostname, host)) throw failed(notAllowed(url));
  const signal = AbortSignal.timeout(network.timeoutMs);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const { method = "GET", headers } = asked;
  const options = {
    method,
    agent: false,
    headers: { ...headers, "accept-encoding": "identity", connection: "close" },
    lookup: checkedLookup(network, url),
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => {
      const words = signal.aborted ? `${url.origin} did not answer in time.` : `${url.origin}: ${error.message}`;
      reject(error instanceof HoldfastError ? error : failed(words, error));
    };
    const sent = request(url, options, (response) => {
      takeAnswer(response, network.bytesMax, url).then(resolve, refuse);
    });
    sent.on("error", refuse);
    sent.end(bodyOf(asked.body));
  });
}

async function takeAnswer(response: IncomingMessage, bytesMax: number, { origin }: URL): Promise<Response> {
  const { statusCode: status = 500 } = response;
  if (status >= 300 && status < 400) {
    response.destroy();
    throw failed(`${origin} returned ${status}; redirects are not followed.`);
  }
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    sizeBytes += part.length;
    // Leaving the loop destroys the response.
    if (sizeBytes > bytesMax) throw failed(`The response of ${origin} is larger than ${bytesMax} bytes.`);
    parts.push(part);
  }
  const body = [101, 204, 205].includes(status) ? null : Buffer.concat(parts);
  const type = response.headers["content-type"];
  const challenge = response.headers["www-authenticate"];
  return new Response(body, {
    status: Math.max(200, status),
    headers: {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
    },
  });
}

function bodyOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === "string" || body instanceof URLSearchParams) return body.toString();
  throw new HoldfastError("internal", "Only forms and text are sent to an issuer.");
}

/** Connects only to the checked addresses. */
function checkedLookup({ resolve, isAllowed }: IssuerNetwork, url: URL): LookupFunction {
  return (hostname, { all }, callback) => {
    const answer = async (): Promise<void> => {
      const found = await resolve(hostname).catch((error: unknown) => error as Error);
      const [first, ...others] =
        found instanceof Error ? [] : found.filter(({ address }) => isAllowed(url.hostname, address));
      if (first === undefined) callback(found instanceof Error ? found : failed(notAllowed(url)), "", 0);
      else if (all === true) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    };
    void answer();
  };
}

function notAllowed({ hostname }: URL): string {
  return `The issuer's description names ${hostname}, which has a private address; private_addresses of HOLDFAST_OIDC allows it.`;
}

function failed(message: string, cause?: Error): HoldfastError {
  return new HoldfastError("unavailable", message, cause === undefined ? {} : { cause });
}
