import { assertNotSuspended } from "../../metadata/brake/device-suspended.ts";
import { findNode } from "../../metadata/read/look-up.ts";
import {
  acceptTransfer,
  cancelTransfer,
  listTransfers,
  type OfferWorld,
  offerTransfer,
} from "../../transfers/open-transfers.ts";
import { assertScope } from "../exchange/authentication.ts";
import type { Handlers } from "../handler.ts";

/** A file or folder for another owner. */
export function transferHandlers(world: OfferWorld) {
  return {
    transferNode: async ({ caller, params, body }) => {
      // Its new owner may be whoever has the token.
      assertScope(caller, "files:read");
      assertNotSuspended(caller);
      const node = await findNode(world.shards, caller, params.id);
      const { transfer, created } = await offerTransfer(world, caller, node, body.email);
      return { status: created ? 201 : 200, json: transfer };
    },
    listTransfers: async ({ caller, query }) => ({ status: 200, json: await listTransfers(world, caller, query) }),
    acceptTransfer: async ({ caller, params }) => {
      assertNotSuspended(caller);
      return { status: 202, json: { job: await acceptTransfer(world, caller, params.id) } };
    },
    deleteTransfer: async ({ caller, params }) => {
      await cancelTransfer(world, caller, params.id);
      return { status: 204 };
    },
  } satisfies Handlers;
}
