import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountWorld } from "../accounts/account-world.ts";
import { findUserByEmail } from "../accounts/directory.ts";
import { createUser } from "../accounts/sign-up.ts";
import type { UserRow } from "../db/account-tables.ts";
import { type Claims, isOfDomain } from "./claims.ts";
import type { OidcSettings } from "./issuer-settings.ts";
import { hasIdentityOf, linkIdentity, withdrawIdentity } from "./outside-identities.ts";

/** For which domains somebody elsewhere is believed. */
export type Believed = Pick<OidcSettings, "linkDomains" | "createDomains">;

/**
 * The account that has this address, where the setting believes the issuer for its domain. Never an administrator's, one whose address nobody has
 * confirmed (whoever made it may have waited for its owner), one to whose address an identity system moved it and that nobody used since, or one that somebody else of this issuer is linked to (an address that was given
 * to the next).
 */
export async function findByAddress(
  world: AccountWorld,
  { linkDomains }: Pick<Believed, "linkDomains">,
  claims: Claims,
): Promise<UserRow | undefined> {
  if (claims.email === null || !isOfDomain(claims, linkDomains)) return undefined;
  const user = await findUserByEmail(world.shards, claims.email);
  if (user === undefined || user.admin || user.readdressed_at !== null) return undefined;
  if (user.email_confirmed_at === null && !(await isUnused(world, user))) return undefined;
  return (await hasIdentityOf(world, user.id, claims.issuer)) ? undefined : user;
}

/** Made by an identity system, and entered by nobody yet: no stranger waits in it for the owner of the address. */
async function isUnused({ shards }: AccountWorld, { id, has_password: hasPassword }: UserRow): Promise<boolean> {
  if (hasPassword) return false;
  const { rows } = await sql`select from shard.first_sign_ins where user_id = ${id}`.execute(shards.ofId(id).db);
  return rows.length === 0;
}

/** Letters of other scripts look like these, and nobody looks at the address before an account is made for it. */
const plainMailbox = /^[\x21-\x7e]+@[^@]+$/;

/**
 * @param refusal where nobody of this domain gets an account, the address has one, or its mailbox is not in ASCII: the same for all
 * @throws HoldfastError that
 */
export async function createFromOutside(
  world: AccountWorld,
  { createDomains }: Pick<Believed, "createDomains">,
  claims: Claims,
  refusal: () => HoldfastError,
): Promise<UserRow> {
  const { email } = claims;
  if (email === null || !plainMailbox.test(email) || !isOfDomain(claims, createDomains)) throw refusal();
  if ((await findUserByEmail(world.shards, email)) !== undefined) throw refusal();
  const id = makeId<UserId>(
    toBucket(Buffer.from(world.random(2)).readUInt16BE() % bucketCount),
    world.clock.nowMs(),
    world.random(8),
  );
  // Before the account: one that stood without would be closed to its person for good, as its address is taken.
  const identity = await linkIdentity(world, id, claims);
  try {
    const user = { email, password: undefined, name: claims.name ?? email, admin: false, confirmed: true };
    return await createUser(world, { ...user, plan: claims.plan ?? undefined }, id);
  } catch (error) {
    await withdrawIdentity(world, id, identity.id).catch(() => {});
    throw error instanceof HoldfastError && error.code === "exists" ? refusal() : error;
  }
}
