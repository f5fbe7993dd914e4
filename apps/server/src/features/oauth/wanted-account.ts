import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import type { Caller } from "../accounts/context/caller.ts";

const hinted = z.looseObject({ id_token_hint: z.string().optional() });
const claims = z.object({ sub: z.string() });

/** @param params of a request that the provider accepted, so the hint is verified */
export function wantsOther(params: object, { userId }: Caller): boolean {
  const { id_token_hint: hint } = hinted.parse(params);
  if (hint === undefined) return false;
  const [, payload = ""] = hint.split(".");
  return claims.parse(JSON.parse(Buffer.from(payload, "base64url").toString("utf8"))).sub !== userId;
}

/** @throws HoldfastError forbidden for another account than the `id_token_hint`'s */
export function assertWanted(params: object, caller: Caller): void {
  if (!wantsOther(params, caller)) return;
  throw new HoldfastError("forbidden", "The program requires another account. Sign in with that account, or deny.");
}
