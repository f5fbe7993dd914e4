import { isId, type SessionId, type UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { ServerSecrets } from "./server-secrets.ts";

/** What an access token says: whose session, and with which number of its refresh token it was issued. */
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

export function signAccessToken(
  secrets: ServerSecrets,
  claims: Omit<AccessClaims, "expiresAtMs">,
  nowMs: number,
): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  return new SignJWT({ sid: claims.sessionId, num: claims.number })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT" })
    .setIssuer(secrets.serverId)
    .setSubject(claims.userId)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + limits.accessTokenLifetimeMs / 1000)
    .sign(secrets.accessPrivateKey);
}

/** Undefined for whatever is not a token of this server that is still alive; why is nobody's business. */
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
