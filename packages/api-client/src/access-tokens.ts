import type { Clock } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

/** Source of each request's access token. */
export interface AccessTokens {
  /** Returns a token that is believed to be valid. @throws HoldfastError unauthenticated if there is none */
  current(): Promise<string>;
  /** Returns another token after `refused` was rejected; undefined if there is none. */
  renew(refused: string): Promise<string | undefined>;
}

export interface SavedSession {
  readonly accessToken: string;
  /** Expiry in Unix milliseconds. */
  readonly accessTokenEndsMs: number;
  readonly refreshToken: string;
}

/** Storage of a session between runs, supplied by the caller: a file for the command, something else for a browser. */
export interface SessionStore<Session extends SavedSession> {
  read(): Promise<Session | undefined>;
  /** Runs `change` on the stored session while no other process can. Its result is durably saved before this resolves. */
  update(change: (stored: Session | undefined) => Promise<Session | undefined>): Promise<Session | undefined>;
}

/** Uses a personal access token, which cannot be renewed. */
export function fixedToken(token: string): AccessTokens {
  return { current: () => Promise.resolve(token), renew: () => Promise.resolve(undefined) };
}

/** For routes without sign-in. @param notSignedIn returns the error for all others */
export function noTokens(notSignedIn: () => HoldfastError): AccessTokens {
  return { current: () => Promise.reject(notSignedIn()), renew: () => Promise.resolve(undefined) };
}

/** Renewal margin, so that a pending request does not outlive its token. */
const marginMs = 30_000;

/**
 * Tokens of a session. A refresh holds the store's lock and is saved before its access token is used: the server
 * accepts a refresh token's direct predecessor only until the successor was used.
 * @param exchange calls POST /sessions/refresh
 * @param notSignedIn returns the error if nothing is stored
 */
export class SessionTokens<Session extends SavedSession> implements AccessTokens {
  readonly #store: SessionStore<Session>;
  readonly #exchange: (refreshToken: string) => Promise<SavedSession>;
  readonly #clock: Clock;
  readonly #notSignedIn: () => HoldfastError;
  #session: Session | undefined;
  #renewing: Promise<string | undefined> | undefined;

  constructor(
    store: SessionStore<Session>,
    exchange: (refreshToken: string) => Promise<SavedSession>,
    clock: Clock,
    notSignedIn: () => HoldfastError,
  ) {
    this.#store = store;
    this.#exchange = exchange;
    this.#clock = clock;
    this.#notSignedIn = notSignedIn;
  }

  async current(): Promise<string> {
    this.#session ??= await this.#store.read();
    if (this.#session === undefined) throw this.#notSignedIn();
    const { accessToken, accessTokenEndsMs } = this.#session;
    if (this.#clock.nowMs() < accessTokenEndsMs - marginMs) return accessToken;
    return (await this.renew(accessToken)) ?? accessToken;
  }

  /** Requests rejected at the same time share one renewal. */
  renew(refused: string): Promise<string | undefined> {
    this.#renewing ??= this.#renew(refused).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(refused: string): Promise<string | undefined> {
    this.#session = await this.#store.update(async (stored) => {
      if (stored === undefined || stored.accessToken !== refused) return stored;
      return { ...stored, ...(await this.#exchange(stored.refreshToken)) };
    });
    return this.#session?.accessToken;
  }
}
