import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { sessionOf } from "../accounts/callers/live-session.ts";
import { noteProven } from "../accounts/sign-in/note-proven.ts";
import { type GivenFactor, withCode } from "../accounts/factors/second-factor.ts";
import { getUser } from "../accounts/people/users.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type Answer, answerSpent, readAnswer, takeAnswer } from "./answers.ts";
import { authenticatedAtMicros, clocksDifferMs } from "./authenticated-at.ts";
import type { OidcSettings } from "../../base/config/issuer-settings.ts";
import type { Purpose } from "./leaving.ts";
import { hasIdentityOf, useIdentity } from "./outside-identities.ts";

export interface OutsideProof extends Pick<GivenFactor, "totp" | "passkey" | "site"> {
  readonly ticket: string;
}

/** @throws HoldfastError forbidden for a token, conflict if the account is not linked to the issuer */
export async function purposeOfProof(
  world: AccountWorld,
  { issuer, name }: OidcSettings,
  caller: Caller,
): Promise<Purpose> {
  const session = sessionOf(caller, "cannot confirm an identity");
  if (await hasIdentityOf(world, caller.userId, issuer)) return `prove ${session}`;
  const message = `This account is not linked to a sign-in at ${name}. Confirm your identity with the password or a passkey.`;
  throw new HoldfastError("conflict", message, { field: "outside" });
}

/**
 * Records that the user just authenticated at the issuer, for the session that began it. The identity must be linked to
 * the account. Requires a second factor like a sign-in.
 * @returns end of the proof in microseconds
 * @throws HoldfastError unauthenticated for a used ticket or another session's; second_factor, rate_limited; forbidden
 * with the field `auth_time` if the issuer did not authenticate the user again or does not say so, and `outside` for
 * another identity
 */
export async function proveFromOutside(
  world: AccountWorld,
  settings: OidcSettings,
  caller: Caller,
  { ticket, ...given }: OutsideProof,
): Promise<number> {
  const session = sessionOf(caller, "cannot confirm an identity");
  const answer = readAnswer(world, `prove ${session}`, ticket);
  const { claims } = answer;
  if (claims.issuer !== settings.issuer) throw answerSpent();
  const provenAt = askedAnewAt(world, settings, answer);
  const user = await getUser(world, caller.userId);
  const act = async (transaction: ShardQueries) => {
    if (!(await useIdentity(world, transaction, user.id, claims))) throw otherPerson(settings);
    if (!(await takeAnswer(transaction, user.id, answer))) throw answerSpent();
    await noteProven(world, transaction, { id: session, userId: user.id, passwordHash: user.password_hash, provenAt });
  };
  await withCode(world, user.id, { ...given, sender: "known", isPassed: claims.factorPassed }, act);
  return provenAt + limits.sessionProofMs * 1000;
}

/** Some issuers ignore the requested age. @throws HoldfastError forbidden */
function askedAnewAt(world: AccountWorld, settings: OidcSettings, { claims, askedAtMs }: Answer): number {
  const provenAt = authenticatedAtMicros(world, settings, claims);
  if (provenAt >= (askedAtMs - clocksDifferMs) * 1000) return provenAt;
  const { name } = settings;
  const said =
    claims.authenticatedAtMs === null
      ? `${name} did not report when you last signed in there`
      : `${name} did not ask you to sign in again`;
  const message = `${said}, so your identity is not confirmed. Confirm it with the password or a passkey, or sign out at ${name} first.`;
  throw new HoldfastError("forbidden", message, { field: "auth_time" });
}

function otherPerson({ name }: OidcSettings): HoldfastError {
  const message = `You signed in at ${name} as a person that this account is not linked to.`;
  return new HoldfastError("forbidden", message, { field: "outside" });
}
