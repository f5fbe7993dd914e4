import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type DeviceId, makeId, type SessionId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { z } from "zod";
import type { session as sessionSchema } from "@holdfast/protocol/account-routes";
import { inTransaction } from "../db/database.ts";
import { signAccessToken } from "./access-token.ts";
import type { AccountWorld } from "./account-world.ts";
import { findUserByEmail } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import { isPassword } from "./passwords.ts";
import { makeRefreshToken, parseRefreshToken } from "./secret-token.ts";

export type SessionJson = z.output<typeof sessionSchema>;

/**
 * Makes a device and a session for it. Unknown address, wrong password and a password too long to be one take the same
 * time and get the same answer.
 * @throws HoldfastError unauthenticated, rate_limited, forbidden (disabled, told only to who knows the password)
 */
export async function signIn(
  world: AccountWorld,
  request: { email: string; password: string; device_name?: string | undefined },
): Promise<SessionJson> {
  const throttleKey = `sign-in ${emailKey(request.email)}`;
  await world.throttle.check(throttleKey);
  const user = await findUserByEmail(world.shards, request.email);
  if (!(await isPassword(user?.password_hash, request.password)) || user === undefined) {
    await world.throttle.failed(throttleKey);
    throw new HoldfastError("unauthenticated", "The e-mail address or the password is wrong.");
  }
  if (user.disabled_at !== null) {
    throw new HoldfastError("forbidden", "This account is disabled. Ask an administrator of this server.");
  }
  return startSession(world, user.id, request.device_name ?? "unnamed device");
}

export async function startSession(world: AccountWorld, userId: UserId, deviceName: string): Promise<SessionJson> {
  const nowMs = world.clock.nowMs();
  const bucket = bucketOf(userId);
  const deviceId = makeId<DeviceId>(bucket, nowMs, world.random(8));
  const sessionId = makeId<SessionId>(bucket, nowMs, world.random(8));
  const now = world.clock.nowMicros();
  await inTransaction(world.shards.of(bucket).db, async (transaction) => {
    await transaction
      .insertInto("shard.devices")
      .values({ user_id: userId, id: deviceId, name: deviceName, created_at: now, last_seen_at: now })
      .execute();
    await transaction
      .insertInto("shard.sessions")
      .values({
        id: sessionId,
        user_id: userId,
        device_id: deviceId,
        number: 1,
        number_used: false,
        created_at: now,
        expires_at: now + limits.refreshTokenLifetimeMs * 1000,
      })
      .execute();
  });
  return sessionJson(world, { id: sessionId, user_id: userId, device_id: deviceId, number: 1 });
}

/**
 * The current refresh token is exchanged for its successor. Its direct predecessor, come again before anything issued
 * with the current one was used, is a client that lost the answer: it gets the same successor once more. Anything older
 * is a stolen token, or its owner beside the thief: the family ends.
 * @throws HoldfastError unauthenticated
 */
export async function refreshSession(world: AccountWorld, refreshToken: string): Promise<SessionJson> {
  const refused = () => new HoldfastError("unauthenticated", "The session has ended. Sign in again.");
  const claimed = parseRefreshToken(world.secrets.refreshKey, refreshToken);
  if (claimed === undefined) throw refused();
  const now = world.clock.nowMicros();
  const { db } = world.shards.ofId(claimed.sessionId);
  const session = await inTransaction(db, async (transaction) => {
    const row = await transaction
      .selectFrom("shard.sessions")
      .innerJoin("shard.users", "shard.users.id", "shard.sessions.user_id")
      .select(["shard.sessions.id", "user_id", "device_id", "number", "number_used", "expires_at", "disabled_at"])
      .where("shard.sessions.id", "=", claimed.sessionId)
      .forUpdate("shard.sessions")
      .executeTakeFirst();
    if (row === undefined || row.expires_at <= now || row.disabled_at !== null) return undefined;
    if (claimed.number === row.number - 1 && !row.number_used) return row;
    if (claimed.number !== row.number) {
      await transaction.deleteFrom("shard.sessions").where("id", "=", row.id).execute();
      return undefined;
    }
    const next = { number: row.number + 1, number_used: false, expires_at: now + limits.refreshTokenLifetimeMs * 1000 };
    await transaction.updateTable("shard.sessions").set(next).where("id", "=", row.id).execute();
    return { ...row, ...next };
  });
  if (session === undefined) throw refused();
  return sessionJson(world, session);
}

export async function endSession(world: AccountWorld, sessionId: SessionId): Promise<void> {
  await world.shards.ofId(sessionId).db.deleteFrom("shard.sessions").where("id", "=", sessionId).execute();
}

/** All of a user's, or those of one device. */
export async function endSessions(world: AccountWorld, userId: UserId, deviceId?: DeviceId): Promise<void> {
  let query = world.shards.ofId(userId).db.deleteFrom("shard.sessions").where("user_id", "=", userId);
  if (deviceId !== undefined) query = query.where("device_id", "=", deviceId);
  await query.execute();
}

async function sessionJson(
  world: AccountWorld,
  session: { id: SessionId; user_id: UserId; device_id: DeviceId; number: number },
): Promise<SessionJson> {
  const claims = { userId: session.user_id, sessionId: session.id, number: session.number };
  return {
    access_token: await signAccessToken(world.secrets, claims, world.clock.nowMs()),
    refresh_token: makeRefreshToken(world.secrets.refreshKey, session.id, session.number),
    expires_in: limits.accessTokenLifetimeMs / 1000,
    device_id: session.device_id,
  };
}
