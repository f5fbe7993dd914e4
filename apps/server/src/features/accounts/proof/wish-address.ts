import type { UserRow } from "../../../base/db/account-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import type { Caller } from "../context/caller.ts";
import { type Proof, withProof } from "./change-second-factor.ts";
import { emailKey } from "../context/email-address.ts";

export interface AddressWish {
  readonly email: string;
  readonly proof: Proof;
  readonly source: string;
}

/**
 * Stores the wanted address. The account moves only after a confirmation (`confirmAddress`): a mistyped address may be
 * a stranger's, who could have a new password mailed there. The present address gets a notice. Nobody learns that an
 * address has an account. Giving the present address cancels the change.
 * @returns the account after the change
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, second_factor,
 * rate_limited
 */
export async function wishAddress(
  world: AccountWorld,
  caller: Caller,
  { email, proof, source }: AddressWish,
): Promise<UserRow> {
  const change = { proof, source, what: "cannot change the address of an account" };
  return withProof(world, caller, change, async (transaction, _, { user }) => {
    const isBack = emailKey(email) === emailKey(user.email);
    // Sent before the move, after which mail goes to the new address.
    if (!isBack) await world.notifySecurity?.(transaction, user.id, "address_wanted", user.email);
    return transaction
      .updateTable("shard.users")
      .set({ next_email: isBack ? null : email.trim() })
      .where("id", "=", user.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}
