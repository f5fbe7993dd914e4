import type { HoldfastError } from "@holdfast/core/errors";
import type { DeviceSystem } from "@holdfast/protocol/device-routes";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { AccountWorld } from "../context/account-world.ts";
import { guardAttempt, throttleKey } from "../context/attempts.ts";
import { findUser } from "../context/directory.ts";
import type { DeviceSecrets } from "../passwords/known-device.ts";
import type { PasskeySite } from "../factors/passkey-site.ts";
import { userOfHandle } from "../factors/passkeys.ts";
import { assertPlainText } from "../context/plain-text.ts";
import { assertMaySignIn, type OnClaimed, type SessionJson, startSession } from "./sessions.ts";
import { passkeyWrong, takePasskey } from "../factors/take-passkey.ts";

export interface PasskeySignIn {
  readonly passkey: PasskeyAssertion;
  readonly site: PasskeySite;
  readonly device_name?: string | undefined;
  readonly device_secret?: DeviceSecrets;
  readonly system?: DeviceSystem | undefined;
  readonly address?: string | undefined;
  readonly keep_account?: boolean | undefined;
  readonly browser?: boolean;
  readonly onClaimed?: OnClaimed;
}

/**
 * The passkey names its account. Unknown accounts, other people's and removed passkeys get the same answer. Failures
 * count by source only, so that nobody can delay the owner.
 * @throws HoldfastError unauthenticated, rate_limited; only with a right passkey: forbidden (disabled),
 * address_not_allowed
 */
export async function signInByPasskey(
  world: AccountWorld,
  request: PasskeySignIn,
  source: string,
): Promise<SessionJson> {
  const { passkey: assertion, site, device_name: name = "unnamed device", browser = false } = request;
  const { system = null, address = null, device_secret: secret } = request;
  assertPlainText(name, "device_name");
  const { userHandle } = assertion.response;
  const claimed = userHandle == null ? undefined : userOfHandle(userHandle);
  let refusal: HoldfastError = passkeyWrong("sign-in");
  const session = await guardAttempt(world.throttle, throttleKey("passkey", source), async () => {
    const user = claimed === undefined ? undefined : await findUser(world.shards, claimed);
    if (user === undefined) return undefined;
    request.onClaimed?.(user.id);
    const started = await startSession(
      world,
      user,
      { name, browser, system, address, secret, signed_in_by: "passkey", keeps: request.keep_account === true },
      async (transaction) => {
        const refused = await takePasskey(world, transaction, user.id, { assertion, site, use: "sign-in" });
        if (refused === undefined) assertMaySignIn(world, user);
        refusal = refused ?? refusal;
        return refused;
      },
    ).catch((thrown: unknown) => {
      if (thrown === refusal) return undefined;
      throw thrown;
    });
    return started;
  });
  if (session === undefined) throw refusal;
  return session;
}
