import { HoldfastError } from "@holdfast/core/errors";
import { throttleKey } from "../../features/accounts/context/attempts.ts";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { addressGroup, type Peer } from "../exchange/peer.ts";

/** URL or form of an authorization request. It comes from a stranger and is stored until a user answers. */
export const questionBytesMax = 4 * 1024;

/** Weight of a request relative to a wrong password. Many people in one office may start requests. */
const questionWeight = 0.1;

/** Parameters that the provider would store although they are never used. */
const unused = ["login_hint", "acr_values", "ui_locales", "claims_locales", "claims", "display", "registration"];

/** @param form in the format of a URL query */
export function withoutUnused(form: string): string {
  const kept = new URLSearchParams(form);
  for (const name of unused) kept.delete(name);
  return kept.toString();
}

/**
 * Strangers must not fill the disk, so requests are counted by source before anything is stored.
 * @throws HoldfastError rate_limited
 */
export async function countQuestion({ throttle }: Pick<AccountWorld, "throttle">, peer: Peer): Promise<void> {
  const key = throttleKey("waiting", addressGroup(peer.address));
  await throttle.check(key);
  await throttle.failed(key, questionWeight);
}

export function assertQuestionAddress(url: string): void {
  if (url.length <= questionBytesMax) return;
  throw new HoldfastError("too_large", `The request of a program can have at most ${questionBytesMax} bytes.`);
}
