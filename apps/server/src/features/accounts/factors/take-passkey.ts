import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import { z } from "zod";
import type { PasskeyRow } from "../../../base/db/account-tables.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { type ChallengeUse, readChallenge, takeChallenge } from "./passkey-challenges.ts";
import type { PasskeySite } from "./passkey-site.ts";
import { userOfHandle } from "./passkeys.ts";

export interface GivenPasskey {
  readonly assertion: PasskeyAssertion;
  readonly site: PasskeySite | undefined;
  readonly use: ChallengeUse;
}

/**
 * Without a password the device must have verified the person by fingerprint or PIN, so that the passkey replaces both
 * factors. A counter that has not grown means a copied passkey: it is refused, and the account gets a notice.
 * @returns error to throw after the transaction; undefined for a valid answer
 */
export async function takePasskey(
  world: AccountWorld,
  transaction: ShardQueries,
  userId: UserId,
  { assertion, site, use }: GivenPasskey,
): Promise<HoldfastError | undefined> {
  const wrong = passkeyWrong(use);
  const challenge = readChallenge(world, use, challengeOf(assertion.response.clientDataJSON) ?? "");
  const { userHandle } = assertion.response;
  const isOfOther = userHandle != null && userOfHandle(userHandle) !== userId;
  if (challenge === undefined || site === undefined || isOfOther) return wrong;
  const row = await lockPasskey(transaction, userId, Buffer.from(assertion.id, "base64url"));
  if (row === undefined || row.rp_id !== site.rpId) return wrong;
  const answer = await verify(row, { assertion, site, use });
  if (answer === undefined || !(await takeChallenge(transaction, userId, challenge))) return wrong;
  const hasCounted = answer.counter > row.counter || (answer.counter === 0 && row.counter === 0);
  if (!hasCounted) {
    await world.notifySecurity?.(transaction, userId, "passkey_copied");
    return passkeyCopied(use);
  }
  await sql`
    update shard.passkeys set counter = ${answer.counter}, backed_up = ${answer.backedUp}, last_used_at = ${world.clock.nowMicros()}
    where user_id = ${userId} and id = ${row.id}`.execute(transaction);
  return undefined;
}

async function lockPasskey(transaction: ShardQueries, userId: UserId, id: Buffer): Promise<PasskeyRow | undefined> {
  const { rows } = await sql<PasskeyRow>`
    select * from shard.passkeys where user_id = ${userId} and credential_id = ${id} for update`.execute(transaction);
  return rows[0];
}

/** Checks everything except the counter. @returns undefined if something is wrong */
async function verify(row: PasskeyRow, { assertion, site, use }: GivenPasskey) {
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const { id, response } = assertion;
  const { clientDataJSON, authenticatorData, signature } = response;
  const signed = { clientDataJSON, authenticatorData, signature };
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { id, rawId: id, type: "public-key", clientExtensionResults: {}, response: signed },
      expectedChallenge: () => true,
      expectedOrigin: [...(site?.origins ?? [])],
      expectedRPID: row.rp_id,
      requireUserVerification: use === "sign-in",
      // The caller checks the counter under its lock.
      credential: { id, publicKey: new Uint8Array(row.public_key), counter: 0 },
    });
    if (!verified) return undefined;
    return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
  } catch {
    return undefined;
  }
}

const clientData = z.object({ challenge: z.string().max(256), crossOrigin: z.literal(false).optional() });

/** @returns undefined for invalid text, and for a frame in another site's page */
export function challengeOf(clientDataJSON: string): string | undefined {
  try {
    return clientData.parse(JSON.parse(Buffer.from(clientDataJSON, "base64url").toString())).challenge;
  } catch {
    return undefined;
  }
}

export function passkeyWrong(use: ChallengeUse): HoldfastError {
  if (use === "sign-in") {
    const message =
      "This passkey belongs to no account on this server, or signing in took longer than five minutes. Try again.";
    return new HoldfastError("unauthenticated", message, { field: "passkey" });
  }
  const message =
    "The passkey does not belong to this account, was already used, or took longer than five minutes. Try again.";
  return new HoldfastError("second_factor", message, { field: "passkey" });
}

function passkeyCopied(use: ChallengeUse): HoldfastError {
  const message =
    "The use counter of this passkey went backwards, so there may be a copy of it. Sign in another way and remove it.";
  return new HoldfastError(use === "sign-in" ? "unauthenticated" : "second_factor", message, { field: "passkey" });
}
