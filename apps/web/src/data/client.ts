import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import { noTokens } from "@holdfast/api-client/access-tokens";
import { readByIds } from "@holdfast/api-client/answer";
import { ApiClient, type ApiClientOptions } from "@holdfast/api-client/api-client";
import { openFetchTransport } from "@holdfast/api-client/fetch-transport";
import { HoldfastError } from "@holdfast/core/errors";
import { pageHeader } from "@holdfast/protocol/page-header";
import { wait } from "../browser/wait.ts";

/** Attempts per call, to bridge a restart of the server. */
const attemptsMax = 6;
const patienceMs = 30_000;

/** @param prove asks for a proof of identity; only where a person is present */
export function clientOptions(tokens: AccessTokens, prove?: ApiClientOptions["prove"]): ApiClientOptions {
  return {
    transport: openFetchTransport({ server: "" }),
    tokens,
    random: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    retry: { clock: browserClock, wait, attemptsMax, patienceMs },
    readAnswer: readByIds,
    prove,
  };
}

export function openClient(tokens: AccessTokens): ApiClient {
  return new ApiClient(clientOptions(tokens));
}

/** Client for routes without authentication: sign-in, set-up, links. */
export function openPublicClient(): ApiClient {
  return openClient(noTokens(() => new HoldfastError("internal", "This call requires a signed-in account.")));
}

/** Marks calls that lead to a sign-in on this page. The server rejects them if that is impossible. */
export const fromPage = { [pageHeader]: "1" } as const;

const browserClock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
