import type { Clock } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";

export interface AccessTokens {
  /** Token believed to be valid. @throws HoldfastError unauthenticated if there is none */
  current(): Promise<string>;
  /** Token after `refused` was rejected; undefined: none */
  renew(refused: string): Promise<string | undefined>;
}

export interface SavedSession {
  readonly accessToken: string;
  /** Expiry in Unix milliseconds. */
  readonly accessTokenEndsMs: number;
  readonly refreshToken: string;
}

export interface SessionStore<Session extends SavedSession> {
  read(): Promise<Session | undefined>;
  /**
   * Runs `change` on the stored session while no other process can. Its result is durably saved before this resolves.
   */
  update(change: (stored: Session | undefined) => Promise<Session | undefined>): Promise<Session | undefined>;
}

/** A personal access token cannot be renewed. */
export function fixedToken(token: string): AccessTokens {
  return { current: () => Promise.resolve(token), renew: () => Promise.resolve(undefined) };
}

/** For routes without sign-in. @param notSignedIn error for all others */
export function noTokens(notSignedIn: () => HoldfastError): AccessTokens {
  return { current: () => Promise.reject(notSignedIn()), renew: () => Promise.resolve(undefined) };
}

/** A pending request must not outlive its token. */
const marginMs = 30_000;

/**
 * A refresh holds the store's lock and is saved before its access token is used: the server accepts a refresh token's
 * direct predecessor only until the successor was used.
 * @param exchange calls POST /sessions/refresh
 * @param notSignedIn error if nothing is stored
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
