import type { IncomingHttpHeaders } from "node:http";
import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import {
  endSession,
  endSessionOf,
  refreshSession,
  type SessionJson,
} from "../../features/accounts/sign-in/sessions.ts";
import type { AuditNote } from "../exchange/describe-request.ts";
import type { Peer } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";
import { browserName, browserSystem } from "./browser-name.ts";
import { cacheCookie } from "./cache-cookie.ts";
import { deviceCookie, readDeviceCookie } from "./device-cookie.ts";
import { signInBy } from "./passkey-handlers.ts";
import { readSessionCookie, sessionCookie } from "./session-cookie.ts";

/** Unlike in other sessions, the refresh token and the device's secret are cookies. */
export function webSessionHandlers(world: AccountWorld) {
  return {
    createWebSession: async ({ body, headers, peer, note }) => {
      const agent = headers["user-agent"];
      const device = { device_name: browserName(agent), system: browserSystem(agent), browser: true };
      return signInBrowser(world, { headers, peer, note }, (known, noteAll) =>
        signInBy(world, { ...body, ...device, device_secret: known }, { peer, note: noteAll }),
      );
    },
    refreshWebSession: async ({ headers, peer, note }) => {
      const refreshToken = readSessionCookie(peer, headers.cookie);
      if (refreshToken === undefined) {
        throw new HoldfastError(
          "unauthenticated",
          "This browser is not signed in, or its session has ended. Sign in again.",
        );
      }
      const onClaimed = (userId: UserId) => note({ userId });
      const session = await refreshSession(world, refreshToken, { onClaimed, address: peer.address });
      note({ deviceId: session.device_id });
      return webSessionAnswer(session, peer);
    },
    // Also ends the access token's session, in case the cookie is missing.
    deleteWebSession: async ({ headers, peer, identify, note }) => {
      const refreshToken = readSessionCookie(peer, headers.cookie);
      if (refreshToken !== undefined) await endSessionOf(world, refreshToken, (userId) => note({ userId }));
      const caller = await identify();
      if (caller?.credential.kind === "session") await endSession(world, caller.credential.id);
      // The browser's next user could see cached pictures.
      return {
        status: 204,
        headers: { "set-cookie": [sessionCookie(peer), cacheCookie(peer)], "clear-site-data": '"cache"' },
      };
    },
  } satisfies Handlers;
}

interface FromBrowser {
  readonly headers: IncomingHttpHeaders;
  readonly peer: Peer;
  readonly note: (note: AuditNote) => void;
}

/**
 * The browser's previous session ends, because its cookie is replaced and nobody could end it from here.
 * @param start receives the secrets of this browser and a function that records the account
 */
export async function signInBrowser(
  world: AccountWorld,
  { headers, peer, note }: FromBrowser,
  start: (known: readonly string[], note: FromBrowser["note"]) => Promise<SessionJson>,
) {
  const before = readDeviceCookie(peer, headers.cookie);
  let userId: UserId | undefined;
  const session = await start(before, (noted) => {
    userId = noted.userId ?? userId;
    note(noted);
  });
  await endReplaced(world, readSessionCookie(peer, headers.cookie));
  const { device_secret: secret } = session;
  if (userId === undefined || secret === undefined) return webSessionAnswer(session, peer);
  return webSessionAnswer(session, peer, [deviceCookie(world, peer, { userId, secret, before })]);
}

/** An error, such as an unavailable database, does not prevent the sign-in. */
async function endReplaced(world: AccountWorld, refreshToken: string | undefined): Promise<void> {
  if (refreshToken === undefined) return;
  await endSessionOf(world, refreshToken).catch((thrown: unknown) => {
    if (!(thrown instanceof HoldfastError)) throw thrown;
  });
}

function webSessionAnswer(
  { access_token, expires_in, refresh_token, device_id }: SessionJson,
  peer: Peer,
  cookies: string[] = [],
) {
  const headers = { "set-cookie": [sessionCookie(peer, refresh_token), ...cookies, cacheCookie(peer, device_id)] };
  return { status: 200 as const, json: { access_token, expires_in }, headers };
}
