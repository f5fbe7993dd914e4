import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { type SessionEvent, type SessionState, sessionSteps } from "./session-state.ts";
import type { Tabs } from "./tabs.ts";

/** Address and password, with a code or a passkey where a second factor is on; or a passkey alone. */
export interface Credentials {
  /** An account that its owner deleted comes back. */
  readonly keep_account?: boolean;
  readonly email?: string;
  readonly password?: string;
  readonly totp?: string;
  readonly passkey?: PasskeyAssertion;
}

export interface SessionParts {
  /** One that is not signed in: for the routes that read the cookie. */
  readonly client: ApiClient;
  readonly tabs: Tabs;
  readonly nowMs: () => number;
  /** For what other tabs may answer. */
  readonly wait: (delayMs: number) => Promise<unknown>;
  readonly lastAccount: LastAccount;
  readonly leaving: Leaving;
}

/** Of whom this browser keeps things, also after it was closed: a session may end while nobody looks. */
export interface LastAccount {
  read(): string | undefined;
  write(account: string | undefined): void;
}

/** That somebody wants out and the server has not heard of it, also after the page was closed: its cookie would sign them in again. */
export interface Leaving {
  read(): boolean;
  write(leaving: boolean): void;
}

interface Token {
  readonly text: string;
  /** Unix milliseconds. */
  readonly endsMs: number;
}

type TabMessage =
  | { readonly kind: "who" }
  | { readonly kind: "token"; readonly token: Token }
  | { readonly kind: "ended" }
  | { readonly kind: "left" }
  | { readonly kind: "expired"; readonly token: string };

/** Renewed this long before its end, so that a request under way does not outlive it. */
const marginMs = 30_000;
/** A tab that is there answers at once. */
const answerMs = 60;
/** @param signedOut the account whose person signed out; undefined: another one signed in after its session had ended */
type CleanUp = (signedOut: string | undefined) => unknown;

const lockName = "holdfast-session";

/**
 * Who is signed in in this browser. The access token is in the memory of its tabs, which share it; what renews it is in a cookie that
 * no script reads. A call that finds the session expired waits until somebody has signed in again, so nothing that was begun is lost.
 */
export class Session implements AccessTokens {
  readonly #parts: SessionParts;
  #state: SessionState = "starting";
  #token: Token | undefined;
  /** Of whom, also after it expired. */
  #account: string | undefined;
  #renewing: Promise<void> | undefined;
  /** Somebody is signing out: what would be asked now would be refused. */
  #isEnding = false;
  readonly #cleanUps = new Set<CleanUp>();
  readonly #leavers = new Set<() => void>();
  readonly #questions = new Set<() => Promise<boolean>>();
  readonly #listeners = new Set<() => void>();

  constructor(parts: SessionParts) {
    this.#parts = parts;
    parts.tabs.listen((message) => this.#hear(message as TabMessage));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): SessionState => this.#state;

  /** Whose session it is, also after it expired; before that was asked, whose it was when this browser last knew. */
  get account(): string | undefined {
    return this.#account ?? this.#parts.lastAccount.read();
  }

  /** Runs in this tab when somebody signs out in any, or another person signs in: for what is kept of the account. @returns forgets it again */
  onEnd(cleanUp: CleanUp): () => void {
    this.#cleanUps.add(cleanUp);
    return () => this.#cleanUps.delete(cleanUp);
  }

  /**
   * Asked before the person signs out in this tab: for what would be lost. @param mayLeave false: the person stays signed in
   * @returns forgets it again
   */
  onSignOut(mayLeave: () => Promise<boolean>): () => void {
    this.#questions.add(mayLeave);
    return () => this.#questions.delete(mayLeave);
  }

  /** Runs before this tab asks the server to sign out: for questions that are still open, which would all be refused. @returns forgets it again */
  onLeaving(stop: () => void): () => void {
    this.#leavers.add(stop);
    return () => this.#leavers.delete(stop);
  }

  /** Finds out whether this browser is signed in. @throws HoldfastError unreachable */
  async start(): Promise<SessionState> {
    if (this.#state === "starting" && this.#parts.leaving.read()) await this.signOut().catch(() => {});
    if (this.#state === "starting") await this.#renewOnce(undefined);
    return this.#state;
  }

  /** @throws HoldfastError unauthenticated for wrong credentials, and what else the server answers */
  async signIn(credentials: Credentials): Promise<void> {
    const asksOnce = (credentials.totp ?? credentials.passkey) !== undefined;
    this.begin(await this.#parts.client.call("createWebSession", { body: { ...credentials }, asksOnce }));
  }

  /** With what the server answered to another way of signing in. */
  begin(answer: { access_token: string; expires_in: number }): void {
    this.#take(this.#tokenOf(answer), "tell");
  }

  /**
   * Ends it on the server first: else the cookie would sign whoever comes next in again. Where the server does not answer nothing of the
   * account stays in the browser all the same but that cookie, and the session is `leaving` until this is called once more.
   * @param before done first, once it is known that the person does not stay
   * @returns false: the person stays signed in
   * @throws HoldfastError unreachable, and what else the server answers
   */
  async signOut(before?: () => Promise<unknown>): Promise<boolean> {
    for (const mayLeave of this.#questions) if (!(await mayLeave())) return false;
    if (before !== undefined) await before();
    const { client, tabs } = this.#parts;
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token.text}` };
    this.#isEnding = true;
    for (const stop of this.#leavers) stop();
    try {
      // Once: whoever waits for it is to know at once how it stands.
      await client.call("deleteWebSession", { headers: authorization, asksOnce: true });
    } catch (thrown) {
      tabs.post({ kind: "left" } satisfies TabMessage);
      await this.#end("left");
      throw thrown;
    }
    tabs.post({ kind: "ended" } satisfies TabMessage);
    await this.#end("ended");
    return true;
  }

  async current(): Promise<string> {
    const account = this.#account;
    for (;;) {
      // What one person has begun is not done as another.
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
    return this.#hasEnded() ? undefined : this.current();
  }

  /** Calls that are refused together share one renewal. */
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
      // Another tab was first, or somebody has signed out meanwhile.
      if (this.#token?.text !== refused || this.#hasEnded()) return;
      try {
        const answer = await client.call("refreshWebSession", { body: {} });
        if (this.#hasEnded()) return;
        this.#take(this.#tokenOf(answer), "tell");
      } catch (thrown) {
        if (!(thrown instanceof HoldfastError)) throw thrown;
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

  #tokenOf({ access_token: text, expires_in: seconds }: { access_token: string; expires_in: number }): Token {
    return { text, endsMs: this.#parts.nowMs() + seconds * 1000 };
  }

  #take(token: Token, telling: "tell" | "heard"): void {
    const account = accountOf(token.text);
    const before = this.#account ?? this.#parts.lastAccount.read();
    if (before !== undefined && before !== account) void this.#cleanUp(undefined);
    this.#account = account;
    this.#parts.lastAccount.write(account);
    this.#token = token;
    this.#parts.leaving.write(false);
    if (telling === "tell") this.#parts.tabs.post({ kind: "token", token } satisfies TabMessage);
    this.#step("token");
  }

  async #end(how: "ended" | "left"): Promise<void> {
    const { account } = this;
    this.#token = undefined;
    this.#isEnding = false;
    this.#account = undefined;
    this.#parts.lastAccount.write(undefined);
    this.#parts.leaving.write(how === "left");
    this.#step(how);
    await this.#cleanUp(account);
  }

  async #cleanUp(signedOut: string | undefined): Promise<void> {
    await Promise.allSettled([...this.#cleanUps].map(async (cleanUp) => cleanUp(signedOut)));
  }

  /** Also while something was waited for. */
  #hasEnded(): boolean {
    return this.#state === "signed_out" || this.#state === "leaving";
  }

  #hear(message: TabMessage): void {
    if (message.kind === "token") this.#take(message.token, "heard");
    else if (message.kind === "ended" || message.kind === "left") void this.#end(message.kind);
    else if (message.kind === "expired" && this.#token?.text === message.token) {
      this.#token = undefined;
      this.#step("refused");
    } else if (message.kind === "who" && this.#token !== undefined) {
      this.#parts.tabs.post({ kind: "token", token: this.#token } satisfies TabMessage);
    }
  }

  #step(event: SessionEvent): void {
    const next = sessionSteps[this.#state][event];
    if (next === this.#state && event !== "token") return;
    this.#state = next;
    for (const listener of this.#listeners) listener();
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
  return new HoldfastError("unauthenticated", "Nobody is signed in in this browser. Sign in and try again.");
}

/** Whose token it is. It is not verified: only the server can, and only it has to. */
function accountOf(accessToken: string): string {
  const [, payload = ""] = accessToken.split(".");
  try {
    const claims: unknown = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    return String(typeof claims === "object" && claims !== null ? Reflect.get(claims, "sub") : undefined);
  } catch {
    return "";
  }
}
