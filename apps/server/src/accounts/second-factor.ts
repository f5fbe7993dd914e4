import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { secondFactor } from "@holdfast/protocol/second-factor-routes";
import { sql } from "kysely";
import type { z } from "zod";
import type { SecondFactorRow, UserRow } from "../db/account-tables.ts";
import { inTransaction } from "../db/database.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import { countRecoveryCodes, takeRecoveryCode } from "./recovery-codes.ts";

export type SecondFactorJson = z.output<typeof secondFactor>;

/** Under which secrets of authenticator apps are wrapped. */
export const totpSecretLabel = "totp";

const minuteMs = 60_000;

export async function readSecondFactor(world: AccountWorld, userId: UserId): Promise<SecondFactorJson> {
  const { db } = world.shards.ofId(userId);
  const row = await readRow(db, userId);
  return {
    on: isOn(row),
    since: row?.since == null ? null : formatTime(row.since),
    recovery_codes_left: await countRecoveryCodes(db, userId),
  };
}

/**
 * For whoever has proved the password: nothing where the account has no second factor. A code counts once, whoever sends it; a recovery
 * code is gone then. Wrong codes of the app are counted for the account, from wherever they come: from the sixth in a row on each has to
 * wait, up to an hour. Recovery codes are let in meanwhile, as nobody guesses them.
 * @throws HoldfastError second_factor where it is missing, wrong or used already; rate_limited
 */
export async function passSecondFactor(
  world: AccountWorld,
  { id }: Pick<UserRow, "id">,
  totp: string | undefined,
): Promise<void> {
  const { db } = world.shards.ofId(id);
  // One read by the primary key for those who have none.
  if (!isOn(await readRow(db, id))) return;
  if (totp === undefined || totp.trim() === "") throw codeMissing();
  const code = totp.replaceAll(/[\s-]/g, "");
  // What it found is thrown after it was written.
  const result = await inTransaction(db, async (transaction) => {
    const row = await lockRow(transaction, id);
    if (row === undefined || !isOn(row)) return undefined;
    if (await takeRecoveryCode(transaction, id, code)) return undefined;
    const nowMs = world.clock.nowMs();
    const waitMs = lockedUntilMs(row) - nowMs;
    if (waitMs > 0) return tooManyWrong(waitMs);
    const { totpStep } = await import("./totp.ts");
    const step = totpStep(await unwrap(world, row.secret), code, nowMs);
    // Of a right one that comes again nobody guesses anything.
    if (step !== undefined && step <= row.last_step) return codeWrong();
    await sql`update shard.second_factors set
        last_step = ${step ?? row.last_step}, failures = ${step === undefined ? row.failures + 1 : 0}, failed_at = ${nowMs * 1000}
      where user_id = ${id}`.execute(transaction);
    return step === undefined ? codeWrong() : undefined;
  });
  if (result !== undefined) throw result;
}

/** For who has lost the phone and the codes. */
export async function removeSecondFactor(transaction: ShardReader, userId: UserId): Promise<void> {
  await sql`delete from shard.second_factors where user_id = ${userId}`.execute(transaction);
  await sql`delete from shard.recovery_codes where user_id = ${userId}`.execute(transaction);
}

export function isOn(row: SecondFactorRow | undefined): row is SecondFactorRow & { secret: Buffer; since: number } {
  return row !== undefined && row.secret !== null && row.since !== null;
}

/** Undefined where none was ever begun. */
export async function lockRow(transaction: ShardReader, userId: UserId): Promise<SecondFactorRow | undefined> {
  const { rows } = await sql<SecondFactorRow>`
    select * from shard.second_factors where user_id = ${userId} for update`.execute(transaction);
  return rows[0];
}

export async function unwrap(world: AccountWorld, secret: Buffer): Promise<Buffer> {
  return world.wrapper.unwrapSecret(totpSecretLabel, secret);
}

export function codeWrong(): HoldfastError {
  const message = "The code is wrong, or was used already. Take the one that the app shows next, or a recovery code.";
  return new HoldfastError("second_factor", message, { field: "totp" });
}

async function readRow(reader: ShardReader, userId: UserId): Promise<SecondFactorRow | undefined> {
  const { rows } = await sql<SecondFactorRow>`select * from shard.second_factors where user_id = ${userId}`.execute(
    reader,
  );
  return rows[0];
}

/** A million codes, of which three are right at any moment: with this nobody comes to a hundredth of a percent in a day. */
function lockedUntilMs({ failures, failed_at: failedAt }: SecondFactorRow): number {
  const over = failures - limits.secondFactorFailuresMax;
  return over < 0 ? 0 : failedAt / 1000 + Math.min(2 ** Math.min(over, 6), 60) * minuteMs;
}

function codeMissing(): HoldfastError {
  const message =
    "This account has a second factor: send the code that its authenticator app shows, or a recovery code, as totp.";
  return new HoldfastError("second_factor", message, { field: "totp" });
}

function tooManyWrong(waitMs: number): HoldfastError {
  const minutes = Math.ceil(waitMs / minuteMs);
  const message = `Too many wrong codes: the app's codes are let in again in ${minutes === 1 ? "a minute" : `${minutes} minutes`}. A recovery code is let in now.`;
  return new HoldfastError("rate_limited", message, { retryAfterSeconds: Math.ceil(waitMs / 1000), field: "totp" });
}
