import type { UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { devicesOf } from "../../features/accounts/passwords/known-device.ts";
import { deviceOfSecret } from "../../features/accounts/context/secret-token.ts";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, readCookie, sessionPath, setCookie } from "./session-cookie.ts";

/** Accounts that remember one browser. The account with the oldest sign-in is dropped first. */
const accountsMax = 8;
/** Browsers keep no cookie longer. Each sign-in renews it. */
const ageSeconds = 400 * 24 * 3600;

/**
 * Secrets by which accounts recognize this browser, newest first. They sign nobody in. A host with a neighboring name
 * can set a second cookie; several are ignored, and the browser counts as new.
 */
export function readDeviceCookie(peer: Peer, header: string | undefined): readonly string[] {
  const secrets = (readCookie(cookieName(peer), header) ?? "").split(".", accountsMax);
  return secrets.filter((secret) => deviceOfSecret(secret) !== undefined);
}

/** Other accounts keep recognizing the browser. */
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
