import { randomBytes } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import type { Clock } from "@holdfast/core/clock";
import { serverNameDefault } from "../../base/config/server-name.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { AccountWorld, SignInThrottle } from "./context/account-world.ts";
import { Authenticator } from "./sign-in/authenticator.ts";
import type { Caller } from "./context/caller.ts";
import { openServerSecrets, type SecretWrapper } from "./context/server-secrets.ts";
import { signIn } from "./sign-in/sessions.ts";
import { createUser, type NewUser } from "./invitations/sign-up.ts";

export interface TestClock extends Clock {
  forwardMs(byMs: number): void;
}

export function makeTestClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  let nowMs = startMs;
  return { nowMs: () => nowMs, nowMicros: () => nowMs * 1000, forwardMs: (byMs) => void (nowMs += byMs) };
}

export interface TestAccounts extends AccountWorld {
  readonly clock: TestClock;
  readonly failures: ReadonlyMap<string, number>;
}

export const failuresMax = 10;

/** The throttle refuses after `failuresMax` failures and forgets nothing. */
export async function openTestAccounts(
  shards: Shards,
  options: {
    readonly openRegistration?: boolean;
    readonly clock?: TestClock;
    readonly lifetimes?: Readonly<Record<string, number>>;
  } = {},
): Promise<TestAccounts> {
  const failures = new Map<string, number>();
  const throttle: SignInThrottle = {
    check: async (key) => {
      if ((failures.get(key) ?? 0) >= failuresMax) throw new HoldfastError("rate_limited", "Too many failures.");
    },
    failed: async (key, weight = 1) => void failures.set(key, (failures.get(key) ?? 0) + weight),
  };
  return {
    shards,
    clock: options.clock ?? makeTestClock(),
    random: randomBytes,
    wrapper: testWrapper,
    secrets: await openServerSecrets(shards, testWrapper, randomBytes),
    failures,
    throttle,
    signUps: throttle,
    issuerBound: undefined,
    serverName: serverNameDefault,
    openRegistration: options.openRegistration ?? false,
    graceMs: 30 * 24 * 3600_000,
    lifetimes: options.lifetimes ?? {},
  };
}

/** No encryption, but it hides the plain secret. */
export const testWrapper: SecretWrapper = {
  wrapSecret: (label, secret) => Buffer.from([label.length, ...Buffer.from(secret).map((byte) => byte ^ 0xa5)]),
  unwrapSecret: (_, wrapped) => Buffer.from(wrapped.subarray(1).map((byte) => byte ^ 0xa5)),
};

export const testPassword = "correct horse battery";

export function createTestUser(world: AccountWorld, email: string, user: Partial<NewUser> = {}) {
  return createUser(world, {
    email,
    password: testPassword,
    name: "Ann",
    admin: false,
    confirmed: true,
    ...user,
  });
}

export async function signedInAs(world: AccountWorld, { email }: Pick<UserRow, "email">): Promise<Caller> {
  const session = await signIn(world, { email, password: testPassword }, "192.0.2.1");
  return new Authenticator(world).authenticate(session.access_token);
}
