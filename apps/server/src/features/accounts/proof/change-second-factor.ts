import { HoldfastError } from "@holdfast/core/errors";
import type { SessionId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { sql } from "kysely";
import type { SecondFactorRow, UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { assertLive, sessionOf } from "../callers/live-session.ts";
import { proveOwner } from "./prove-password.ts";
import { replaceRecoveryCodes } from "../factors/recovery-codes.ts";
import {
  assertMayEnd,
  isFromBefore,
  isOn,
  lockOwner,
  lockRow,
  plainCode,
  removeSecondFactor,
  unwrapSecret,
  withCode,
  withdrawAddress,
  wrapSecret,
} from "../factors/second-factor.ts";

/** Proof that the account's owner uses a signed-in device. */
export interface Proof {
  /** Absent without a password; then the session's proof must be recent. */
  readonly password?: string | undefined;
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
}

/**
 * The factor is required only after the same session confirms it with a code, so a failed set-up locks nobody out.
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, second_factor,
 * rate_limited
 */
export async function prepareSecondFactor(world: AccountWorld, caller: Caller, proof: Proof, source: string) {
  const { describeTotp, totpSecretBytes } = await import("../factors/totp.ts");
  const secret = Buffer.from(world.random(totpSecretBytes));
  const now = world.clock.nowMicros();
  const user = await withProof(world, caller, { proof, source }, async (transaction, _, { user: of, session }) => {
    const wrapped = await wrapSecret(world, of.id, secret);
    await sql`
      update shard.second_factors set next_secret = ${wrapped}, next_at = ${now}, next_session_id = ${session}, next_failures = 0
      where user_id = ${of.id}`.execute(transaction);
    return of;
  });
  // Only shown, so existing entries stay valid. Authenticator apps split their label at the first colon.
  const issuer = world.serverName.replaceAll(/\s*:\s*/g, " ");
  const described = describeTotp(secret, { issuer, account: user.email });
  return { ...described, expires_at: formatTime(now + limits.secondFactorSetUpMs * 1000) };
}

/**
 * @throws HoldfastError forbidden, second_factor for a wrong code, conflict if this session prepared nothing, too long
 * ago, or sent too many wrong codes
 */
export async function confirmSecondFactor(world: AccountWorld, caller: Caller, totp: string): Promise<string[]> {
  const session = sessionOf(caller);
  const { totpStep } = await import("../factors/totp.ts");
  const { userId } = caller;
  const codes = await inTransaction(world.shards.ofId(userId).db, async (transaction) => {
    const row = await lockRow(transaction, userId);
    await lockOwner(transaction, userId);
    await assertLive(transaction, session);
    const since = world.clock.nowMicros() - limits.secondFactorSetUpMs * 1000;
    const isOwn = row.next_session_id === session && row.next_failures < limits.secondFactorFailuresMax;
    const nextAt = row.next_at ?? 0;
    if (row.next_secret === null || !isOwn || nextAt <= since || isFromBefore(row, nextAt)) return "nothing" as const;
    const secret = await unwrapSecret(world, userId, row.next_secret);
    const step = totpStep(secret, plainCode(totp), world.clock.nowMs());
    if (step === undefined) {
      await sql`update shard.second_factors set next_failures = next_failures + 1 where user_id = ${userId}`.execute(
        transaction,
      );
      return "wrong" as const;
    }
    await sql`
      update shard.second_factors set secret = next_secret, since = coalesce(since, ${world.clock.nowMicros()}), next_secret = null,
        next_at = null, next_session_id = null, last_step = ${step}, failures = 0 where user_id = ${userId}`.execute(
      transaction,
    );
    if (!isOn(row)) await withdrawAddress(transaction, userId);
    await world.notifySecurity?.(transaction, userId, "factor_on");
    return replaceRecoveryCodes(transaction, userId, world.random);
  });
  world.queued?.(userId);
  if (codes === "nothing") throw notPrepared();
  if (codes === "wrong") throw notOfThisApp();
  return codes;
}

/** @throws HoldfastError as `prepareSecondFactor`; conflict without a second factor */
export async function renewRecoveryCodes(
  world: AccountWorld,
  caller: Caller,
  proof: Proof,
  source: string,
): Promise<string[]> {
  return withProof(world, caller, { proof, source }, async (transaction, row) => {
    if (!isOn(row)) throw noneIsOn();
    await world.notifySecurity?.(transaction, row.user_id, "factor_codes");
    return replaceRecoveryCodes(transaction, row.user_id, world.random);
  });
}

/** @throws HoldfastError as `prepareSecondFactor`; conflict without a second factor */
export async function endSecondFactor(
  world: AccountWorld,
  caller: Caller,
  proof: Proof,
  source: string,
): Promise<void> {
  await withProof(world, caller, { proof, source }, async (transaction, row) => {
    if (!isOn(row)) throw noneIsOn();
    await assertMayEnd(transaction, row.user_id);
    await world.notifySecurity?.(transaction, row.user_id, "factor_off");
    return removeSecondFactor(transaction, row.user_id);
  });
}

interface Change {
  readonly proof: Proof;
  readonly source: string;
  /** Action refused to personal access tokens. Default: "cannot change the second factor". */
  readonly what?: string;
}

/**
 * Requires a session. Checks the password or its substitute, and a code or passkey in the transaction of the change.
 * @throws HoldfastError forbidden, invalid_field for a wrong password, proof_required, second_factor, rate_limited,
 * unauthenticated
 */
export async function withProof<Result>(
  world: AccountWorld,
  caller: Caller,
  { proof: { password, ...given }, source, what }: Change,
  act: (transaction: ShardQueries, row: SecondFactorRow, by: { user: UserRow; session: SessionId }) => Promise<Result>,
): Promise<Result> {
  const session = sessionOf(caller, what);
  const user = await proveOwner(world, caller, { password, field: "password" }, source);
  return withCode(world, user.id, { ...given, sender: "known" }, async (transaction, row) => {
    await assertPasswordKept(transaction, user);
    await assertLive(transaction, session);
    return act(transaction, row, { user, session });
  });
}

/** A password change waits for this lock, then revokes the change if necessary. */
async function assertPasswordKept(transaction: ShardQueries, { id, password_hash: hash }: UserRow): Promise<void> {
  const { rows } = await sql`
    select from shard.users where id = ${id} and password_hash = ${hash} for no key update`.execute(transaction);
  if (rows.length === 0)
    throw new HoldfastError("conflict", "The password was changed in the meantime. Sign in again.");
}

function noneIsOn(): HoldfastError {
  return new HoldfastError("conflict", "This account has no second factor.");
}

function notPrepared(): HoldfastError {
  const message =
    "This session has no app to confirm: more than 15 minutes have passed, too many codes were wrong, or another session started over. Start again.";
  return new HoldfastError("conflict", message);
}

function notOfThisApp(): HoldfastError {
  const message = "The code does not match the app that you are setting up. Enter the code that it shows now.";
  return new HoldfastError("second_factor", message, { field: "totp" });
}
