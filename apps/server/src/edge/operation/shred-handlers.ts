import { isByToken, neededSignedIn } from "../../features/accounts/callers/signed-in-only.ts";
import { askShredding, type ShreddingWorld } from "../../care/shred/ask-shredding.ts";
import { describeShredding } from "../../care/shred/shreddings.ts";
import type { Handlers } from "../exchange/handler.ts";

export function shredHandlers(world: ShreddingWorld) {
  return {
    adminShredUser: async ({ caller, params, body }) => {
      const dryRun = body.dry_run ?? false;
      if (!dryRun && isByToken(caller)) throw neededSignedIn("cannot shred an account");
      return { status: 202, json: await askShredding(world, params.id, { dryRun }) };
    },
    adminGetShredding: async ({ params }) => ({ status: 200, json: await describeShredding(world, params.id) }),
  } satisfies Handlers;
}
