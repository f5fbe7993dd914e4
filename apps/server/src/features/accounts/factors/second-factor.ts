import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { secondFactor } from "@holdfast/protocol/second-factor-routes";
import { sql } from "kysely";
import type { z } from "zod";
import type { SecondFactorRow, UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction, keyed } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { isFactorRequired } from "../callers/access-rules.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { PasskeySite } from "./passkey-site.ts";
import { countPasskeys, readPasskeys, requestOfFactor } from "./passkeys.ts";
import { countRecoveryCodes, isRecoveryCode, takeRecoveryCode } from "./recovery-codes.ts";
import { takePasskey } from "./take-passkey.ts";

export type SecondFactorJson = z.output<typeof secondFactor>;

type Live = SecondFactorRow & { readonly since: number };

export interface GivenFactor {
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
  readonly sender: CodeSender;
  /** A trusted issuer required a second factor. */
  readonly isPassed?: boolean;
}

/** known: a session or known device, which strangers' guesses do not delay. */
export type CodeSender = "known" | "anybody";

const minuteMs = 60_000;

export async function readSecondFactor(world: AccountWorld, userId: UserId): Promise<SecondFactorJson> {
  const { db } = world.shards.ofId(userId);
  const row = await readRow(db, userId);
  return {
    on: isOn(row),
    since: row?.since == null ? null : formatTime(row.since),
    app: hasApp(row),
    passkeys: await countPasskeys(db, userId),
    recovery_codes_left: await countRecoveryCodes(db, userId),
    ...((await isFactorRequired(db, userId)) ? { required: true } : {}),
  };
}

/**
 * Called after the password was proved. Does nothing without a second factor. See `withCode`.
 * @param check an error thrown here leaves the code unused, for another attempt
 * @throws HoldfastError second_factor for a missing, wrong or used code; rate_limited
 */
export async function passSecondFactor(
  world: AccountWorld,
  { id }: Pick<UserRow, "id">,
  given: GivenFactor,
  check: (transaction: ShardQueries) => Promise<void> = () => Promise.resolve(),
): Promise<SignInKind> {
  const { rows } = await sql`
    select from shard.second_factors where user_id = ${id} and since is not null ${keyed}`.execute(
    world.shards.ofId(id).db,
  );
  if (rows.length === 0) return "password";
  return withCode(world, id, given, async (transaction, row) => {
    await check(transaction);
    return isOn(row) ? factorOf(given) : "password";
  });
}

function factorOf({ totp, passkey }: GivenFactor): SignInKind {
  if (passkey !== undefined) return "password_passkey";
  return isRecoveryCode(plainCode(totp ?? "")) ? "password_recovery_code" : "password_app";
}

/**
 * Uses up a code or passkey, if the account has a second factor, and runs `act` in the same transaction, so that the
 * factor stays on or off between the two. Each code counts once; a recovery code is then gone. Wrong codes of the app
 * count for the account, from all sources; from the sixth in a row each attempt waits, up to an hour. Recovery codes
 * are unguessable and never delayed. Known devices have their own count.
 * @throws HoldfastError second_factor, rate_limited, errors of `act`
 */
export async function withCode<Result>(
  world: AccountWorld,
  userId: UserId,
  given: GivenFactor,
  act: (transaction: ShardQueries, row: SecondFactorRow) => Promise<Result>,
): Promise<Result> {
  // Refusals are thrown after the commit, to keep their counts.
  const done = await inTransaction(world.shards.ofId(userId).db, async (transaction) => {
    const row = await lockRow(transaction, userId);
    const refusal = isOn(row) && given.isPassed !== true ? await takeFactor(world, transaction, row, given) : undefined;
    return refusal ?? { result: await act(transaction, row) };
  });
  world.queued?.(userId);
  if (done instanceof HoldfastError) throw done;
  return done.result;
}

/** @returns error to throw; undefined for a valid factor */
async function takeFactor(
  world: AccountWorld,
  transaction: ShardQueries,
  row: Live,
  { totp, passkey, site, sender }: GivenFactor,
): Promise<HoldfastError | undefined> {
  const refusal =
    passkey === undefined
      ? await takeCode(world, transaction, row, { totp, isKnown: sender === "known" })
      : await takePasskey(world, transaction, row.user_id, { assertion: passkey, site, use: `factor ${row.user_id}` });
  if (refusal?.code !== "second_factor") return refusal;
  const passkeys = await readPasskeys(transaction, row.user_id);
  const factors = [...(hasApp(row) ? ["app"] : []), ...(passkeys.length > 0 ? ["passkey"] : []), "recovery_code"];
  const request = requestOfFactor(world, row.user_id, passkeys, site);
  const { message, field = "totp" } = refusal;
  return new HoldfastError("second_factor", message, { field, body: { factors, webauthn: request ?? null } });
}

async function takeCode(
  world: AccountWorld,
  transaction: ShardQueries,
  row: Live,
  { totp, isKnown }: { readonly totp: string | undefined; readonly isKnown: boolean },
): Promise<HoldfastError | undefined> {
  const code = plainCode(totp ?? "");
  if (code === "") return codeMissing(row);
  if (isRecoveryCode(code)) return takeRecovery(world, transaction, row.user_id, code);
  // Without an app there are no codes, so nothing is counted.
  if (!hasApp(row)) return codeWrong();
  const nowMs = world.clock.nowMs();
  const failures = isKnown ? row.known_failures : row.failures;
  const failedAt = isKnown ? row.known_failed_at : row.failed_at;
  const waitMs = waitMsOf(failures, failedAt, nowMs);
  // The clock was ahead at that failure. Starts the wait now; otherwise it would last until that time.
  if (waitMs > 0 && failedAt > nowMs * 1000)
    await sql`update shard.second_factors set ${sql.ref(isKnown ? "known_failed_at" : "failed_at")} = ${nowMs * 1000}
      where user_id = ${row.user_id}`.execute(transaction);
  if (waitMs > 0) return tooManyWrong(waitMs);
  const { totpStep } = await import("./totp.ts");
  const step = totpStep(await unwrapSecret(world, row.user_id, row.secret), code, nowMs);
  // A repeated right code is no guess.
  if (step !== undefined && step <= row.last_step) return codeWrong();
  if (step !== undefined) {
    await sql`update shard.second_factors set last_step = ${step}, failures = 0, known_failures = 0
      where user_id = ${row.user_id}`.execute(transaction);
    return undefined;
  }
  await (
    isKnown
      ? sql`update shard.second_factors set known_failures = known_failures + 1, known_failed_at = ${nowMs * 1000}
        where user_id = ${row.user_id}`
      : sql`update shard.second_factors set failures = failures + 1, failed_at = ${nowMs * 1000}
        where user_id = ${row.user_id}`
  ).execute(transaction);
  if (failures + 1 === limits.secondFactorFailuresMax) {
    await world.notifySecurity?.(transaction, row.user_id, "factor_guessed");
  }
  return codeWrong();
}

async function takeRecovery(world: AccountWorld, transaction: ShardQueries, userId: UserId, code: string) {
  if (!(await takeRecoveryCode(transaction, userId, code))) return codeWrong();
  await world.notifySecurity?.(transaction, userId, "factor_code_used");
  return undefined;
}

export async function removeSecondFactor(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`delete from shard.second_factors where user_id = ${userId}`.execute(transaction);
  await sql`delete from shard.passkeys where user_id = ${userId}`.execute(transaction);
  await sql`delete from shard.recovery_codes where user_id = ${userId}`.execute(transaction);
}

/**
 * Runs in the transaction that would end the last factor.
 * @throws HoldfastError conflict if an administrator requires a factor
 */
export async function assertMayEnd(transaction: ShardQueries, userId: UserId): Promise<void> {
  if (!(await isFactorRequired(transaction, userId))) return;
  const message =
    "An administrator requires a second factor, so you cannot remove the last one. Set up another one first: a new app, or a passkey.";
  throw new HoldfastError("conflict", message);
}

export function isOn(row: SecondFactorRow | undefined): row is Live {
  return row !== undefined && row.since !== null;
}

/**
 * True for something prepared before the second factor was turned on: a thief who had only the password then must not
 * complete it.
 * @param preparedAt in microseconds
 */
export function isFromBefore(row: Pick<SecondFactorRow, "since">, preparedAt: number): boolean {
  return row.since !== null && preparedAt < row.since;
}

/** Runs `isFromBefore` without a lock. */
export async function isOlderThanFactor(reader: ShardQueries, userId: UserId, preparedAt: number): Promise<boolean> {
  const row = await readRow(reader, userId);
  return row !== undefined && isFromBefore(row, preparedAt);
}

/** Cancels a pending change of address, which was requested without the factor that this transaction turns on. */
export async function withdrawAddress(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`update shard.users set next_email = null where id = ${userId} and next_email is not null`.execute(
    transaction,
  );
}

export function hasApp(row: SecondFactorRow | undefined): row is Live & { readonly secret: Buffer } {
  return isOn(row) && row.secret !== null;
}

/** Creates a missing row, so that requests wait for each other. */
export async function lockRow(transaction: ShardQueries, userId: UserId): Promise<SecondFactorRow> {
  await sql`insert into shard.second_factors (user_id) values (${userId}) on conflict do nothing`.execute(transaction);
  const { rows } = await sql<SecondFactorRow>`
    select * from shard.second_factors where user_id = ${userId} for update`.execute(transaction);
  const [row] = rows;
  if (row === undefined)
    throw new HoldfastError("conflict", "The second factor was changed in the meantime. Try again.");
  return row;
}

/** Runs between `lockRow` and `assertLive`: accounts are locked before their sessions. */
export async function lockOwner(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`select from shard.users where id = ${userId} for no key update`.execute(transaction);
}

export function plainCode(text: string): string {
  return text.normalize("NFKC").replaceAll(/[^\p{Letter}\p{Number}]/gu, "");
}

/** The label names the account, so the secret is useless in another row. */
export function wrapSecret({ wrapper }: AccountWorld, userId: UserId, secret: Uint8Array): Buffer | Promise<Buffer> {
  return wrapper.wrapSecret(`totp ${userId}`, secret);
}

export function unwrapSecret({ wrapper }: AccountWorld, userId: UserId, wrapped: Buffer): Buffer | Promise<Buffer> {
  return wrapper.unwrapSecret(`totp ${userId}`, wrapped);
}

async function readRow(reader: ShardQueries, userId: UserId): Promise<SecondFactorRow | undefined> {
  const { rows } = await sql<SecondFactorRow>`select * from shard.second_factors where user_id = ${userId}`.execute(
    reader,
  );
  return rows[0];
}

/** Wait after wrong codes. Three of a million codes are right at any moment; a day of guesses stays below 0.01 %. */
function waitMsOf(failures: number, failedAt: number, nowMs: number): number {
  const over = failures - limits.secondFactorFailuresMax;
  if (over < 0) return 0;
  // A clock that was ahead does not lengthen the wait.
  const sinceMs = Math.max(0, nowMs - failedAt / 1000);
  return Math.max(0, Math.min(2 ** Math.min(over, 6), 60) * minuteMs - sinceMs);
}

function codeMissing(row: Live): HoldfastError {
  const message = hasApp(row)
    ? "This account has a second factor: send the code that its authenticator app shows, or a recovery code, as totp."
    : "This account's second factor is a passkey: sign in with a browser, or send a recovery code as totp.";
  return new HoldfastError("second_factor", message, { field: "totp" });
}

function codeWrong(): HoldfastError {
  const message = "The code is wrong or was already used. Enter the next code from the app, or a recovery code.";
  return new HoldfastError("second_factor", message, { field: "totp" });
}

function tooManyWrong(waitMs: number): HoldfastError {
  const minutes = Math.ceil(waitMs / minuteMs);
  const message = `Too many wrong codes: codes from the app work again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}. A recovery code works now.`;
  return new HoldfastError("rate_limited", message, { retryAfterSeconds: Math.ceil(waitMs / 1000), field: "totp" });
}
