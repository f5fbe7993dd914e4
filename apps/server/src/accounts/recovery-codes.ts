import { createHash } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { ShardReader } from "../db/shard-tables.ts";

/** Crockford's base32: no letter that looks like a digit or another letter. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
/** 80 bits: nobody guesses one, and a hash of one that leaks tells nothing, though it is a fast one. */
const lettersCount = 16;

/** Makes new ones in place of those that there are. @returns them in groups of four letters; they are kept as hashes alone */
export async function replaceRecoveryCodes(
  transaction: ShardReader,
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

/** Rather than one of an app. @param code letters and digits alone */
export function isRecoveryCode(code: string): boolean {
  return code.length === lettersCount;
}

/** @param code letters and digits alone @returns whether it was one; it is none any more */
export async function takeRecoveryCode(transaction: ShardReader, userId: UserId, code: string): Promise<boolean> {
  // As it may be read aloud or copied from paper.
  const meant = code.toLowerCase().replaceAll("o", "0").replaceAll(/[il]/g, "1");
  const { rows } = await sql`
    delete from shard.recovery_codes where user_id = ${userId} and code_hash = ${hashOf(meant)} returning 1`.execute(
    transaction,
  );
  return rows.length > 0;
}

export async function countRecoveryCodes(reader: ShardReader, userId: UserId): Promise<number> {
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
