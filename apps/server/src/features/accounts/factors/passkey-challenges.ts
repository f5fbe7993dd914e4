import { createHmac } from "node:crypto";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { isSame } from "../context/secret-token.ts";

/**
 * Purpose of an answer, which is valid for no other one: to add a passkey in this session, to accompany this account's
 * password, or to replace the password of an unknown person.
 */
export type ChallengeUse = `add ${string}` | `factor ${string}` | "sign-in";

type Parts = Pick<AccountWorld, "secrets" | "clock" | "random">;

const randomBytes = 16;
const untilBytes = 6;
const proofBytes = 16;

export interface Challenge {
  readonly bytes: Buffer;
  readonly untilMs: number;
}

/** Stored only when answered, so that requests fill no table. */
export function makeChallenge({ secrets, clock, random }: Parts, use: ChallengeUse): Challenge {
  const untilMs = clock.nowMs() + limits.passkeyChallengeMs;
  const head = Buffer.alloc(randomBytes + untilBytes);
  head.set(random(randomBytes));
  head.writeUIntBE(untilMs, randomBytes, untilBytes);
  return { bytes: Buffer.concat([head, proofOf(secrets.refreshKey, use, head)]), untilMs };
}

/**
 * @param text base64url
 * @returns undefined if forged, expired or for another use
 */
export function readChallenge({ secrets, clock }: Parts, use: ChallengeUse, text: string): Challenge | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length !== randomBytes + untilBytes + proofBytes || bytes.toString("base64url") !== text) return undefined;
  const head = bytes.subarray(0, randomBytes + untilBytes);
  const untilMs = head.readUIntBE(randomBytes, untilBytes);
  const isOurs = isSame(bytes.subarray(head.length), proofOf(secrets.refreshKey, use, head));
  return isOurs && untilMs > clock.nowMs() ? { bytes, untilMs } : undefined;
}

/**
 * Marks a challenge as answered. The second of two simultaneous answers waits and finds it taken.
 * @returns true for the first answer
 */
export async function takeChallenge(
  transaction: ShardQueries,
  userId: UserId,
  { bytes, untilMs }: Challenge,
): Promise<boolean> {
  const { rows } = await sql`
    insert into shard.passkey_challenges (user_id, challenge, until) values (${userId}, ${bytes}, ${untilMs * 1000})
    on conflict do nothing returning 1`.execute(transaction);
  return rows.length > 0;
}

function proofOf(key: Buffer, use: ChallengeUse, head: Uint8Array): Buffer {
  return createHmac("sha256", key).update(`passkey ${use} `).update(head).digest().subarray(0, proofBytes);
}
