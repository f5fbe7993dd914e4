import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import {
  confirmSecondFactor,
  endSecondFactor,
  prepareSecondFactor,
  renewRecoveryCodes,
} from "../../features/accounts/proof/change-second-factor.ts";
import { passkeySiteOf } from "../../features/accounts/factors/passkey-site.ts";
import { readSecondFactor } from "../../features/accounts/factors/second-factor.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";

export function secondFactorHandlers(world: AccountWorld) {
  return {
    getSecondFactor: async ({ caller }) => ({ status: 200, json: await readSecondFactor(world, caller.userId) }),
    prepareSecondFactor: async ({ caller, body, peer }) => {
      const json = await prepareSecondFactor(
        world,
        caller,
        { ...body, site: passkeySiteOf(peer) },
        addressGroup(peer.address),
      );
      return { status: 201, json };
    },
    confirmSecondFactor: async ({ caller, body }) => {
      const codes = await confirmSecondFactor(world, caller, body.totp);
      return { status: 200, json: { recovery_codes: codes } };
    },
    renewRecoveryCodes: async ({ caller, body, peer }) => {
      const codes = await renewRecoveryCodes(
        world,
        caller,
        { ...body, site: passkeySiteOf(peer) },
        addressGroup(peer.address),
      );
      return { status: 200, json: { recovery_codes: codes } };
    },
    endSecondFactor: async ({ caller, body, peer }) => {
      await endSecondFactor(world, caller, { ...body, site: passkeySiteOf(peer) }, addressGroup(peer.address));
      return { status: 204 };
    },
  } satisfies Handlers;
}
