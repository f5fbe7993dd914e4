import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import { noTokens } from "@holdfast/api-client/access-tokens";
import { readByIds } from "@holdfast/api-client/answer";
import { ApiClient, type ApiClientOptions } from "@holdfast/api-client/api-client";
import { openFetchTransport } from "@holdfast/api-client/fetch-transport";
import { HoldfastError } from "@holdfast/core/errors";
import { pageHeader } from "@holdfast/protocol/page-header";
import { wait } from "./wait.ts";

/** Of a call: a server that is starting again is waited for. */
const attemptsMax = 6;
const patienceMs = 30_000;

/** Calls the server that this page came from. @param prove where a person is there to ask */
export function openClient(tokens: AccessTokens, prove?: ApiClientOptions["prove"]): ApiClient {
  return new ApiClient({
    transport: openFetchTransport({ server: "" }),
    tokens,
    random: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    retry: { clock: browserClock, wait, attemptsMax, patienceMs },
    readAnswer: readByIds,
    prove,
  });
}

/** For the routes that anybody may call: signing in, set-up, links. */
export function openPublicClient(): ApiClient {
  return openClient(
    noTokens(() => new HoldfastError("internal", "This call needs somebody who is signed in, and is made by nobody.")),
  );
}

/** For calls after which somebody is to sign in here: the server refuses them where that could not be. */
export const fromPage = { [pageHeader]: "1" } as const;

const browserClock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
