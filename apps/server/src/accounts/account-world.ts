import type { Clock, Random } from "@holdfast/core/clock";
import type { Shards } from "../db/shards.ts";
import type { ServerSecrets } from "./server-secrets.ts";

/** What every part of the accounts is given from outside. */
export interface AccountWorld {
  readonly shards: Shards;
  readonly clock: Clock;
  readonly random: Random;
  readonly secrets: ServerSecrets;
  readonly throttle: SignInThrottle;
}

/** Counts failures of secrets that people type or guess, for each account and each set-up or invitation token. */
export interface SignInThrottle {
  /** @throws HoldfastError rate_limited after repeated failures under this key */
  check(key: string): Promise<void>;
  failed(key: string): Promise<void>;
}
