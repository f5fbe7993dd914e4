import { limits } from "@holdfast/core/limits";
import type { AccountStore, AccountWorld } from "../../features/accounts/context/account-world.ts";
import {
  changeAccessRule,
  readOwnAddresses,
  setOwnAddresses,
} from "../../features/accounts/proof/change-access-rules.ts";
import { listAccessRules } from "../../features/accounts/proof/list-access-rules.ts";
import { passkeySiteOf } from "../../features/accounts/factors/passkey-site.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";

export function accessRuleHandlers(store: AccountStore) {
  return {
    adminListAccessRules: async ({ query }) => ({
      status: 200,
      json: await listAccessRules(store, { limit: query.limit ?? limits.listItemsDefault, cursor: query.cursor }),
    }),
    // A call on the data folder has no peer address.
    adminChangeAccessRule: async ({ caller, body, peer }) => ({
      status: 200,
      json: await changeAccessRule(store, { caller, address: (peer as Partial<typeof peer>).address }, body),
    }),
  } satisfies Handlers;
}

export function ownAddressHandlers(world: AccountWorld) {
  return {
    getOwnAddresses: async ({ caller, peer }) => ({
      status: 200,
      json: { addresses: await readOwnAddresses(world, caller.userId), address: peer.address },
    }),
    setOwnAddresses: async ({ caller, body, peer }) => {
      const { addresses: asked, ...given } = body;
      const { address } = peer;
      const request = { proof: { ...given, site: passkeySiteOf(peer) }, addresses: asked, address };
      const addresses = await setOwnAddresses(world, caller, request, addressGroup(address));
      return { status: 200, json: { addresses, address } };
    },
  } satisfies Handlers;
}
