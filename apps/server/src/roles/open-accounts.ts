import { randomBytes } from "node:crypto";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { toBucket } from "@holdfast/core/ids";
import { spreadAccessRules } from "../features/accounts/proof/change-access-rules.ts";
import type { AccountWorld, SignInThrottle } from "../features/accounts/context/account-world.ts";
import type { IssuerBound } from "../features/accounts/context/overdue.ts";
import { writePlans } from "../features/accounts/people/plans.ts";
import { openServerSecrets } from "../features/accounts/context/server-secrets.ts";
import type { Config } from "../base/config/read-config.ts";
import { shownLifetimes } from "../base/config/retention-settings.ts";
import type { RateLimits } from "../edge/exchange/rate-limits.ts";
import type { LimitName } from "../base/config/rate.ts";
import { notifyDevice } from "../features/notifications/notify-device.ts";
import type { Log } from "../base/operation/log.ts";
import { shredRestored } from "../care/shred/shred-restored.ts";
import type { Storage } from "./open-storage.ts";
import { systemClock } from "./system-clock.ts";

/** Secrets use the keys of bucket 0's cell, and failures count in the rate limits. */
export async function openAccounts(
  config: Config,
  { databases, cells }: Storage,
  rateLimits: RateLimits,
  log: Log,
): Promise<AccountWorld> {
  const left = await writePlans(databases.shards, config.plans);
  if (left.length > 0)
    log.warn(
      { plans: left },
      "accounts have plans that HOLDFAST_PLANS does not name; they keep the quotas of these plans",
    );
  await spreadAccessRules(databases.shards);
  const store = { shards: databases.shards, clock: systemClock, random: randomBytes };
  await shredRestored({ ...store, cells: databases.cells }, log, nodeDisk, config.dataFolder);
  const { keyring } = cells.of(toBucket(0));
  const wrapper = {
    wrapSecret: async (label: string, secret: Uint8Array) => Buffer.from(await keyring.wrapSecret(label, secret)),
    unwrapSecret: async (label: string, wrapped: Uint8Array) => Buffer.from(await keyring.unwrapSecret(label, wrapped)),
  };
  return {
    ...store,
    wrapper,
    secrets: await openServerSecrets(databases.shards, wrapper, randomBytes),
    openRegistration: config.openRegistration,
    openDirectory: config.openDirectory,
    browserSessionMs: config.browserSessionMs,
    language: config.language,
    serverName: config.serverName,
    graceMs: config.retention.graceMs,
    lifetimes: shownLifetimes(config.retention),
    onlyThrough: config.oidc?.only === true ? config.oidc.name : undefined,
    issuerBound: issuerBoundOf(config.oidc),
    notifyDevice,
    throttle: throttleBy(rateLimits, "sign_in"),
    signUps: throttleBy(rateLimits, "sign_up"),
  };
}

function issuerBoundOf(oidc: Config["oidc"]): IssuerBound | undefined {
  if (oidc?.signInAgainMs === undefined) return undefined;
  const { issuer, name, only, signInAgainMs: everyMs } = oidc;
  return { issuer, name, only, everyMs };
}

function throttleBy(rateLimits: RateLimits, limit: LimitName): SignInThrottle {
  return {
    check: (key) => rateLimits.check(limit, key),
    failed: (key, weight = 1) => rateLimits.debit(limit, key, weight),
  };
}
