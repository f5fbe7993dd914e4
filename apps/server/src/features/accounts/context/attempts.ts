import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { SignInThrottle } from "./account-world.ts";

/** Waiting attempts per key. A person makes one. */
const waitingMax = 100;

const lines = new WeakMap<SignInThrottle, Map<string, { last: Promise<unknown>; length: number }>>();

/**
 * Runs attempts under a key in sequence; otherwise simultaneous guesses would pass before the first failed.
 * @param attempt returns undefined for a wrong secret
 * @param wider further counts, not queued, so that other lines cannot block this one
 * @throws HoldfastError rate_limited
 */
export async function guardAttempt<Result>(
  throttle: SignInThrottle,
  key: string,
  attempt: () => Promise<Result | undefined>,
  ...wider: readonly WiderCount[]
): Promise<Result | undefined> {
  const line = lines.get(throttle) ?? new Map<string, { last: Promise<unknown>; length: number }>();
  lines.set(throttle, line);
  const place = line.get(key) ?? { last: Promise.resolve(), length: 0 };
  if (place.length >= waitingMax) {
    throw new HoldfastError("rate_limited", "Too many concurrent attempts. Try again in a moment.", {
      retryAfterSeconds: 1,
    });
  }
  const mine = place.last.then(() => countAttempt(throttle, key, attempt, wider));
  place.last = mine.catch(() => {});
  place.length += 1;
  line.set(key, place);
  try {
    return await mine;
  } finally {
    place.length -= 1;
    if (place.length === 0) line.delete(key);
  }
}

export interface WiderCount {
  readonly key: string;
  readonly weight: number;
}

/** Hashes the key, so that neither memory nor a shared store lists addresses. */
export function throttleKey(
  kind:
    | "sign-in"
    | "device"
    | "account"
    | "source"
    | "sign-up"
    | "signed-up"
    | "invitation"
    | "people"
    | "link"
    | "report"
    | "reset"
    | "app-password"
    | "passkey"
    | "user-code"
    | "read-invitation"
    | "outside"
    | "waiting",
  subject: string,
): string {
  return `${kind}:${sha256(Buffer.from(subject)).slice(0, 32)}`;
}

async function countAttempt<Result>(
  throttle: SignInThrottle,
  key: string,
  attempt: () => Promise<Result | undefined>,
  wider: readonly WiderCount[],
): Promise<Result | undefined> {
  await throttle.check(key);
  for (const each of wider) await throttle.check(each.key);
  const result = await attempt();
  if (result !== undefined) return result;
  await throttle.failed(key);
  for (const each of wider) await throttle.failed(each.key, each.weight);
  return undefined;
}
