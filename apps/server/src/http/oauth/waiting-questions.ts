import { HoldfastError } from "@holdfast/core/errors";
import { throttleKey } from "../../accounts/attempts.ts";
import type { AccountWorld } from "../../accounts/account-world.ts";
import { addressGroup, type Peer } from "../exchange/peer.ts";

/** Of a question that waits for a person: its address, or its form. All of it is a stranger's, and is kept until somebody answers. */
export const questionBytesMax = 4 * 1024;

/** Each counts for so much of a wrong password, as people in one office begin many. */
const questionWeight = 0.1;

/** What the provider would keep with a question though nobody here reads it. */
const unused = ["login_hint", "acr_values", "ui_locales", "claims_locales", "claims", "display", "registration"];

/** @param form in the form of addresses' queries */
export function withoutUnused(form: string): string {
  const kept = new URLSearchParams(form);
  for (const name of unused) kept.delete(name);
  return kept.toString();
}

/** Counted by source before anything is kept, answered or not, so that no stranger fills the disk with questions. @throws HoldfastError rate_limited */
export async function countQuestion({ throttle }: Pick<AccountWorld, "throttle">, peer: Peer): Promise<void> {
  const key = throttleKey("waiting", addressGroup(peer.address));
  await throttle.check(key);
  await throttle.failed(key, questionWeight);
}

/** @throws HoldfastError too_large */
export function assertQuestionAddress(url: string): void {
  if (url.length <= questionBytesMax) return;
  throw new HoldfastError("too_large", `The request of a program can have at most ${questionBytesMax} bytes.`);
}
