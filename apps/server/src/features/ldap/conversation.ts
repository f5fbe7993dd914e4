import { isIP, connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { HoldfastError } from "@holdfast/core/errors";
import type { Client } from "ldapts";
import { within } from "../../base/within.ts";
import type { LdapSettings } from "../../base/config/ldap-settings.ts";

export interface Bounds {
  readonly ms: number;
  readonly bytes: number;
}

/** Connection to the LDAP server. Not replaced when lost; follows no referral. */
export interface Conversation {
  readonly client: Client;
  /** Escapes a value for a filter (RFC 4515). */
  readonly escape: (value: string | Buffer) => string;
  bindSelf(): Promise<void>;
}

/**
 * Talks to the LDAP server. Loads the library on first use.
 * @throws HoldfastError unavailable; the cause is only for the operator
 */
export async function talk<Result>(
  settings: LdapSettings,
  bounds: Bounds,
  act: (conversation: Conversation) => Promise<Result>,
): Promise<Result> {
  const sockets: Socket[] = [];
  const fail = () => {
    throw new Error(`no answer within ${bounds.ms / 1000} s`);
  };
  try {
    return await within(bounds.ms, converse(settings, bounds, sockets, act), fail);
  } catch (thrown) {
    throw thrown instanceof HoldfastError ? thrown : notAsked(settings, 10, thrown);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function converse<Result>(
  settings: LdapSettings,
  bounds: Bounds,
  sockets: Socket[],
  act: (conversation: Conversation) => Promise<Result>,
): Promise<Result> {
  const ldapts = await import("ldapts");
  const { url, bind, startTls, ca } = settings;
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, "$1");
  const checked = { host, minVersion: "TLSv1.2", ca, ...(isIP(host) === 0 ? { servername: host } : {}) } as const;
  const keep = <Kept extends Socket>(socket: Kept): Kept => {
    sockets.push(socket);
    return bounded(socket, bounds.bytes);
  };
  // The library would reconnect anonymously and without STARTTLS.
  const assertFirst = () => {
    if (sockets.length > 0) throw new Error("the connection was lost");
  };
  const client = new ldapts.Client({
    url,
    timeout: bounds.ms,
    connectTimeout: bounds.ms,
    ...(url.startsWith("ldaps:") ? { tlsOptions: checked } : {}),
    createConnection: ((port: number) => {
      assertFirst();
      return keep(connectPlain(port, host));
    }) as never,
    createSecureConnection: (given: number | ConnectionOptions) => {
      if (typeof given !== "number") return keep(connectTls(given));
      assertFirst();
      return keep(connectTls({ ...checked, port: given }));
    },
  });
  if (startTls) await client.startTLS({ ...checked });
  const bindSelf = () => (bind === undefined ? client.bind("", "") : client.bind(bind.dn, bind.password));
  await bindSelf();
  return act({ client, escape: (value) => ldapts.Filter.escape(value), bindSelf });
}

/** Limits received bytes. An error thrown by the library ends the connection instead of the process. */
function bounded<Kept extends Socket>(socket: Kept, bytesMax: number): Kept {
  const emit = socket.emit.bind(socket) as (event: string, ...values: unknown[]) => boolean;
  let bytes = 0;
  socket.emit = ((event: string, ...values: unknown[]) => {
    // The library removes its listeners from connections that may fail again.
    if (event === "error" && socket.listenerCount("error") === 0) return true;
    if (event !== "data") return emit(event, ...values);
    bytes += (values[0] as Buffer).length;
    try {
      if (bytes > bytesMax) throw new Error(`more than ${bytesMax} bytes came`);
      return emit(event, ...values);
    } catch (error) {
      socket.destroy(error as Error);
      return true;
    }
  }) as never;
  return socket;
}

/** Describes an error for the log and the doctor. Some errors of the library have an empty message. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.constructor.name}: ${cause.message}` : String(cause);
}

/** @param cause undefined: no attempt was made */
export function notAsked({ name }: LdapSettings, retryAfterSeconds: number, cause?: unknown): HoldfastError {
  const message = `${name}, which stores the passwords, cannot be reached now. Try again in a minute. If your password is stored on this server, it was wrong.`;
  return new HoldfastError("unavailable", message, { cause, field: "ldap", retryAfterSeconds });
}
