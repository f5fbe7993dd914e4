import { createHmac } from "node:crypto";
import { lookup } from "node:dns/promises";
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { isPublicAddress } from "./public-address.ts";

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface WebhookNetwork {
  readonly resolve: (hostname: string) => Promise<readonly Address[]>;
  readonly isAllowed: (address: string) => boolean;
  readonly timeoutMs: number;
}

export function webhookNetwork({ allowPrivate }: { readonly allowPrivate: boolean }): WebhookNetwork {
  return {
    resolve: (hostname) => lookup(hostname, { all: true }),
    isAllowed: allowPrivate ? () => true : isPublicAddress,
    timeoutMs: limits.webhookTimeoutMs,
  };
}

export interface WebhookRequest {
  readonly url: string;
  readonly secret: Buffer;
  readonly body: string;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/**
 * Sends one signed request and expects 2xx. Follows no redirects and reads only the response's head. Looks the address
 * up once and checks it when it connects, against DNS rebinding.
 * @throws HoldfastError unavailable with the reason
 */
export async function sendWebhook(network: WebhookNetwork, asked: WebhookRequest): Promise<void> {
  const over = AbortSignal.any([asked.signal, AbortSignal.timeout(network.timeoutMs)]);
  const status = await statusOf(network, asked, over);
  if (status >= 200 && status < 300) return;
  const why = status >= 300 && status < 400 ? "; redirects are not followed" : "";
  throw failed(`The response was ${status}${why}.`);
}

/** @throws HoldfastError invalid_field for a URL that is not allowed */
export function checkWebhookUrl(text: string, { isAllowed }: Pick<WebhookNetwork, "isAllowed">): string {
  const refuse = (message: string) => new HoldfastError("invalid_field", message, { field: "url" });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw refuse("It must look like https://example.com/path.");
  }
  if (url.username !== "" || url.password !== "") throw refuse("It must not contain a user name or a password.");
  if (url.hash !== "") throw refuse("It must not contain a # part, which is never sent.");
  const literal = literalOf(url);
  if (literal !== undefined && !isAllowed(literal)) throw refuse(notAllowed);
  return url.href;
}

const notAllowed =
  "Webhooks cannot use an address of this machine or of a private network unless HOLDFAST_WEBHOOK_PRIVATE=true.";

function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

async function statusOf(network: WebhookNetwork, asked: WebhookRequest, signal: AbortSignal): Promise<number> {
  const url = new URL(asked.url);
  const literal = literalOf(url);
  if (literal !== undefined && !network.isAllowed(literal)) throw failed(notAllowed);
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  const options = {
    method: "POST",
    agent: false,
    headers: headersOf(asked),
    lookup: checkedLookup(network),
    signal,
  } as const;
  return new Promise((resolve, reject) => {
    const sent: ClientRequest = request(url, options, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sent.on("error", (error) => {
      const late = signal.aborted && !asked.signal.aborted ? "It did not answer in time." : error.message;
      reject(error instanceof HoldfastError ? error : failed(late, error));
    });
    sent.end(asked.body);
  });
}

function headersOf({ body, secret, nowMs }: WebhookRequest): Record<string, string> {
  const seconds = Math.floor(nowMs / 1000);
  const mac = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
    "user-agent": "Holdfast-Webhook/1",
    connection: "close",
    "holdfast-signature": `t=${seconds},v1=${mac}`,
  };
}

/** Connects only to the checked addresses. */
function checkedLookup(network: WebhookNetwork): LookupFunction {
  return (hostname, { all }, callback) => {
    const answer = async (): Promise<void> => {
      const found = await lookUpAllowed(network, hostname);
      if (found instanceof Error) callback(found, "", 0);
      else if (all === true) callback(null, found);
      else callback(null, found[0].address, found[0].family);
    };
    void answer();
  };
}

/** @returns allowed addresses, or the reason why there are none */
async function lookUpAllowed(
  { resolve, isAllowed }: WebhookNetwork,
  hostname: string,
): Promise<[Address, ...Address[]] | Error> {
  try {
    const [first, ...others] = (await resolve(hostname)).filter(({ address }) => isAllowed(address));
    return first === undefined ? failed(notAllowed) : [first, ...others];
  } catch (error) {
    return error as Error;
  }
}

function failed(message: string, cause?: Error): HoldfastError {
  return new HoldfastError("unavailable", message, cause === undefined ? {} : { cause });
}
