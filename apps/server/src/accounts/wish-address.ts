import type { UserRow } from "../db/account-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import type { Caller } from "./caller.ts";
import { type Proof, withProof } from "./change-second-factor.ts";
import { emailKey } from "./email-address.ts";

/** Who wants it, and how they prove to be the person. */
export interface AddressWish {
  readonly email: string;
  readonly proof: Proof;
  /** Where it comes from. */
  readonly source: string;
}

/**
 * Keeps the address to which an account moves once its person has shown that it is theirs (`confirmAddress`): one with a slip in it is a
 * stranger's, who could have a new password mailed there. The present one is told, and that somebody else has the new one is told to nobody. The present one takes a wish back.
 * @returns the account as it is now
 * @throws HoldfastError forbidden for a personal access token, invalid_field for a wrong password, second_factor, rate_limited
 */
export async function wishAddress(
  world: AccountWorld,
  caller: Caller,
  { email, proof, source }: AddressWish,
): Promise<UserRow> {
  const change = { proof, source, what: "cannot change the address of an account" };
  return withProof(world, caller, change, async (transaction, _, { user }) => {
    const isBack = emailKey(email) === emailKey(user.email);
    // Before it moves, as afterwards the next password would be mailed there.
    if (!isBack) await world.tellSecurity?.(transaction, user.id, "address_wanted", user.email);
    return transaction
      .updateTable("shard.users")
      .set({ next_email: isBack ? null : email.trim() })
      .where("id", "=", user.id)
      .returningAll()
      .executeTakeFirstOrThrow();
  });
}
