import type { Clock } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

/** Where the bearer of each request comes from. */
export interface AccessTokens {
  /** One that is believed to work now. @throws HoldfastError unauthenticated when there is none */
  current(): Promise<string>;
  /** Another one after `refused` was refused; undefined where there is none to be had. */
  renew(refused: string): Promise<string | undefined>;
}

export interface SavedSession {
  readonly accessToken: string;
  /** Unix milliseconds at which it ends. */
  readonly accessTokenEndsMs: number;
  readonly refreshToken: string;
}

/** Where a session is kept between runs. Given from outside: a file for the command, something else for a browser. */
export interface SessionStore<Session extends SavedSession> {
  read(): Promise<Session | undefined>;
  /**
   * Runs `change` while no other process can, on what is stored then, and has saved what it returns durably before it
   * resolves.
   */
  update(change: (stored: Session | undefined) => Promise<Session | undefined>): Promise<Session | undefined>;
}

/** A personal access token: it is what it is. */
export function fixedToken(token: string): AccessTokens {
  return { current: () => Promise.resolve(token), renew: () => Promise.resolve(undefined) };
}

/** For the routes that need none. @param notSignedIn what any other is refused with; the words are its caller's */
export function noTokens(notSignedIn: () => HoldfastError): AccessTokens {
  return { current: () => Promise.reject(notSignedIn()), renew: () => Promise.resolve(undefined) };
}

/** Renewed this long before its end, so that a request under way does not outlive it. */
const marginMs = 30_000;

/**
 * The tokens of a session. A refresh happens under the store's lock and is saved before its access token is used: the
 * server takes a refresh token's direct predecessor only until the successor was used.
 * @param exchange calls POST /sessions/refresh
 * @param notSignedIn what it throws where nothing is stored
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

  /** Requests that are refused together share one renewal. */
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
