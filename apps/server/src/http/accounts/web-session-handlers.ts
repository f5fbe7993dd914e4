import { HoldfastError } from "@holdfast/core/errors";
import type { AccountWorld } from "../../accounts/account-world.ts";
import { endSession, endSessionOf, refreshSession, type SessionJson } from "../../accounts/sessions.ts";
import type { Peer } from "../exchange/peer.ts";
import type { Handlers } from "../handler.ts";
import { browserName } from "./browser-name.ts";
import { signInBy } from "./passkey-handlers.ts";
import { readSessionCookie, sessionCookie } from "./session-cookie.ts";

/** Sessions of browsers: those of every device, but that the refresh token goes and comes in a cookie. */
export function webSessionHandlers(world: AccountWorld) {
  return {
    createWebSession: async ({ body, headers, peer, note }) => {
      const request = { ...body, device_name: browserName(headers["user-agent"]), browser: true };
      return answer(await signInBy(world, request, { peer, note }), peer);
    },
    refreshWebSession: async ({ headers, peer, note }) => {
      const refreshToken = readSessionCookie(peer, headers.cookie);
      if (refreshToken === undefined) {
        throw new HoldfastError("unauthenticated", "This browser is not signed in, or not any more. Sign in again.");
      }
      const session = await refreshSession(world, refreshToken, (userId) => note({ userId }));
      note({ deviceId: session.device_id });
      return answer(session, peer);
    },
    // That of the access token as well, should the cookie be gone: whoever signs out is signed out.
    deleteWebSession: async ({ headers, peer, identify, note }) => {
      const refreshToken = readSessionCookie(peer, headers.cookie);
      if (refreshToken !== undefined) await endSessionOf(world, refreshToken, (userId) => note({ userId }));
      const caller = await identify();
      if (caller?.credential.kind === "session") await endSession(world, caller.credential.id);
      // Pictures are kept by the browser, and whoever uses it next may look there.
      return { status: 204, headers: { "set-cookie": sessionCookie(peer), "clear-site-data": '"cache"' } };
    },
  } satisfies Handlers;
}

function answer({ access_token, expires_in, refresh_token: refreshToken }: SessionJson, peer: Peer) {
  const headers = { "set-cookie": sessionCookie(peer, refreshToken) };
  return { status: 200 as const, json: { access_token, expires_in }, headers };
}
