import type { UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../../features/accounts/account-world.ts";
import { devicesOf } from "../../features/accounts/known-device.ts";
import { deviceOfSecret } from "../../features/accounts/secret-token.ts";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, readCookie, sessionPath, setCookie } from "./session-cookie.ts";

/** Maximum number of accounts that remember one browser. The account with the oldest sign-in is dropped first. */
const accountsMax = 8;
/** Each sign-in renews the cookie. Browsers keep no cookie longer than this without renewal. */
const ageSeconds = 400 * 24 * 3600;

/**
 * Secrets by which accounts recognize this browser, newest first. They sign nobody in. Invalid values are skipped, and
 * a cookie that is present several times is ignored. A host with a neighboring name can set a second one. The browser
 * then counts as new.
 */
export function readDeviceCookie(peer: Peer, header: string | undefined): readonly string[] {
  const secrets = (readCookie(cookieName(peer), header) ?? "").split(".", accountsMax);
  return secrets.filter((secret) => deviceOfSecret(secret) !== undefined);
}

/** Returns the value of `Set-Cookie` with this account's secret. Other accounts keep recognizing the browser. */
export function deviceCookie(
  world: Pick<AccountWorld, "secrets">,
  peer: Peer,
  { userId, secret, before }: { readonly userId: UserId; readonly secret: string; readonly before: readonly string[] },
): string {
  const others = before.filter((each) => devicesOf(world, userId, each).length === 0);
  const value = [secret, ...others].slice(0, accountsMax).join(".");
  return setCookie(peer, { name: cookieName(peer), value, path: sessionPath, ageSeconds });
}

function cookieName(peer: Peer): string {
  return isSecure(peer) ? "__Secure-holdfast-device" : "holdfast-device";
}
