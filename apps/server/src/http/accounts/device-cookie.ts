import type { UserId } from "@holdfast/core/ids";
import type { AccountWorld } from "../../accounts/account-world.ts";
import { devicesOf } from "../../accounts/known-device.ts";
import { deviceOfSecret } from "../../accounts/secret-token.ts";
import type { Peer } from "../exchange/peer.ts";
import { isSecure, readCookie, sessionPath, setCookie } from "./session-cookie.ts";

/** So many people may share a browser; one more, and whose sign-in is the longest ago is new there next time. */
const accountsMax = 8;
/** Longer than browsers keep any without its being renewed, as each sign-in does. */
const ageSeconds = 400 * 24 * 3600;

/**
 * The secrets by which this browser is known to accounts, the newest first. They sign nobody in. What is none, and what is there several times, does not
 * count: whoever has a neighbouring name can put something beside ours, and the browser is a new one then.
 */
export function readDeviceCookie(peer: Peer, header: string | undefined): readonly string[] {
  const secrets = (readCookie(cookieName(peer), header) ?? "").split(".", accountsMax);
  return secrets.filter((secret) => deviceOfSecret(secret) !== undefined);
}

/** The value of `Set-Cookie` by which the browser is known to this account from now on, and to others as before. */
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
