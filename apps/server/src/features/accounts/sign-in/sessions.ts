import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, type DeviceId, makeId, type SessionId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { formatTime } from "@holdfast/core/times";
import type { session as sessionSchema } from "@holdfast/protocol/account-routes";
import type { DeviceSystem, SignInKind } from "@holdfast/protocol/device-routes";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { z } from "zod";
import type { UserRow } from "../../../base/db/account-tables.ts";
import { inTransaction, keyed } from "../../../base/db/database.ts";
import { isReadOnly } from "../../../base/db/database-error.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { accessOf, assertAddress, assertMayComeFrom, readAccess } from "../callers/access-rules.ts";
import { copiedNumber } from "../callers/live-session.ts";
import { signAccessToken } from "../callers/access-token.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { beginSession } from "./begin-session.ts";
import { forgetSurplusDevices } from "./devices.ts";
import { settleAddress } from "../people/change-address.ts";
import { findUserByEmail } from "../context/directory.ts";
import { emailKey } from "../context/email-address.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { accountDisabled, assertOpen, keepIfLeaving } from "./keep-account.ts";
import { type DeviceSecrets, devicesOf, findKnownDevice } from "../passwords/known-device.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { type KnownSender, proveAtSignIn } from "../passwords/prove-at-sign-in.ts";
import { isOverdue } from "../context/overdue.ts";
import { passSecondFactor } from "../factors/second-factor.ts";
import { makeDeviceSecret, makeRefreshToken, parseRefreshToken } from "../context/secret-token.ts";

export type SessionJson = z.output<typeof sessionSchema>;

export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  readonly totp?: string | undefined;
  readonly passkey?: PasskeyAssertion | undefined;
  readonly site?: PasskeySite | undefined;
  readonly device_name?: string | undefined;
  readonly device_secret?: DeviceSecrets;
  readonly system?: DeviceSystem | undefined;
  /** Client's address, because the account may be limited to some. */
  readonly address?: string | undefined;
  readonly keep_account?: boolean | undefined;
  /** The refresh token goes into a cookie. */
  readonly browser?: boolean;
  readonly onClaimed?: OnClaimed;
}

export interface NewDevice {
  readonly name: string;
  readonly browser: boolean;
  readonly system: DeviceSystem | null;
  readonly address: string | null;
  readonly signed_in_by: SignInKind;
  /** While the device is listed, no notice of a new device is sent. */
  readonly secret?: DeviceSecrets;
  readonly keeps?: boolean;
  /** Last proof, in microseconds; default: now. */
  readonly provenAt?: number;
  /** Authorized the device, and dates the proof. */
  readonly letInBy?: SessionId;
  /** The account had no second factor when it was read; one turned on since must be shown. */
  readonly withoutFactor?: boolean;
}

/** Receives the claimed account before the claim is proved. */
export type OnClaimed = (userId: UserId) => void;

/**
 * Unknown address, wrong and overlong password take equally long and get the same answer. Failures count by account and
 * source together, so that nobody elsewhere locks the owner out; those of all sources have a higher limit, against
 * guesses from many. A known device has its own count.
 * @throws HoldfastError unauthenticated, rate_limited; only after the right password: second_factor, forbidden
 * (disabled), address_not_allowed
 */
export async function signIn(world: AccountWorld, request: SignInRequest, source: string): Promise<SessionJson> {
  const { device_name: deviceName = "unnamed device" } = request;
  assertPlainText(deviceName, "device_name");
  const known = await knownDevice(world, request);
  const proved = await proveAtSignIn(world, request, { known, source });
  if (proved === undefined) throw wrongPassword();
  const { outside, user: proven } = proved;
  assertMaySignIn(world, proved.user ?? { admin: false });
  const { totp, passkey, site } = request;
  const sender = known === undefined ? "anybody" : "known";
  const factor = { totp, passkey, site, sender } as const;
  const mayBegin = async (reader: ShardQueries) => {
    if (proven !== undefined) await assertMayBegin(world, reader, proven, request);
  };
  const signedInBy = proven === undefined ? "password" : await passSecondFactor(world, proven, factor, mayBegin);
  // Checked before the other server's facts create or link an account.
  if (outside !== undefined) await assertMayComeFrom(world, proved.user?.id, request.address);
  const user = (await outside?.enter()) ?? proved.user;
  if (user === undefined) throw wrongPassword();
  request.onClaimed?.(user.id);
  const isStill = async (transaction: ShardQueries) =>
    (await outside?.isStill(transaction, user.id)) === false ? wrongPassword() : undefined;
  const facts = {
    name: deviceName,
    browser: request.browser ?? false,
    system: request.system ?? null,
    address: request.address ?? null,
    signed_in_by: signedInBy,
    withoutFactor: signedInBy === "password",
    secret: request.device_secret,
    keeps: request.keep_account === true,
  };
  const session = await startSession(world, user, facts, outside && isStill);
  // A sign-in with the new address proves knowledge of it; a passkey or another session does not.
  if (user.readdressed_at !== null && emailKey(request.email) === emailKey(user.email))
    await settleAddress(world.shards.ofId(user.id).db, user);
  return session;
}

/**
 * Checks the refusals of `startSession` early.
 * @throws HoldfastError forbidden, account_leaving, address_not_allowed
 */
async function assertMayBegin(
  { clock }: AccountWorld,
  reader: ShardQueries,
  user: UserRow,
  { keep_account: keeps = false, address }: SignInRequest,
): Promise<void> {
  await assertOpen(reader, user, keeps);
  assertAddress(await readAccess(reader, user.id, clock.nowMicros()), address);
}

/** Called after the right password, so that nobody else learns the refusal. @throws HoldfastError forbidden */
export function assertMaySignIn({ onlyThrough }: AccountWorld, { admin }: Pick<UserRow, "admin">): void {
  if (onlyThrough === undefined || admin) return;
  const message = `People sign in to this server through ${onlyThrough}: only administrators can use passwords and passkeys. Sign in to the web app. For a program, create an app password or a token there, under Settings.`;
  throw new HoldfastError("forbidden", message, { field: "outside" });
}

async function knownDevice(
  world: AccountWorld,
  { email, device_secret: given }: SignInRequest,
): Promise<KnownSender | undefined> {
  const user = given === undefined ? undefined : await findUserByEmail(world.shards, email);
  const device = user && (await findKnownDevice(world, world.shards.ofId(user.id).db, user.id, given));
  return device && { device, user };
}

/**
 * @param user as read for the password check; later changes are respected
 * @param prove runs in the same transaction under the account's lock; a returned error is thrown after the commit
 */
export async function startSession(
  world: AccountWorld,
  user: UserRow,
  { secret, keeps = false, provenAt = world.clock.nowMicros(), letInBy, withoutFactor, ...facts }: NewDevice,
  prove?: (transaction: ShardQueries) => Promise<HoldfastError | undefined>,
): Promise<SessionJson> {
  const nowMs = world.clock.nowMs();
  const now = world.clock.nowMicros();
  const bucket = bucketOf(user.id);
  const deviceId = makeId<DeviceId>(bucket, nowMs, world.random(8));
  const id = makeId<SessionId>(bucket, nowMs, world.random(8));
  const session = { id, number: 1, expires_at: now + limits.refreshTokenLifetimeMs * 1000, proven_at: provenAt };
  const kind = facts.browser ? ("browser" as const) : ("command" as const);
  const device = { user_id: user.id, id: deviceId, ...facts, kind, created_at: now, last_seen_at: now };
  const shown = devicesOf(world, user.id, secret);
  const done = await inTransaction(world.shards.of(bucket).db, async (transaction) => {
    const current = await lockUser(transaction, user);
    const refused = await prove?.(transaction);
    if (refused !== undefined) return refused;
    if (current?.password_hash !== user.password_hash) throw wrongPassword();
    const isKept = await keepIfLeaving(transaction, user, current, keeps);
    if (!isKept) assertNotDisabled(current);
    const begun = await beginSession(transaction, { device, session, letInBy, shown });
    if (withoutFactor === true && begun.has_factor) throw factorTurnedOn();
    const access = accessOf(begun.access_rules, now);
    assertAddress(access, facts.address ?? undefined);
    const isNotified = !begun.known && !begun.first;
    if (isNotified) await world.notifyDevice?.(transaction, device);
    if (begun.devices >= limits.devicesMax) await forgetSurplusDevices(transaction, user.id, now);
    return { dueAt: access?.factorDueAtMicros, isQueued: isNotified || isKept };
  });
  // `prove` may also have queued a notification.
  if (prove !== undefined || done instanceof HoldfastError || done.isQueued) world.queued?.(user.id);
  if (done instanceof HoldfastError) throw done;
  const json = sessionJson(world, { id, user_id: user.id, device_id: deviceId, number: 1 });
  const due = done.dueAt === undefined ? {} : { second_factor_due_at: formatTime(done.dueAt) };
  return { ...json, device_secret: makeDeviceSecret(world.secrets.refreshKey, user.id, deviceId), ...due };
}

/** A suspension or a new password waits for this lock, so it sees every session to end. */
function lockUser(transaction: ShardQueries, { id }: UserRow): Promise<UserState | undefined> {
  return transaction
    .selectFrom("shard.users")
    .select(["password_hash", "disabled_at", "leaving_until"])
    .where("id", "=", id)
    .forShare()
    .modifyEnd(keyed)
    .executeTakeFirst();
}

type UserState = Pick<UserRow, "password_hash" | "disabled_at" | "leaving_until">;

function assertNotDisabled(now: UserState): void {
  if (now.disabled_at !== null) throw accountDisabled();
}

/** A retry has to show the factor. */
function factorTurnedOn(): HoldfastError {
  const message = "The second factor was turned on during this sign-in. Sign in again.";
  return new HoldfastError("unavailable", message, { retryAfterSeconds: 1 });
}

function wrongPassword(): HoldfastError {
  return new HoldfastError("unauthenticated", "The e-mail address or the password is wrong.");
}

/**
 * Exchanges the current refresh token for its successor. The direct predecessor gets the same successor if nothing
 * issued with the current token was used: its client lost the answer. An older token means a thief or a cloned machine:
 * the session ends, and for a day both parties learn the reason.
 * @throws HoldfastError unauthenticated, address_not_allowed
 */
export async function refreshSession(
  world: AccountWorld,
  refreshToken: string,
  { onClaimed, address }: { readonly onClaimed?: OnClaimed; readonly address?: string } = {},
): Promise<SessionJson> {
  const refused = () => new HoldfastError("unauthenticated", "The session has ended. Sign in again.");
  const claimed = parseRefreshToken(world.secrets.refreshKey, refreshToken);
  if (claimed === undefined) throw refused();
  const now = world.clock.nowMicros();
  const { db } = world.shards.ofId(claimed.sessionId);
  /** @param mayChange false while a standby answers reads: the session keeps its refresh token */
  const exchange = async (reader: ShardQueries, mayChange: boolean) => {
    const row = await reader
      .selectFrom("shard.sessions as s")
      .innerJoin("shard.users as u", "u.id", "s.user_id")
      .innerJoin("shard.devices as d", (join) =>
        join.onRef("d.user_id", "=", "s.user_id").onRef("d.id", "=", "s.device_id"),
      )
      .select(["s.id", "s.user_id", "s.device_id", "s.number", "s.number_used", "s.created_at", "s.expires_at"])
      .select(["u.disabled_at", "d.browser"])
      .select(isOverdue(world).as("overdue"))
      .where("s.id", "=", claimed.sessionId)
      .$if(mayChange, (query) => query.forUpdate("s"))
      .executeTakeFirst();
    if (row !== undefined) onClaimed?.(row.user_id);
    if (row?.number === copiedNumber) return "copied";
    if (row === undefined || row.expires_at <= now || row.disabled_at !== null) return undefined;
    if (row.browser && row.created_at + (world.browserSessionMs ?? Infinity) * 1000 <= now) return undefined;
    if (row.overdue) return "overdue";
    // A stolen token from elsewhere neither rotates nor ends the owner's session.
    assertAddress(await readAccess(reader, row.user_id, now), address);
    if (claimed.number === row.number - 1 && !row.number_used) return row;
    // A failover can lose the last rotation. More were lost only by restoring a backup, since when tokens may have been stolen.
    const number = claimed.number === row.number + 1 ? claimed.number : row.number;
    if (!mayChange && claimed.number === number) return { ...row, number };
    if (claimed.number !== number) {
      const ended = { number: copiedNumber, expires_at: now };
      await reader.updateTable("shard.sessions").set(ended).where("id", "=", row.id).execute();
      return "copied";
    }
    const next = { number: number + 1, number_used: false, expires_at: now + limits.refreshTokenLifetimeMs * 1000 };
    await reader.updateTable("shard.sessions").set(next).where("id", "=", row.id).execute();
    return { ...row, ...next };
  };
  const session = await inTransaction(db, (transaction) => exchange(transaction, true)).catch((error: unknown) => {
    if (!isReadOnly(error)) throw error;
    return exchange(db, false);
  });
  if (session === undefined) throw refused();
  if (session === "overdue") throw askedAgain(world);
  if (session === "copied") throw new HoldfastError("unauthenticated", copied, { body: { reason: "copied" } });
  return sessionJson(world, session);
}

/** The session stays, and works again after its person signed in through the issuer, in any browser. */
function askedAgain({ issuerBound }: AccountWorld): HoldfastError {
  const message = `This server asks people to sign in through ${issuerBound?.name} from time to time, and your last sign-in there is too long ago. Sign in to the web app; your devices then continue by themselves.`;
  return new HoldfastError("unauthenticated", message, { body: { reason: "sign_in_again" } });
}

const copied =
  "This login was used in two places, such as a clone of this machine or a copy of its configuration folder, and was ended in both. Sign in again in each of them.";

/** Accepts the session's current refresh token and all earlier ones; ignores other text. */
export async function endSessionOf(world: AccountWorld, refreshToken: string, onClaimed?: OnClaimed): Promise<void> {
  const claimed = parseRefreshToken(world.secrets.refreshKey, refreshToken);
  if (claimed === undefined) return;
  const userId = await endSession(world, claimed.sessionId);
  if (userId !== undefined) onClaimed?.(userId);
}

/** @returns the session's owner; undefined if there is no session */
export async function endSession(world: AccountWorld, sessionId: SessionId): Promise<UserId | undefined> {
  const { db } = world.shards.ofId(sessionId);
  const ended = await db
    .deleteFrom("shard.sessions")
    .where("id", "=", sessionId)
    .returning("user_id")
    .executeTakeFirst();
  return ended?.user_id;
}

function sessionJson(
  world: AccountWorld,
  session: { id: SessionId; user_id: UserId; device_id: DeviceId; number: number },
): SessionJson {
  const claims = { userId: session.user_id, sessionId: session.id, number: session.number };
  return {
    access_token: signAccessToken(world.secrets, claims, world.clock.nowMs()),
    refresh_token: makeRefreshToken(world.secrets.refreshKey, session.id, session.number),
    expires_in: limits.accessTokenLifetimeMs / 1000,
    device_id: session.device_id,
  };
}
