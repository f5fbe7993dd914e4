import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { makeListeners } from "../browser/listeners.ts";
import { type SessionEvent, type SessionState, sessionSteps } from "./session-state.ts";
import type { Tabs } from "./tabs.ts";

/** Address and password, with a code or passkey if a second factor is on. Or only a passkey. */
export interface Credentials {
  /** Restores an account that its owner deleted. */
  readonly keep_account?: boolean;
  readonly email?: string;
  readonly password?: string;
  readonly totp?: string;
  readonly passkey?: PasskeyAssertion;
}

export interface SessionParts {
  /** Unauthenticated. */
  readonly client: ApiClient;
  readonly tabs: Tabs;
  readonly nowMs: () => number;
  readonly wait: (delayMs: number) => Promise<unknown>;
  readonly lastAccount: LastAccount;
  readonly leaving: Leaving;
}

/**
 * Account whose data this browser stores, which all tabs share. A session may end while the app is closed. Decides
 * which session is the newest, because a frozen tab sends and receives messages late, or never.
 */
export interface LastAccount {
  read(): string | undefined;
  /** Session in which the account signed in last; undefined: stored by an earlier version of the app. */
  readSession(): string | undefined;
  /** True if nothing is stored, not even a sign-out. */
  isLost(): boolean;
  write(account: string | undefined, session?: string): void;
}

/** Sign-out that the server has not received. Its cookie would sign the account in again. */
export interface Leaving {
  read(): boolean;
  write(leaving: boolean): void;
}

interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

interface Token {
  readonly text: string;
  /** Unix milliseconds. */
  readonly endsMs: number;
}

type TabMessage =
  | { readonly kind: "who" }
  | { readonly kind: "token"; readonly token: Token }
  | { readonly kind: "expired"; readonly token: string };

/** Renewed early, so that the token does not expire during a request. */
const marginMs = 30_000;
/** Time within which an open tab answers. */
const answerMs = 60;
/** here: in this tab. replaced: another account signed in in another tab, so the stored data is that account's. */
type EndPlace = "here" | "elsewhere" | "replaced";
/** @param signedOut undefined: another account signed in */
type CleanUp = (signedOut: string | undefined, where: EndPlace) => unknown;

const lockName = "holdfast-session";
/** Separate from the lock of renewals, which may be held for minutes. */
const signInLockName = "holdfast-sign-in";
const signInWaitMs = 10_000;

/**
 * The browser's session. Tabs share the access token in memory; scripts cannot read the refresh cookie. After an
 * expiry, calls wait for the next sign-in, so started work is not lost.
 */
export class Session implements AccessTokens {
  readonly #parts: SessionParts;
  #state: SessionState = "starting";
  #token: Token | undefined;
  /** Kept after the session expired. Before the server was asked, the last known account. */
  #account: string | undefined;
  /** Kept after the session ended. */
  #session: string | undefined;
  #renewing: Promise<void> | undefined;
  /** New calls would be refused. */
  #isEnding = false;
  readonly #cleanUps = new Set<CleanUp>();
  readonly #leavers = new Set<() => void>();
  readonly #questions = new Set<() => Promise<boolean>>();
  readonly #listeners = makeListeners();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#account = parts.lastAccount.read();
    parts.tabs.listen((message) => this.#hear(message as TabMessage));
  }

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): SessionState => this.#state;

  /** Account of the session, also after it expired. Otherwise, the last known account. */
  get account(): string | undefined {
    return this.#account ?? this.#parts.lastAccount.read();
  }

  /** Registers a clean-up for this tab, when any tab signs out or another account signs in. @returns removes it */
  onEnd(cleanUp: CleanUp): () => void {
    this.#cleanUps.add(cleanUp);
    return () => this.#cleanUps.delete(cleanUp);
  }

  /**
   * Registers a check for unsaved work before this tab signs out.
   * @param mayLeave resolves to false to stay signed in
   * @returns removes it
   */
  onSignOut(mayLeave: () => Promise<boolean>): () => void {
    this.#questions.add(mayLeave);
    return () => this.#questions.delete(mayLeave);
  }

  /** Registers a function that ends open requests before the sign-out, which would be refused. @returns removes it */
  onLeaving(stop: () => void): () => void {
    this.#leavers.add(stop);
    return () => this.#leavers.delete(stop);
  }

  /** Checks if this browser is signed in. @throws HoldfastError unreachable */
  async start(): Promise<SessionState> {
    if (this.#state === "starting" && this.#parts.leaving.read()) await this.signOut().catch(() => {});
    if (this.#state === "starting") await this.#renewOnce(undefined);
    return this.#state;
  }

  /** @throws HoldfastError unauthenticated for wrong credentials, or another error of the server */
  signIn(credentials: Credentials): Promise<void> {
    const asksOnce = (credentials.totp ?? credentials.passkey) !== undefined;
    return this.begin(() => this.#parts.client.call("createWebSession", { body: { ...credentials }, asksOnce }));
  }

  /** Starts a session. No other tab completes a sign-out meanwhile, which would remove the new cookie. */
  async begin(ask: () => Promise<TokenAnswer>): Promise<void> {
    const start = async () => this.#share(await ask());
    const limit = AbortSignal.timeout(signInWaitMs);
    await this.#parts.tabs.alone(signInLockName, start, limit).catch((thrown: unknown) => {
      // A tab that hangs must not prevent the sign-in.
      if (thrown !== limit.reason) throw thrown;
      return start();
    });
  }

  /**
   * Signs out on the server first, because the cookie would sign the account in again. Without an answer, all data
   * except the cookie is deleted, and the state stays `leaving` until the next call.
   * @param before runs after all checks have agreed
   * @returns false if the person stays signed in
   * @throws HoldfastError unreachable, or another error of the server
   */
  async signOut(before?: () => Promise<unknown>): Promise<boolean> {
    for (const mayLeave of this.#questions) if (!(await mayLeave())) return false;
    if (before !== undefined) await before();
    const { leaving, tabs } = this.#parts;
    if (!leaving.read()) await this.#leave();
    // Another tab may have signed out or in before the lock is free.
    else await tabs.alone(signInLockName, async () => leaving.read() && this.#leave());
    return true;
  }

  async #leave(): Promise<void> {
    const { account } = this;
    const session = this.#parts.lastAccount.readSession();
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token.text}` };
    this.#isEnding = true;
    for (const stop of this.#leavers) stop();
    // No retries, to learn the outcome quickly.
    const failure = await this.#parts.client
      .call("deleteWebSession", { headers: authorization, asksOnce: true })
      .then(() => undefined, toHoldfastError);
    // Another tab has ended or replaced the session.
    this.wake();
    if (this.account !== account || this.#parts.lastAccount.readSession() !== session) {
      this.#isEnding = false;
      return;
    }
    await this.#end(failure === undefined ? "ended" : "left", "here");
    if (failure !== undefined) throw failure;
  }

  /**
   * Ends this tab's session if another tab has ended or replaced it. Call after the shared data may have changed and
   * after this tab was frozen.
   */
  readonly wake = (): void => {
    const { lastAccount, leaving } = this.#parts;
    // The user has deleted what this site stored, which is no sign-out.
    if (this.#account !== undefined && lastAccount.isLost()) lastAccount.write(this.#account, this.#session);
    const stored = lastAccount.read();
    const how = leaving.read() ? "left" : "ended";
    if (this.#account !== undefined && this.#account !== stored)
      void this.#end(how, stored === undefined ? "elsewhere" : "replaced");
    else if (this.#session !== lastAccount.readSession()) {
      // The next call gets a token of the newer session. Its message may have arrived before the shared data.
      this.#token = undefined;
      if (this.#state === "expired") this.#renewOnce(undefined).catch(() => {});
    }
    if (this.#state === "leaving") this.#step(how);
  };

  async current(): Promise<string> {
    const account = this.#account;
    for (;;) {
      this.wake();
      // A call of one account must not run as another.
      if (account !== undefined && account !== this.#account) throw notSignedIn();
      if (this.#isEnding) throw notSignedIn();
      const token = this.#token;
      if (token !== undefined && this.#parts.nowMs() < token.endsMs - marginMs) return token.text;
      if (this.#hasEnded()) throw notSignedIn();
      if (this.#state === "expired") await this.#nextStep();
      else await this.#renewOnce(token?.text);
    }
  }

  async renew(refused: string): Promise<string | undefined> {
    if (this.#token?.text === refused) await this.#renewOnce(refused);
    if (this.#hasEnded()) return undefined;
    if (claimsOf(refused).sub !== this.#account) throw notSignedIn();
    return this.current();
  }

  /** Concurrent calls share one renewal. */
  #renewOnce(refused: string | undefined): Promise<void> {
    this.#renewing ??= this.#renew(refused).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(refused: string | undefined): Promise<void> {
    const { tabs, wait, client } = this.#parts;
    if (refused === undefined) {
      tabs.post({ kind: "who" } satisfies TabMessage);
      await wait(answerMs);
    }
    await tabs.alone(lockName, async () => {
      this.wake();
      // Another tab has renewed, or the session has ended.
      if (this.#token?.text !== refused || this.#hasEnded()) return;
      const session = this.#parts.lastAccount.readSession();
      const isReplaced = () => {
        this.wake();
        return this.#token?.text !== refused || this.#hasEnded() || this.#parts.lastAccount.readSession() !== session;
      };
      try {
        const answer = await client.call("refreshWebSession", { body: {} });
        if (isReplaced()) return;
        this.#share(answer);
      } catch (thrown) {
        if (!(thrown instanceof HoldfastError)) throw thrown;
        if (isReplaced()) return;
        if (thrown.code !== "unauthenticated") {
          this.#step("unreachable");
          throw thrown;
        }
        if (refused !== undefined) tabs.post({ kind: "expired", token: refused } satisfies TabMessage);
        this.#token = undefined;
        this.#step("refused");
      }
    });
  }

  #share({ access_token: text, expires_in: seconds }: TokenAnswer): void {
    this.#take({ text, endsMs: this.#parts.nowMs() + seconds * 1000 }, true);
  }

  #take(token: Token, isNew: boolean): void {
    const { lastAccount, leaving, tabs } = this.#parts;
    const { sub: account, sid: session } = claimsOf(token.text);
    const before = this.account;
    if (before !== undefined && before !== account) void this.#cleanUp(undefined, "here");
    this.#account = account;
    this.#session = session;
    this.#token = token;
    if (isNew) {
      lastAccount.write(account, session);
      leaving.write(false);
      tabs.post({ kind: "token", token } satisfies TabMessage);
    }
    this.#step("token");
  }

  async #end(how: "ended" | "left", where: EndPlace): Promise<void> {
    const account = where === "replaced" ? undefined : this.account;
    this.#token = undefined;
    this.#isEnding = false;
    this.#account = undefined;
    if (where === "here") {
      // Other tabs read it when the account changes.
      this.#parts.leaving.write(how === "left");
      this.#parts.lastAccount.write(undefined);
    }
    this.#step(how);
    await this.#cleanUp(account, where);
  }

  async #cleanUp(...end: Parameters<CleanUp>): Promise<void> {
    await Promise.allSettled([...this.#cleanUps].map(async (cleanUp) => cleanUp(...end)));
  }

  /** A method, because the state can change during an await. */
  #hasEnded(): boolean {
    return this.#state === "signed_out" || this.#state === "leaving";
  }

  #hear(message: TabMessage): void {
    this.wake();
    const { lastAccount, tabs } = this.#parts;
    if (message.kind === "token") {
      // A tab that was frozen may send the token of an earlier session.
      const { sid } = claimsOf(message.token.text);
      if (sid !== undefined && sid === lastAccount.readSession()) this.#take(message.token, false);
    } else if (message.kind === "expired" && this.#token?.text === message.token) {
      this.#token = undefined;
      this.#step("refused");
    } else if (message.kind === "who" && this.#token !== undefined) {
      tabs.post({ kind: "token", token: this.#token } satisfies TabMessage);
    }
  }

  #step(event: SessionEvent): void {
    const next = sessionSteps[this.#state][event];
    if (next === this.#state && event !== "token") return;
    this.#state = next;
    this.#listeners.call();
  }

  #nextStep(): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.subscribe(() => {
        stop();
        resolve();
      });
    });
  }
}

function notSignedIn(): HoldfastError {
  return new HoldfastError("unauthenticated", "You are not signed in. Sign in and try again.");
}

/** Reads the account and session without verifying the token, which only the server can do. */
function claimsOf(accessToken: string): { readonly sub: string; readonly sid?: string } {
  const [, payload = ""] = accessToken.split(".");
  try {
    return { sub: "", ...(JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as object) };
  } catch {
    return { sub: "" };
  }
}
