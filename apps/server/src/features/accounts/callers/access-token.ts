import { sign } from "node:crypto";
import { isId, type SessionId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { jwtVerify } from "jose/jwt/verify";
import { z } from "zod";
import type { ServerSecrets } from "../context/server-secrets.ts";

/** `number`: number of the session's refresh token at issue. */
export interface AccessClaims {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  readonly number: number;
  readonly expiresAtMs: number;
}

const payload = z.object({
  sub: z.string().refine(isId),
  sid: z.string().refine(isId),
  num: z.int().min(1),
  exp: z.int(),
});

/** Synchronous: the thread pool, busy with password hashes, would take longer. */
export function signAccessToken(
  secrets: ServerSecrets,
  claims: Omit<AccessClaims, "expiresAtMs">,
  nowMs: number,
): string {
  const nowSeconds = Math.floor(nowMs / 1000);
  const said = {
    sid: claims.sessionId,
    num: claims.number,
    iss: secrets.serverId,
    sub: claims.userId,
    iat: nowSeconds,
    exp: nowSeconds + limits.accessTokenLifetimeMs / 1000,
  };
  const signed = `${header}.${base64url(JSON.stringify(said))}`;
  return `${signed}.${sign(null, Buffer.from(signed), secrets.accessPrivateKey).toString("base64url")}`;
}

const base64url = (text: string): string => Buffer.from(text).toString("base64url");
/** Compact JWS (RFC 7515) with an RFC 8037 signature. */
const header = base64url(JSON.stringify({ alg: "EdDSA", typ: "JWT" }));

/** @returns undefined for any invalid token */
export async function readAccessToken(
  secrets: ServerSecrets,
  token: string,
  nowMs: number,
): Promise<AccessClaims | undefined> {
  const verified = await jwtVerify(token, secrets.accessPublicKey, {
    algorithms: ["EdDSA"],
    issuer: secrets.serverId,
    currentDate: new Date(nowMs),
  }).catch(() => undefined);
  const claims = payload.safeParse(verified?.payload);
  if (!claims.success) return undefined;
  const { sub, sid, num, exp } = claims.data;
  return { userId: sub as UserId, sessionId: sid as SessionId, number: num, expiresAtMs: exp * 1000 };
}
