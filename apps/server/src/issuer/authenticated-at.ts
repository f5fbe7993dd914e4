import type { AccountWorld } from "../accounts/account-world.ts";
import type { Claims } from "./claims.ts";
import type { OidcSettings } from "./issuer-settings.ts";

/** By which the clocks of two servers may differ. */
export const clocksDifferMs = 60_000;

/**
 * When its person last showed the issuer who they are, as far as that is believed, and never later than now; 0: nobody knows. A time that is yet to
 * come is no time.
 */
export function authenticatedAtMicros(
  { clock }: Pick<AccountWorld, "clock">,
  { trustsSilence }: Pick<OidcSettings, "trustsSilence">,
  { authenticatedAtMs: atMs }: Pick<Claims, "authenticatedAtMs">,
): number {
  const nowMs = clock.nowMs();
  if (atMs === null) return trustsSilence ? nowMs * 1000 : 0;
  return atMs < 0 || atMs > nowMs + clocksDifferMs ? 0 : Math.floor(Math.min(atMs, nowMs) * 1000);
}
