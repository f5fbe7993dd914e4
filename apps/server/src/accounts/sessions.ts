import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type DeviceId, makeId, type SessionId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { session as sessionSchema } from "@holdfast/protocol/account-routes";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { z } from "zod";
import type { UserRow } from "../db/account-tables.ts";
import { inTransaction } from "../db/database.ts";
import type { ShardReader } from "../db/shard-tables.ts";
import { signAccessToken } from "./access-token.ts";
import type { AccountWorld } from "./account-world.ts";
import { guardAttempt, throttleKey, type WiderCount } from "./attempts.ts";
import { forgetSurplusDevices } from "./devices.ts";
import { findUserByEmail } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import type { PasskeySite } from "./passkey-site.ts";
import { isPassword } from "./passwords.ts";
import { assertPlainText } from "./plain-text.ts";
import { passSecondFactor } from "./second-factor.ts";
import { makeDeviceSecret, makeRefreshToken, parseDeviceSecret, parseRefreshToken } from "./secret-token.ts";

export type SessionJson = z.output<typeof sessionSchema>;

export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  /** Of the second factor, where the account has one; or a passkey. */
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  /** Where the passkey was asked. */
  readonly site?: PasskeySite | undefined;
  readonly device_name?: string | undefined;
  readonly device_secret?: string | undefined;
  /** Its refresh token goes into a cookie. */
  readonly browser?: boolean;
  readonly onClaimed?: OnClaimed;
}

/** Told of the account that somebody says to be, before it is proved. */
export type OnClaimed = (userId: UserId) => void;

/**
 * Makes a device and a session for it. Unknown address, wrong password and a password too long to be one take the same
 * time and get the same answer.
 *
 * Failures are counted by account and source together, so that nobody locks the owner out from elsewhere; those of all sources together
 * have a wider bound, against who guesses from many. A device that has signed in before has a count of its own, and is let in whatever
 * others do.
 * @param source where the attempt comes from
 * @throws HoldfastError unauthenticated, rate_limited; only to who knows the password: second_factor, forbidden (disabled)
 */
export async function signIn(world: AccountWorld, request: SignInRequest, source: string): Promise<SessionJson> {
  const { device_name: deviceName = "unnamed device" } = request;
  assertPlainText(deviceName, "device_name");
  const attempt = async () => {
    const claimed = await findUserByEmail(world.shards, request.email);
    if (claimed !== undefined) request.onClaimed?.(claimed.id);
    return (await isPassword(claimed?.password_hash, request.password)) ? claimed : undefined;
  };
  const device = await knownDevice(world, request);
  const account = emailKey(request.email);
  const wider = accountWideCount(account);
  const user =
    device === undefined
      ? await guardAttempt(world.throttle, throttleKey("sign-in", `${account}\0${source}`), attempt, wider)
      : await guardAttempt(world.throttle, throttleKey("device", device), attempt);
  if (user === undefined) throw wrongPassword();
  const { totp, passkey, site } = request;
  await passSecondFactor(world, user, { totp, passkey, site, sender: device === undefined ? "anybody" : "known" });
  return startSession(world, user, { name: deviceName, browser: request.browser ?? false });
}

/** So many sources may fail as often as each may before an account is closed to all but its known devices. */
const sourcesMin = 10;

/** Under which failures of all sources together are counted. @param account the key of its address */
export function accountWideCount(account: string): WiderCount {
  return { key: throttleKey("account", account), weight: 1 / sourcesMin };
}

/** The device of this account whose secret came along, if it was not removed since. */
async function knownDevice(
  { shards, secrets }: AccountWorld,
  { email, device_secret: secret }: SignInRequest,
): Promise<DeviceId | undefined> {
  const user = secret === undefined ? undefined : await findUserByEmail(shards, email);
  const deviceId =
    secret === undefined || user === undefined ? undefined : parseDeviceSecret(secrets.refreshKey, user.id, secret);
  if (user === undefined || deviceId === undefined) return undefined;
  const row = await shards
    .ofId(user.id)
    .db.selectFrom("shard.devices")
    .select("id")
    .where("user_id", "=", user.id)
    .where("id", "=", deviceId)
    .executeTakeFirst();
  return row?.id;
}

/**
 * @param user as read when the password was checked: what has changed since counts
 * @param prove in the same transaction, under the lock of the account; what it returns is thrown once that is written
 */
export async function startSession(
  world: AccountWorld,
  user: UserRow,
  named: { readonly name: string; readonly browser: boolean },
  prove: (transaction: ShardReader) => Promise<HoldfastError | undefined> = () => Promise.resolve(undefined),
): Promise<SessionJson> {
  const nowMs = world.clock.nowMs();
  const now = world.clock.nowMicros();
  const bucket = bucketOf(user.id);
  const deviceId = makeId<DeviceId>(bucket, nowMs, world.random(8));
  const session = {
    id: makeId<SessionId>(bucket, nowMs, world.random(8)),
    user_id: user.id,
    device_id: deviceId,
    number: 1,
    number_used: false,
    created_at: now,
    expires_at: now + limits.refreshTokenLifetimeMs * 1000,
  };
  const refusal = await inTransaction(world.shards.of(bucket).db, async (transaction) => {
    const current = await lockUser(transaction, user);
    const refused = await prove(transaction);
    if (refused !== undefined) return refused;
    assertUnchanged(current, user);
    const device = { user_id: user.id, id: deviceId, ...named, created_at: now, last_seen_at: now };
    await world.tellDevice?.(transaction, device);
    await transaction.insertInto("shard.devices").values(device).execute();
    await transaction.insertInto("shard.sessions").values(session).execute();
    await forgetSurplusDevices(transaction, user.id);
    return undefined;
  });
  world.queued?.(user.id);
  if (refusal !== undefined) throw refusal;
  const json = await sessionJson(world, session);
  return { ...json, device_secret: makeDeviceSecret(world.secrets.refreshKey, user.id, deviceId) };
}

/** Under a lock that a suspension or a new password waits for, so that neither leaves a session behind that it should have ended. */
function lockUser(transaction: ShardReader, { id }: UserRow): Promise<UserState | undefined> {
  return transaction
    .selectFrom("shard.users")
    .select(["password_hash", "disabled_at"])
    .where("id", "=", id)
    .forShare()
    .executeTakeFirst();
}

type UserState = Pick<UserRow, "password_hash" | "disabled_at">;

function assertUnchanged(now: UserState | undefined, user: UserRow): void {
  if (now?.password_hash !== user.password_hash) throw wrongPassword();
  if (now.disabled_at !== null) {
    throw new HoldfastError("forbidden", "This account is disabled. Ask an administrator of this server.");
  }
}

function wrongPassword(): HoldfastError {
  return new HoldfastError("unauthenticated", "The e-mail address or the password is wrong.");
}

/**
 * The current refresh token is exchanged for its successor. Its direct predecessor, come again before anything issued
 * with the current one was used, is a client that lost the answer: it gets the same successor once more. Anything older
 * is a stolen token, or its owner beside the thief: the family ends.
 * @throws HoldfastError unauthenticated
 */
export async function refreshSession(
  world: AccountWorld,
  refreshToken: string,
  onClaimed?: OnClaimed,
): Promise<SessionJson> {
  const refused = () => new HoldfastError("unauthenticated", "The session has ended. Sign in again.");
  const claimed = parseRefreshToken(world.secrets.refreshKey, refreshToken);
  if (claimed === undefined) throw refused();
  const now = world.clock.nowMicros();
  const { db } = world.shards.ofId(claimed.sessionId);
  const session = await inTransaction(db, async (transaction) => {
    const row = await transaction
      .selectFrom("shard.sessions as s")
      .innerJoin("shard.users as u", "u.id", "s.user_id")
      .select(["s.id", "s.user_id", "s.device_id", "s.number", "s.number_used", "s.expires_at", "u.disabled_at"])
      .where("s.id", "=", claimed.sessionId)
      .forUpdate("s")
      .executeTakeFirst();
    if (row !== undefined) onClaimed?.(row.user_id);
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

/** Whatever its number: whoever has a refresh token of the family may end it. Nothing for what is no refresh token of this server. */
export async function endSessionOf(world: AccountWorld, refreshToken: string, onClaimed?: OnClaimed): Promise<void> {
  const claimed = parseRefreshToken(world.secrets.refreshKey, refreshToken);
  if (claimed === undefined) return;
  const userId = await endSession(world, claimed.sessionId);
  if (userId !== undefined) onClaimed?.(userId);
}

/** @returns whose it was; undefined where there is none */
export async function endSession(world: AccountWorld, sessionId: SessionId): Promise<UserId | undefined> {
  const { db } = world.shards.ofId(sessionId);
  const ended = await db
    .deleteFrom("shard.sessions")
    .where("id", "=", sessionId)
    .returning("user_id")
    .executeTakeFirst();
  return ended?.user_id;
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
