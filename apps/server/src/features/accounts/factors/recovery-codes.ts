import { createHash } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";

/** Crockford's base32: no letter looks like a digit or another letter. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 bits: unguessable, and even a leaked fast hash reveals nothing. */
const lettersCount = 16;

/** @returns codes in groups of four letters; only their hashes are stored */
export async function replaceRecoveryCodes(
  transaction: ShardQueries,
  userId: UserId,
  random: Random,
): Promise<string[]> {
  const codes = Array.from({ length: limits.recoveryCodes }, () => makeCode(random));
  await sql`delete from shard.recovery_codes where user_id = ${userId}`.execute(transaction);
  for (const code of codes) {
    await sql`insert into shard.recovery_codes (user_id, code_hash) values (${userId}, ${hashOf(code)})`.execute(
      transaction,
    );
  }
  return codes.map((code) => code.replaceAll(/(.{4})(?!$)/g, "$1-"));
}

/** Distinguishes a recovery code from an app's code. @param code only letters and digits */
export function isRecoveryCode(code: string): boolean {
  return code.length === lettersCount;
}

/**
 * @param code only letters and digits
 * @returns true if it was valid
 */
export async function takeRecoveryCode(transaction: ShardQueries, userId: UserId, code: string): Promise<boolean> {
  // Somebody may have heard the code or copied it from paper.
  const meant = code.toLowerCase().replaceAll("o", "0").replaceAll(/[il]/g, "1");
  const { rows } = await sql`
    delete from shard.recovery_codes where user_id = ${userId} and code_hash = ${hashOf(meant)} returning 1`.execute(
    transaction,
  );
  return rows.length > 0;
}

export async function countRecoveryCodes(reader: ShardQueries, userId: UserId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int8 as count from shard.recovery_codes where user_id = ${userId}`.execute(reader);
  return rows[0]?.count ?? 0;
}

function makeCode(random: Random): string {
  return Array.from(random(lettersCount), (byte) => alphabet[byte % alphabet.length]).join("");
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
