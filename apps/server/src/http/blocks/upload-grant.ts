import { createHmac } from "node:crypto";
import {
  type GrantId,
  type HashHex,
  isHashHex,
  isId,
  type SessionId,
  type SpaceId,
  type TokenId,
  type UserId,
} from "@holdfast/core/ids";
import type { Caller } from "../../accounts/caller.ts";
import { isSame } from "../../accounts/secret-token.ts";

/** What a signed URL allows: one block into one space, for as long as the session, token or link with which it was asked for lives. */
export interface UploadGrant {
  readonly userId: UserId;
  readonly credential: Caller["credential"];
  readonly spaceId: SpaceId;
  readonly hash: HashHex;
  readonly sizeBytes: number;
  readonly expiresAtMs: number;
}

export function signUploadGrant(key: Buffer, grant: UploadGrant): string {
  const { userId, credential, spaceId, hash, sizeBytes, expiresAtMs } = grant;
  const ids = [userId, spaceId, credential.id].map((id) => id.replaceAll("-", "")).join("");
  const facts = `${ids}${letters[credential.kind]}${hash}-${sizeBytes}-${expiresAtMs}`;
  return `${facts}-${createHmac("sha256", key).update(`block upload ${facts}`).digest("base64url")}`;
}

/** Undefined for what this server did not sign or what has expired; whether the credential lives is not looked at. */
export function readUploadGrant(key: Buffer, text: string, nowMs: number): UploadGrant | undefined {
  const match = grantPattern.exec(text);
  if (match === null) return undefined;
  const fields = match.slice(1) as [string, string, string, string, string, string, string];
  const [userId, spaceId, credentialId] = fields.slice(0, 3).map(dashed) as [string, string, string];
  const [kind, hash, size, expires] = fields.slice(3) as [string, string, string, string];
  if (![userId, spaceId, credentialId].every(isId) || !isHashHex(hash)) return undefined;
  const grant: UploadGrant = {
    userId: userId as UserId,
    spaceId: spaceId as SpaceId,
    credential: credentialOf(kind, credentialId),
    hash,
    sizeBytes: Number(size),
    expiresAtMs: Number(expires),
  };
  const genuine = isSame(Buffer.from(signUploadGrant(key, grant)), Buffer.from(text));
  return genuine && grant.expiresAtMs > nowMs ? grant : undefined;
}

const letters: Readonly<Record<Caller["credential"]["kind"], string>> = { session: "s", token: "t", link: "l" };

function credentialOf(letter: string, id: string): Caller["credential"] {
  if (letter === letters.link) return { kind: "link", id: id as GrantId };
  return letter === letters.token ? { kind: "token", id: id as TokenId } : { kind: "session", id: id as SessionId };
}

const grantPattern = /^([0-9a-f]{32})([0-9a-f]{32})([0-9a-f]{32})([stl])([0-9a-f]{64})-(\d{1,8})-(\d{1,16})-[\w-]{43}$/;

function dashed(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
