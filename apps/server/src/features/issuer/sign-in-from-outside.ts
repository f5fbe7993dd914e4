import { HoldfastError } from "@holdfast/core/errors";
import type { DeviceSystem, SignInKind } from "@holdfast/protocol/device-routes";
import { assertAddress, assertMayComeFrom, readAccess } from "../accounts/callers/access-rules.ts";
import { settleKnown } from "../accounts/people/change-address.ts";
import { assertOpen } from "../accounts/sign-in/keep-account.ts";
import { type DeviceSecrets, findKnownDevice } from "../accounts/passwords/known-device.ts";
import { type GivenFactor, passSecondFactor } from "../accounts/factors/second-factor.ts";
import { type OnClaimed, type SessionJson, startSession } from "../accounts/sign-in/sessions.ts";
import type { OidcSettings } from "../../base/config/issuer-settings.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { answerSpent, isAnswerTaken, readAnswer, takeAnswer } from "./answers.ts";
import { authenticatedAtMicros } from "./authenticated-at.ts";
import { isOfDomain } from "./claims.ts";
import { type ClaimsWorld, followClaims } from "./follow-claims.ts";
import { linkByAddress } from "./link-by-address.ts";
import { createFromOutside, findByAddress } from "./outside-accounts.ts";
import { findLinked, useIdentity } from "./outside-identities.ts";

export interface OutsideSignIn extends Pick<GivenFactor, "totp" | "passkey" | "site"> {
  readonly ticket: string;
  readonly name: string;
  readonly system: DeviceSystem | undefined;
  readonly address: string;
  readonly secret?: DeviceSecrets;
  /** Cancels a pending deletion of the account. */
  readonly keeps?: boolean;
  readonly onClaimed?: OnClaimed;
}

/**
 * Creates a device and a session for an identity of the issuer. The subject identifies the account; an address does so
 * only once, to link it, and only in trusted domains. All checks run before anything is created, linked or granted.
 * @throws HoldfastError unauthenticated, second_factor, rate_limited, account_leaving, address_not_allowed, or
 * forbidden if no account is linked or it is disabled
 */
export async function signInFromOutside(
  world: ClaimsWorld,
  settings: OidcSettings,
  request: OutsideSignIn,
): Promise<SessionJson> {
  const answer = readAnswer(world, "sign-in", request.ticket);
  const { claims } = answer;
  if (claims.issuer !== settings.issuer) throw answerSpent();
  const linked = await findLinked(world, claims);
  const user = linked ?? (await findByAddress(world, settings, claims));
  let withoutFactor = false;
  if (user !== undefined) {
    request.onClaimed?.(user.id);
    if (await isAnswerTaken(world.shards.ofId(user.id).db, user.id, answer)) throw answerSpent();
    await assertOpen(world.shards.ofId(user.id).db, user, request.keeps === true);
    if (!claims.factorPassed) withoutFactor = (await passFactor(world, user, request)) === "password";
  }
  await assertMayComeFrom(world, user?.id, request.address);
  const enter = () =>
    user === undefined
      ? createFromOutside(world, settings, claims, () => notLinked(settings))
      : linkByAddress(world, user, claims);
  const signedIn = linked ?? (await enter());
  request.onClaimed?.(signedIn.id);
  await followClaims(world, signedIn, claims, "issuer");
  const { name, address, secret, system = null, keeps = false } = request;
  const provenAt = authenticatedAtMicros(world, settings, claims);
  const facts = { name, address, secret, system, browser: true, signed_in_by: "outside" as const };
  const device = { ...facts, provenAt, keeps, withoutFactor };
  const session = await startSession(world, signedIn, device, async (transaction) => {
    const isFirst = await takeAnswer(transaction, signedIn.id, answer);
    const isStill = await useIdentity(world, transaction, signedIn.id, claims);
    return isFirst && isStill ? undefined : answerSpent();
  });
  if (isOfDomain(claims, settings.linkDomains)) await settleKnown(world, signedIn, claims);
  return session;
}

async function passFactor(world: ClaimsWorld, { id }: UserRow, request: OutsideSignIn): Promise<SignInKind> {
  const known = await findKnownDevice(world, world.shards.ofId(id).db, id, request.secret);
  const given = { ...request, sender: known === undefined ? ("anybody" as const) : ("known" as const) };
  // A rejected address consumes no code.
  return passSecondFactor(world, { id }, given, async (reader) => {
    assertAddress(await readAccess(reader, id, world.clock.nowMicros()), request.address);
  });
}

/** Same error for addresses with and without an account. */
function notLinked({ name }: OidcSettings): HoldfastError {
  const message = `No account on this server is linked to your sign-in at ${name}. If you have an account, sign in with your password and link it under Settings. If you have none, an administrator can create one.`;
  return new HoldfastError("forbidden", message, { field: "outside" });
}
