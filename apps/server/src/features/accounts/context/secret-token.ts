import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "@holdfast/core/clock";
import {
  type Bucket,
  type DeviceId,
  type GrantId,
  isId,
  type SessionId,
  toBucket,
  type TokenId,
  type UserId,
} from "@holdfast/core/ids";

/**
 * Formats of the secrets of people and programs. The prefix names the kind, and each contains its bucket, so that any
 * instance finds the row. Random ones are stored as SHA-256, which is enough for 256 random bits.
 *
 *     hfp_<id of the token, 32 hex digits>_<32 random bytes, base64url>     personal access token
 *     hfr_<id of the session, 32 hex digits>_<number>_<HMAC, base64url>     refresh token
 *     hfd_<id of the device, 32 hex digits>_<HMAC, base64url>               proof that this device has signed in to an account
 *     hfc_<id of the user, 32 hex digits>_<expiry, Unix seconds>_<HMAC, base64url>   proof that a mail reached the address
 *     hfw_<id of the user, 32 hex digits>_<expiry, Unix seconds>_<HMAC, base64url>   proof that a mail with a password reset reached the address
 *     hfs_<bucket, 3 hex digits>_<32 random bytes, base64url>               one-time set-up token
 *     hfl_<id of the link, 32 hex digits>_<HMAC, base64url>                 link; earlier versions had 32 random bytes
 *     hfk_<id of the link, 32 hex digits>_<expiry, Unix seconds>_<HMAC, base64url>   proof that the link's password was known
 *     hfi_<bucket, 3 hex digits>_<32 random bytes, base64url>               invitation
 *     hfa_, hfb_, hfv_, hfx_ <bucket, 3 hex digits>_<32 random bytes, base64url>   secrets of a program with access to an account: access token, refresh token, device code, code
 */
const personalPattern = /^hfp_([0-9a-f]{32})_([\w-]{43})$/;
const linkPattern = /^hfl_([0-9a-f]{32})_([\w-]{43})$/;
const linkSessionPattern = /^hfk_([0-9a-f]{32})_([1-9]\d{0,14})_[\w-]{43}$/;
const refreshPattern = /^hfr_([0-9a-f]{32})_([1-9]\d{0,14})_([\w-]{43})$/;
const devicePattern = /^hfd_([0-9a-f]{32})_[\w-]{43}$/;
const confirmationPattern = /^hfc_([0-9a-f]{32})_([1-9]\d{0,14})_[\w-]{43}$/;
const resetPattern = /^hfw_([0-9a-f]{32})_([1-9]\d{0,14})_[\w-]{43}$/;
const invitationPattern = /^hf[si]_([0-9a-f]{3})_[\w-]{43}$/;
const programPattern = /^hf[abvx]_([0-9a-f]{3})_[\w-]{43}$/;

export function makePersonalToken(id: TokenId, random: Random): string {
  return `hfp_${id.replaceAll("-", "")}_${base64url(random(32))}`;
}

export function parsePersonalToken(text: string): TokenId | undefined {
  const match = personalPattern.exec(text);
  return match?.[1] === undefined ? undefined : (dashed(match[1]) as TokenId | undefined);
}

/** Not stored: the server derives it again for a client that lost the answer. */
export function makeRefreshToken(key: Buffer, sessionId: SessionId, number: number): string {
  const family = sessionId.replaceAll("-", "");
  const proof = createHmac("sha256", key).update(`refresh ${family} ${number}`).digest("base64url");
  return `hfr_${family}_${number}_${proof}`;
}

export function parseRefreshToken(key: Buffer, text: string): { sessionId: SessionId; number: number } | undefined {
  const match = refreshPattern.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const sessionId = dashed(match[1]) as SessionId | undefined;
  if (sessionId === undefined) return undefined;
  const number = Number(match[2]);
  return isSame(Buffer.from(makeRefreshToken(key, sessionId, number)), Buffer.from(text))
    ? { sessionId, number }
    : undefined;
}

/** Grants no access, but lets its holder try passwords of this account after others have failed too often. */
export function makeDeviceSecret(key: Buffer, userId: UserId, deviceId: DeviceId): string {
  const device = deviceId.replaceAll("-", "");
  const proof = createHmac("sha256", key)
    .update(`device ${userId.replaceAll("-", "")} ${device}`)
    .digest("base64url");
  return `hfd_${device}_${proof}`;
}

/** Returns the claimed device, unproven; see `parseDeviceSecret`. */
export function deviceOfSecret(text: string): DeviceId | undefined {
  const hex = devicePattern.exec(text)?.[1];
  return hex === undefined ? undefined : (dashed(hex) as DeviceId | undefined);
}

export function parseDeviceSecret(key: Buffer, userId: UserId, text: string): DeviceId | undefined {
  const deviceId = deviceOfSecret(text);
  if (deviceId === undefined) return undefined;
  return isSame(Buffer.from(makeDeviceSecret(key, userId, deviceId)), Buffer.from(text)) ? deviceId : undefined;
}

/** Derived from the ID, so that the link can be shown again although its row has only a hash. */
export function makeLinkToken(key: Buffer, id: GrantId): string {
  const link = id.replaceAll("-", "");
  return `hfl_${link}_${createHmac("sha256", key).update(`link token ${link}`).digest("base64url")}`;
}

export function parseLinkToken(text: string): GrantId | undefined {
  const match = linkPattern.exec(text);
  return match?.[1] === undefined ? undefined : (dashed(match[1]) as GrantId | undefined);
}

/**
 * Ends when the link's secret or password changes.
 * @param secrets stored secrets of the link's row
 */
export function makeLinkSession(key: Buffer, id: GrantId, secrets: string, untilSeconds: number): string {
  const link = id.replaceAll("-", "");
  const proof = createHmac("sha256", key).update(`link ${link} ${untilSeconds} ${secrets}`).digest("base64url");
  return `hfk_${link}_${untilSeconds}_${proof}`;
}

/**
 * Access in addresses of a password link's page: expiry (Unix seconds), and HMAC over that, the place and the row's
 * secrets. Opens only this place and ends with the link or its password.
 */
export function makeLinkAccess(key: Buffer, place: string, secrets: string, untilSeconds: number): string {
  const proof = createHmac("sha256", key).update(`place ${untilSeconds} ${place} ${secrets}`).digest("base64url");
  return `${untilSeconds}.${proof}`;
}

/** Returns the claimed expiry, unproven: the caller compares the text with that of `makeLinkAccess`. */
export function readLinkAccess(text: string): number | undefined {
  const until = /^([1-9]\d{0,14})\.[\w-]{43}$/.exec(text)?.[1];
  return until === undefined ? undefined : Number(until);
}

/**
 * Distinguishes a link's secret and password from others without revealing them.
 * @param secrets see `makeLinkSession`
 */
export function linkStamp(secrets: string): string {
  return createHash("sha256").update(`stamp ${secrets}`).digest("hex").slice(0, 16);
}

/** Returns unproven claims: the caller compares the token with that of `makeLinkSession`. */
export function readLinkSession(text: string): { linkId: GrantId; untilSeconds: number } | undefined {
  const match = linkSessionPattern.exec(text);
  const linkId = match?.[1] === undefined ? undefined : (dashed(match[1]) as GrantId | undefined);
  return linkId === undefined ? undefined : { linkId, untilSeconds: Number(match?.[2]) };
}

/** Proves only that its holder reads the mail of this address. */
export function makeConfirmationToken(key: Buffer, userId: UserId, address: string, untilSeconds: number): string {
  const user = userId.replaceAll("-", "");
  const proof = createHmac("sha256", key).update(`confirm ${user} ${untilSeconds} ${address}`).digest("base64url");
  return `hfc_${user}_${untilSeconds}_${proof}`;
}

/** Returns unproven claims: the caller compares the token with that of `makeConfirmationToken`. */
export function readConfirmationToken(text: string): { userId: UserId; untilSeconds: number } | undefined {
  return readOfUser(confirmationPattern, text);
}

/**
 * Ends when the account's address or password changes, so it works once.
 * @param secrets `<address> <hash of the password>`
 */
export function makeResetToken(key: Buffer, userId: UserId, secrets: string, untilSeconds: number): string {
  const user = userId.replaceAll("-", "");
  const proof = createHmac("sha256", key).update(`reset ${user} ${untilSeconds} ${secrets}`).digest("base64url");
  return `hfw_${user}_${untilSeconds}_${proof}`;
}

/** Returns unproven claims: the caller compares the token with that of `makeResetToken`. */
export function readResetToken(text: string): { userId: UserId; untilSeconds: number } | undefined {
  return readOfUser(resetPattern, text);
}

export function makeInvitationToken(kind: "setup" | "invite", bucket: Bucket, random: Random): string {
  return `hf${kind === "setup" ? "s" : "i"}_${bucket.toString(16).padStart(3, "0")}_${base64url(random(32))}`;
}

function readOfUser(pattern: RegExp, text: string): { userId: UserId; untilSeconds: number } | undefined {
  const match = pattern.exec(text);
  const userId = match?.[1] === undefined ? undefined : (dashed(match[1]) as UserId | undefined);
  return userId === undefined ? undefined : { userId, untilSeconds: Number(match?.[2]) };
}

export function bucketOfInvitationToken(text: string): Bucket | undefined {
  const match = invitationPattern.exec(text);
  return match?.[1] === undefined ? undefined : toBucket(Number.parseInt(match[1], 16));
}

/** @param kind access token, refresh token, device code or code */
export function makeProgramToken(kind: "a" | "b" | "v" | "x", bucket: Bucket, random: Random): string {
  return `hf${kind}_${bucket.toString(16).padStart(3, "0")}_${base64url(random(32))}`;
}

export function bucketOfProgramToken(text: string): Bucket | undefined {
  const match = programPattern.exec(text);
  return match?.[1] === undefined ? undefined : toBucket(Number.parseInt(match[1], 16));
}

export function linkSecrets(row: {
  readonly secret_hash: Buffer | null;
  readonly password_hash: string | null;
}): string {
  return `${row.secret_hash?.toString("hex")} ${row.password_hash}`;
}

export function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function dashed(hex: string): string | undefined {
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return isId(id) ? id : undefined;
}
