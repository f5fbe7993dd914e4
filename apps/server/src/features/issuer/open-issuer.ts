import { HoldfastError } from "@holdfast/core/errors";
import type * as openidClient from "openid-client";
import { limits } from "@holdfast/core/limits";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { OidcSettings } from "../../base/config/issuer-settings.ts";
import { type Claims, readClaims } from "./claims.ts";
import { issuerFetch, type IssuerNetwork, issuerNetwork } from "./issuer-fetch.ts";
import { type Leaving, type Purpose, readLeaving, sealLeaving } from "./leaving.ts";

type Client = typeof openidClient;
type Configuration = openidClient.Configuration;
type World = Pick<AccountWorld, "secrets" | "clock" | "random">;

/** Loads and requests nothing before the first sign-in. */
export interface Issuer {
  readonly settings: OidcSettings;
  /**
   * @returns the browser's URL, and the state that it keeps
   * @throws HoldfastError unavailable
   */
  begin(world: World, asked: BeginRequest): Promise<{ url: string; kept: string }>;
  /**
   * Handles the browser's return.
   * @param guard limits requests to the issuer, because anyone can invent codes
   * @throws HoldfastError unauthenticated if the response does not match `kept` or the issuer rejects it; unavailable
   */
  finish(world: World, answer: IssuerAnswer, kept: string | undefined, guard?: Guard): Promise<Finished>;
  /** @throws HoldfastError unavailable if the issuer does not respond with its description */
  look(): Promise<void>;
}

export interface BeginRequest {
  readonly purpose: Purpose;
  readonly redirectUri: string;
  readonly returnTo: string;
}

export interface IssuerAnswer {
  readonly code: string;
  readonly state: string;
  readonly iss?: string | undefined;
}

export interface Finished {
  readonly leaving: Leaving;
  readonly claims: Claims;
}

export type Guard = <Result>(ask: () => Promise<Result>) => Promise<Result>;

const describedMs = 60 * 60_000;

export function openIssuer(
  settings: OidcSettings,
  network: IssuerNetwork = issuerNetwork(settings.issuer, settings.privateAddresses),
): Issuer {
  const atOnce = bounded(limits.outsideAtOnceMax);
  let known: { readonly config: Configuration; readonly readMs: number } | undefined;
  let reading: Promise<Configuration> | undefined;
  const read = () =>
    atOnce(settings.name, async (client) => {
      const config = await discover(client, settings, network);
      known = { config, readMs: performance.now() };
      return config;
    });
  // Waiting callers share one request.
  const describe = (): Promise<Configuration> => {
    if (known !== undefined && performance.now() - known.readMs < describedMs) return Promise.resolve(known.config);
    reading ??= read().finally(() => (reading = undefined));
    return reading;
  };
  return {
    settings,
    // Not limited, because it sends no user request to the issuer.
    begin: (world, asked) =>
      inWords(settings.name, async (client) => {
        const config = await describe();
        const verifier = client.randomPKCECodeVerifier();
        const [state, nonce] = [client.randomState(), client.randomNonce()];
        const url = client.buildAuthorizationUrl(config, {
          redirect_uri: asked.redirectUri,
          scope: settings.scopes.join(" "),
          response_mode: "query",
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: "S256",
          state,
          nonce,
          ...askedOf(asked.purpose),
        });
        return { url: url.href, kept: sealLeaving(world, { ...asked, verifier, state, nonce }) };
      }),
    finish: async (world, answer, kept, guard = (ask) => ask()) => {
      // Checked first, so that strangers cannot cause requests.
      const leaving = readLeaving(world, kept, answer.state);
      return guard(async () => {
        const config = await describe();
        const ask = (client: Client) => exchange(client, { config, settings }, leaving, answer);
        return { leaving, claims: await atOnce(settings.name, ask) };
      });
    },
    look: () =>
      atOnce(settings.name, async (client) => {
        await discover(client, settings, network);
      }),
  };
}

/**
 * A maximum age makes the issuer send `auth_time`. For a sign-in, it is a session's lifetime here, so that few users
 * must authenticate again. A proof always requires a new authentication.
 */
function askedOf(purpose: Purpose): Record<string, string> {
  if (purpose === "sign-in") return { max_age: String(limits.refreshTokenLifetimeMs / 1000) };
  return purpose.startsWith("prove ") ? { prompt: "login", max_age: "0" } : {};
}

async function discover(client: Client, settings: OidcSettings, network: IssuerNetwork): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = settings;
  const auth = clientSecret === undefined ? client.None() : undefined;
  // The settings allow http only for this machine; otherwise the URLs in the issuer's description must be https.
  const isPlain = issuer.startsWith("http:");
  return client.discovery(new URL(issuer), clientId, clientSecret, auth, {
    // Checks the issuer's signature although the response came over TLS.
    // oxlint-disable-next-line typescript/no-deprecated -- it is marked so that nobody overlooks it
    execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
    timeout: limits.outsideAnswerMs / 1000,
    [client.customFetch]: (url, options) => issuerFetch(network, url, options),
  });
}

interface Known {
  readonly config: Configuration;
  readonly settings: OidcSettings;
}

async function exchange(client: Client, known: Known, leaving: Leaving, answer: IssuerAnswer): Promise<Claims> {
  const { config, settings } = known;
  const url = new URL(leaving.redirectUri);
  const { code, state, iss } = answer;
  for (const [name, value] of Object.entries({ code, state, iss }))
    if (typeof value === "string") url.searchParams.set(name, value);
  const tokens = await client.authorizationCodeGrant(config, url, {
    pkceCodeVerifier: leaving.verifier,
    expectedState: leaving.state,
    expectedNonce: leaving.nonce,
    idTokenExpected: true,
  });
  const idClaims = tokens.claims();
  if (idClaims === undefined)
    throw new HoldfastError("unauthenticated", "The issuer's response does not name the issuer.");
  const hasMore = config.serverMetadata().userinfo_endpoint !== undefined;
  const more: Readonly<Record<string, unknown>> = hasMore
    ? await client.fetchUserInfo(config, tokens.access_token, idClaims.sub)
    : {};
  // The verified flag applies only to the address in the same source.
  const { email, email_verified } = idClaims["email"] === undefined ? more : idClaims;
  // The time of authentication counts only from the sign-in itself.
  return readClaims({ ...more, ...idClaims, email, email_verified, auth_time: idClaims["auth_time"] }, settings);
}

function bounded(max: number) {
  let running = 0;
  return async <Result>(name: string, act: (client: Client) => Promise<Result>): Promise<Result> => {
    if (running >= max)
      throw new HoldfastError(
        "unavailable",
        `Too many people are signing in through ${name} at the same time. Try again in a moment.`,
        {
          retryAfterSeconds: 5,
        },
      );
    running += 1;
    try {
      return await inWords(name, act);
    } finally {
      running -= 1;
    }
  };
}

/** Loads the library on first use. Replaces its errors, so that the issuer's own texts never appear. */
async function inWords<Result>(name: string, act: (client: Client) => Promise<Result>): Promise<Result> {
  try {
    return await act(await import("openid-client"));
  } catch (thrown) {
    throw refusalOf(name, thrown);
  }
}

function refusalOf(name: string, thrown: unknown): HoldfastError {
  const found = unavailableIn(thrown);
  if (found !== undefined) return found;
  if (thrown instanceof HoldfastError) return thrown;
  const message = `The response of ${name} is not valid. Start the sign-in again. If the problem remains, contact your administrator.`;
  return new HoldfastError("unauthenticated", message, { cause: thrown as Error });
}

/** The library wraps errors of its fetch. */
function unavailableIn(thrown: unknown): HoldfastError | undefined {
  for (let at: unknown = thrown; at instanceof Error; at = at.cause) {
    if (at instanceof HoldfastError && at.code === "unavailable") return at;
  }
  return undefined;
}
