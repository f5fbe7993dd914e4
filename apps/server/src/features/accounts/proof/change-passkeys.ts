import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, makeId, type PasskeyId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { PasskeyCreation, PasskeyRegistration } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import type { PasskeyRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { type Proof, withProof } from "./change-second-factor.ts";
import { assertLive, sessionOf } from "../callers/live-session.ts";
import { type Challenge, makeChallenge, readChallenge, takeChallenge } from "../factors/passkey-challenges.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import {
  countPasskeys,
  credentialJson,
  noSuchPasskey,
  type PasskeyJson,
  passkeyJson,
  readPasskeys,
  userHandleOf,
} from "../factors/passkeys.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { countRecoveryCodes, replaceRecoveryCodes } from "../factors/recovery-codes.ts";
import {
  assertMayEnd,
  hasApp,
  isFromBefore,
  isOn,
  lockOwner,
  lockRow,
  removeSecondFactor,
  withdrawAddress,
} from "../factors/second-factor.ts";
import { challengeOf } from "../factors/take-passkey.ts";

/** COSE algorithms: EdDSA, and ECDSA and RSA with SHA-256. Every device supports one of them. */
const algorithms = [-8, -7, -257];

/**
 * Stores nothing until the same session confirms a passkey.
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, second_factor,
 * rate_limited, conflict for too many passkeys
 */
export async function preparePasskey(
  world: AccountWorld,
  caller: Caller,
  proof: Proof & { readonly site: PasskeySite },
  source: string,
): Promise<{ webauthn: PasskeyCreation; expires_at: string }> {
  const { user, session, rows } = await withProof(world, caller, { proof, source }, async (transaction, _, by) => {
    await assertRoom(transaction, by.user.id);
    return { ...by, rows: await readPasskeys(transaction, by.user.id) };
  });
  const { bytes, untilMs } = makeChallenge(world, `add ${session}`);
  const webauthn: PasskeyCreation = {
    challenge: bytes.toString("base64url"),
    // Only shown. Passkeys are bound to the ID.
    rp: { id: proof.site.rpId, name: world.serverName },
    user: { id: userHandleOf(user), name: user.email, displayName: user.name },
    pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: rows.map(credentialJson),
    // A plain security key without storage or PIN suffices beside the password.
    authenticatorSelection: { residentKey: "preferred", requireResidentKey: false, userVerification: "preferred" },
    attestation: "none",
    timeout: limits.passkeyChallengeMs,
  };
  return { webauthn, expires_at: formatTime(untilMs * 1000) };
}

export interface NewPasskey {
  readonly name: string;
  readonly passkey: PasskeyRegistration;
  readonly site: PasskeySite;
}

/**
 * The first passkey turns on the second factor.
 * @throws HoldfastError forbidden, invalid_field for a passkey of another session or address, exists if an account has
 * it, conflict for too many passkeys
 */
export async function confirmPasskey(
  world: AccountWorld,
  caller: Caller,
  added: NewPasskey,
): Promise<{ passkey: PasskeyJson; recovery_codes: string[] | null }> {
  const session = sessionOf(caller);
  assertPlainText(added.name, "name");
  const { userId } = caller;
  const text = challengeOf(added.passkey.response.clientDataJSON);
  const challenge = text === undefined ? undefined : readChallenge(world, `add ${session}`, text);
  const made = challenge === undefined ? undefined : await verify(added);
  if (challenge === undefined || made === undefined) throw notAsked();
  const now = world.clock.nowMicros();
  const row: PasskeyRow = {
    user_id: userId,
    id: makeId<PasskeyId>(bucketOf(userId), world.clock.nowMs(), world.random(8)),
    ...made,
    transports: added.passkey.response.transports ?? [],
    rp_id: added.site.rpId,
    name: added.name,
    created_at: now,
    last_used_at: null,
  };
  const codes = await inTransaction(world.shards.ofId(userId).db, async (transaction) => {
    const factor = await lockRow(transaction, userId);
    await lockOwner(transaction, userId);
    await assertLive(transaction, session);
    if (isFromBefore(factor, (challenge.untilMs - limits.passkeyChallengeMs) * 1000)) throw notAsked();
    if (!isOn(factor)) await withdrawAddress(transaction, userId);
    await addPasskey(transaction, row, challenge);
    await sql`update shard.second_factors set since = coalesce(since, ${now}) where user_id = ${userId}`.execute(
      transaction,
    );
    await world.notifySecurity?.(transaction, userId, "passkey_added");
    const hasCodes = isOn(factor) && (await countRecoveryCodes(transaction, userId)) > 0;
    return hasCodes ? null : replaceRecoveryCodes(transaction, userId, world.random);
  });
  world.queued?.(userId);
  return { passkey: passkeyJson(row), recovery_codes: codes };
}

/**
 * Without an app, removing the last passkey ends the second factor.
 * @throws HoldfastError as `preparePasskey`; not_found
 */
export async function removePasskey(
  world: AccountWorld,
  caller: Caller,
  id: string,
  { proof, source }: { readonly proof: Proof; readonly source: string },
): Promise<void> {
  await withProof(world, caller, { proof, source }, async (transaction, factor) => {
    const { user_id: userId } = factor;
    const { rows } = isId(id)
      ? await sql`delete from shard.passkeys where user_id = ${userId} and id = ${id} returning 1`.execute(transaction)
      : { rows: [] };
    if (rows.length === 0) throw noSuchPasskey(id);
    const isLast = !hasApp(factor) && (await countPasskeys(transaction, userId)) === 0;
    if (isLast) {
      await assertMayEnd(transaction, userId);
      await removeSecondFactor(transaction, userId);
    }
    await world.notifySecurity?.(transaction, userId, isLast ? "factor_off" : "passkey_removed");
  });
}

async function addPasskey(transaction: ShardQueries, row: PasskeyRow, challenge: Challenge): Promise<void> {
  await assertRoom(transaction, row.user_id);
  if (!(await takeChallenge(transaction, row.user_id, challenge))) throw notAsked();
  const { rows } = await sql`
    insert into shard.passkeys (user_id, id, credential_id, public_key, counter, transports, rp_id, name, backed_up, created_at)
    values (${row.user_id}, ${row.id}, ${row.credential_id}, ${row.public_key}, ${row.counter}, ${row.transports}, ${row.rp_id},
      ${row.name}, ${row.backed_up}, ${row.created_at})
    on conflict (credential_id) do nothing returning 1`.execute(transaction);
  if (rows.length === 0) throw new HoldfastError("exists", "This passkey was already added.", { field: "passkey" });
}

async function verify({ passkey: { id, response }, site }: NewPasskey) {
  const { verifyRegistrationResponse } = await import("@simplewebauthn/server");
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: "public-key",
        clientExtensionResults: {},
        response: { clientDataJSON: response.clientDataJSON, attestationObject: response.attestationObject },
      },
      expectedChallenge: () => true,
      expectedOrigin: [...site.origins],
      expectedRPID: site.rpId,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified || registrationInfo.credential.id !== id) return undefined;
    return {
      credential_id: Buffer.from(id, "base64url"),
      public_key: Buffer.from(registrationInfo.credential.publicKey),
      counter: registrationInfo.credential.counter,
      backed_up: registrationInfo.credentialBackedUp,
    };
  } catch {
    return undefined;
  }
}

async function assertRoom(transaction: ShardQueries, userId: UserId): Promise<void> {
  if ((await countPasskeys(transaction, userId)) < limits.passkeysMax) return;
  throw new HoldfastError("conflict", `An account has at most ${limits.passkeysMax} passkeys. Remove one first.`);
}

function notAsked(): HoldfastError {
  const message = "passkey: does not belong to this session or address, or took longer than five minutes. Start again.";
  return new HoldfastError("invalid_field", message, { field: "passkey" });
}
