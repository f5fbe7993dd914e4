import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { confirmIn } from "../accounts/people/confirm-address.ts";
import { findUser } from "../accounts/context/directory.ts";
import { endWays, lockWays } from "../accounts/people/end-ways-in.ts";
import { forgetDevices } from "../accounts/passwords/known-device.ts";
import { releaseIdentity } from "../accounts/people/outside-directory.ts";
import { accountLine } from "../accounts/passwords/passwords.ts";
import { endPersonalTokens } from "../accounts/people/personal-tokens.ts";
import { hashUnknownPassword } from "../accounts/invitations/sign-up.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import { type Claims, ldapPrefix } from "./claims.ts";
import { linkIdentity } from "./outside-identities.ts";

/** Also ends a second factor of passkeys only, because only recovery codes would remain. */
const ended = { end_passkeys: true, endsFactor: true } as const;

/**
 * Links an account by its address. Nobody is signed in, and a stranger may have used the account, so all other
 * credentials end, as after a password reset by e-mail. Identities of LDAP servers stay: two servers would otherwise
 * end each other's at every sign-in.
 * @returns the account after the change
 * @throws HoldfastError as `linkIdentity`
 */
export async function linkByAddress(world: AccountWorld, user: UserRow, claims: Claims): Promise<UserRow> {
  const passwordHash = await hashUnknownPassword(world, accountLine(user.id));
  let released: Buffer[] = [];
  const onMade = async (transaction: ShardQueries) => {
    await transaction
      .updateTable("shard.users")
      .set({ password_hash: passwordHash, has_password: false, next_email: null })
      .where("id", "=", user.id)
      .execute();
    await transaction.deleteFrom("shard.sessions").where("user_id", "=", user.id).execute();
    await endPersonalTokens(transaction, user.id);
    await forgetDevices(transaction, user.id);
    await endWays(world, transaction, user.id, ended);
    released = await endOtherIdentities(world, transaction, user.id, claims);
    // The setting trusts the issuer for this address.
    await confirmIn(transaction, user.id, world.clock.nowMicros());
  };
  const begin = (transaction: ShardQueries) => lockWays(transaction, user.id, ended);
  await linkIdentity(world, user.id, claims, { begin, onMade, what: "outside_first" });
  for (const key of released) await releaseIdentity(world, key, user.id);
  world.onEnded?.(user.space_id);
  if (user.email_confirmed_at === null) await world.onConfirmed?.(user.id);
  return (await findUser(world.shards, user.id)) ?? user;
}

/**
 * Removes identities of other issuers, except LDAP servers. They may be a previous user's.
 * @returns keys in the directory to release afterwards
 */
async function endOtherIdentities(
  world: AccountWorld,
  transaction: ShardQueries,
  userId: UserId,
  { issuer }: Claims,
): Promise<Buffer[]> {
  const { rows } = await sql<{ identity_key: Buffer }>`
    delete from shard.outside_identities
    where user_id = ${userId} and issuer <> ${issuer} and not starts_with(issuer, ${ldapPrefix})
    returning identity_key`.execute(transaction);
  if (rows.length > 0) await world.notifySecurity?.(transaction, userId, "outside_unlinked");
  return rows.map(({ identity_key: key }) => key);
}
