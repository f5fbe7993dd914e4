import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { fixedToken, noTokens, SessionTokens } from "@holdfast/api-client/access-tokens";
import type { AccessTokens, SavedSession, SessionStore } from "@holdfast/api-client/access-tokens";
import { readBySchemas } from "@holdfast/api-client/answer-schemas";
import { ApiClient, type ApiClientOptions } from "@holdfast/api-client/api-client";
import { openHttpTransport } from "@holdfast/api-client/http-transport";
import type { ServerTrust } from "@holdfast/api-client/server-trust";
import type { Transport } from "@holdfast/api-client/transport";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { configFolder } from "./config-folder.ts";
import { isWaiting, reportingEnd, sameAccount } from "./ended-login.ts";
import { followingTrust, type ReadTrust } from "./followed-trust.ts";
import { type Login, SavedLogin } from "./saved-login.ts";
import { noticeSlowCalls } from "./slow-answer.ts";
import { watchedTransport } from "./watched-transport.ts";

export interface Connection {
  readonly server: string;
  /** undefined: the system's certificates */
  readonly trust: ServerTrust | undefined;
  /** Reads the trust of a later login. undefined: later logins change nothing */
  readonly readTrust?: ReadTrust | undefined;
  readonly client: ApiClient;
  readonly tokens: AccessTokens;
  readonly configFolder: string;
  /** Aborted with the error when no valid token is left. */
  readonly ended: AbortSignal;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowMicros: () => Math.floor((performance.timeOrigin + performance.now()) * 1000),
};
const connectionsMax = 8;
export const patienceSeconds = 60;
/** Waits above this are reported. Retries to an unreachable server use shorter ones. */
const longWaitMs = 10_000;

/**
 * Uses the server of the environment or of the last login.
 * @param onSilence called once when the server stops responding and is tried again
 * @throws HoldfastError unauthenticated without a server or login; usage if a token would be sent unencrypted
 */
export async function connect(
  environment: Environment,
  {
    onSilence,
    onBusy,
    onSlow,
    wrap,
    prove,
  }: Pick<ClientChoices, "onSilence" | "onBusy" | "onSlow" | "wrap" | "prove"> = {},
): Promise<Connection> {
  const folder = thisConfigFolder(environment);
  const saved = new SavedLogin(folder);
  const token = environment["HOLDFAST_TOKEN"];
  const isAllowed = environment["HOLDFAST_INSECURE"] === "1";
  const named = environment["HOLDFAST_SERVER"];
  const login = token !== undefined && named !== undefined ? undefined : await saved.read();
  const server = named === undefined ? login?.server : parseServer(named);
  // For a saved login, the person allowed the connection when signing in.
  if (token !== undefined && named !== undefined && !isAllowed) assertPrivate(server ?? "", ofEnvironment);
  if (server === undefined) throw notSignedIn();
  const trust = await saved.trustOf(server);
  if (token === undefined && login?.server !== server) {
    throw new HoldfastError("unauthenticated", `Not signed in to ${server}. Run 'holdfast login ${server}'.`);
  }
  const readTrust: ReadTrust = () => saved.readTrust(server);
  const ended = new AbortController();
  let refused: string | undefined;
  const tokens = reportingEnd(
    token === undefined
      ? sessionTokens(sameAccount(saved, { server, email: login?.email ?? "", serverId: login?.serverId }), {
          renew: renewedBy(server, { trust, readTrust }),
          onRefused: (refreshToken) => (refused = refreshToken),
        })
      : givenToken(token, server),
    async (reason) => {
      ended.abort(reason);
      // Only `status` reads the mark. If it cannot be written, the end of the login is still reported.
      if (refused !== undefined) await saved.markEnded(refused).catch(() => undefined);
    },
  );
  const client = openClient(server, { tokens, onSilence, onBusy, onSlow, trust, readTrust, wrap, prove });
  return { server, trust, readTrust, client, tokens, configFolder: folder, ended: ended.signal };
}

interface TransportChoices {
  readonly trust?: ServerTrust | undefined;
  /** Reads the trust again in long-running commands. undefined: `trust` stays valid */
  readonly readTrust?: ReadTrust | undefined;
  readonly onSilence?: (() => void) | undefined;
  readonly wrap?: ((transport: Transport) => Transport) | undefined;
}

export interface ClientChoices extends TransportChoices {
  /** Called before a long wait that the server requested, once for all waiting calls. */
  readonly onBusy?: ((delayMs: number) => void) | undefined;
  /** Called with the server's host for each slow call. */
  readonly onSlow?: ((host: string) => void) | undefined;
  /** Absent for signing in and renewing a session. */
  readonly tokens?: AccessTokens;
  /** Called when the server requires a proof. */
  readonly prove?: ApiClientOptions["prove"];
}

export function openClient(
  server: string,
  { tokens = noTokens(notSignedIn), prove, onBusy = () => {}, onSlow, ...choices }: ClientChoices = {},
): ApiClient {
  let reportedUntilMs = 0;
  const client = new ApiClient({
    transport: openTransport(server, choices),
    tokens,
    random: (lengthBytes) => randomBytes(lengthBytes),
    retry: {
      clock: systemClock,
      wait: (delayMs, signal) => {
        const nowMs = systemClock.nowMs();
        // Concurrent calls wait for the same reason.
        if (delayMs > longWaitMs && nowMs >= reportedUntilMs) {
          reportedUntilMs = nowMs + delayMs;
          onBusy(delayMs);
        }
        return wait(delayMs, undefined, signal === undefined ? {} : { signal });
      },
      attemptsMax: 8,
      patienceMs: patienceSeconds * 1000,
    },
    readAnswer: readBySchemas,
    prove,
  });
  return onSlow === undefined ? client : noticeSlowCalls(client, () => onSlow(new URL(server).host));
}

export function openTransport(server: string, choices: TransportChoices = {}): Transport {
  const { trust, readTrust, onSilence = () => {}, wrap = (transport) => transport } = choices;
  const open = (trusted: ServerTrust | undefined): Transport =>
    openHttpTransport({ server, trust: trusted, connections: connectionsMax });
  const transport = readTrust === undefined ? open(trust) : followingTrust(open, trust, readTrust);
  return watchedTransport(wrap(transport), server, onSilence);
}

export function thisConfigFolder(environment: Environment): string {
  return configFolder({ platform: process.platform, homeFolder: homedir(), environment });
}

interface ClearText {
  readonly named: string;
  readonly carried: string;
  readonly anyway: string;
}

const ofEnvironment: ClearText = {
  named: "HOLDFAST_SERVER",
  carried: "the token",
  anyway: "set HOLDFAST_INSECURE=1",
};

/**
 * Rejects plain http to another machine, because others in the network could read and use the secret.
 * @param server result of `parseServer`
 * @throws HoldfastError usage
 */
export function assertPrivate(server: string, { named, carried, anyway }: ClearText): void {
  const { protocol, hostname } = new URL(server);
  if (protocol === "https:" || isThisMachine(hostname)) return;
  throw new HoldfastError(
    "usage",
    `${named} is ${server}: without TLS ${carried} and all content would be sent to another machine unencrypted. Use its https:// address, or if you trust the network in between ${anyway}.`,
  );
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

/**
 * Without a scheme, https is used, or http for this machine.
 * @returns scheme, host and port
 * @throws HoldfastError usage for an invalid address
 */
export function parseServer(text: string): string {
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/i.test(text);
  const url = URL.parse(text.includes("://") ? text : `${isLoopback ? "http" : "https"}://${text}`);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw new HoldfastError(
      "usage",
      `${text} is not an address such as https://drive.example or http://127.0.0.1:8420.`,
    );
  }
  return url.origin;
}

export function toSavedSession(answer: {
  access_token: string;
  refresh_token: string;
  expires_in: number;
}): SavedSession {
  return {
    accessToken: answer.access_token,
    accessTokenEndsMs: systemClock.nowMs() + answer.expires_in * 1000,
    refreshToken: answer.refresh_token,
  };
}

function notSignedIn(): HoldfastError {
  return new HoldfastError(
    "unauthenticated",
    "Not signed in. Run 'holdfast login URL', or set HOLDFAST_SERVER and HOLDFAST_TOKEN.",
  );
}

/** A rejected token of the environment cannot be renewed, and a saved login is not used instead. */
function givenToken(token: string, server: string): AccessTokens {
  const refused = `The server ${server} rejected the token in HOLDFAST_TOKEN: it is not valid, has expired or was revoked. Set another one, or unset it and run 'holdfast login ${server}'.`;
  return {
    ...fixedToken(token),
    renew: () => Promise.reject(new HoldfastError("unauthenticated", refused)),
  };
}

interface Renewal {
  readonly renew: (refreshToken: string) => Promise<SavedSession>;
  readonly onRefused: (refreshToken: string) => void;
}

function sessionTokens(saved: SessionStore<Login>, { renew, onRefused }: Renewal): AccessTokens {
  const exchange = async (refreshToken: string): Promise<SavedSession & Pick<Login, "hasEnded">> => {
    try {
      return { ...(await renew(refreshToken)), hasEnded: undefined };
    } catch (thrown) {
      if (thrown instanceof HoldfastError && thrown.code === "unauthenticated") onRefused(refreshToken);
      throw thrown;
    }
  };
  return new SessionTokens(saved, exchange, systemClock, notSignedIn);
}

function whyRefused(refusal: HoldfastError, server: string): string {
  if (refusal.body["reason"] === "copied")
    return `was used in two places, such as a clone of this machine or a copy of its configuration folder, so it has ended in both. Run 'holdfast login ${server}' again in each of them.`;
  if (isWaiting(refusal))
    return `is on hold: this server requires a new sign-in through your organization from time to time. Sign in at ${server} in a browser, and a running sync continues by itself; or run 'holdfast login ${server}'.`;
  return `has ended: it was signed out on this device, from another of your devices, by a password change, or by an administrator. Run 'holdfast login ${server}' again.`;
}

export function renewedBy(server: string, trusted: Pick<TransportChoices, "trust" | "readTrust">) {
  return async (refreshToken: string): Promise<SavedSession> => {
    const client = openClient(server, trusted);
    try {
      return toSavedSession(await client.call("refreshSession", { body: { refresh_token: refreshToken } }));
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError) || thrown.code !== "unauthenticated") throw thrown;
      const message = `The login to ${server} ${whyRefused(thrown, server)}`;
      throw new HoldfastError("unauthenticated", message, { cause: thrown, body: thrown.body });
    } finally {
      await client.close();
    }
  };
}
