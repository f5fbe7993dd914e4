import type { AccountWorld } from "../accounts/context/account-world.ts";
import type { Claims } from "./claims.ts";
import type { OidcSettings } from "../../base/config/issuer-settings.ts";

/** Maximum difference between the clocks of two servers. */
export const clocksDifferMs = 60_000;

/** Time of the user's last authentication at the issuer, never later than now. 0: unknown, or in the future. */
export function authenticatedAtMicros(
  { clock }: Pick<AccountWorld, "clock">,
  { trustsSilence }: Pick<OidcSettings, "trustsSilence">,
  { authenticatedAtMs: atMs }: Pick<Claims, "authenticatedAtMs">,
): number {
  const nowMs = clock.nowMs();
  if (atMs === null) return trustsSilence ? nowMs * 1000 : 0;
  return atMs < 0 || atMs > nowMs + clocksDifferMs ? 0 : Math.floor(Math.min(atMs, nowMs) * 1000);
}
