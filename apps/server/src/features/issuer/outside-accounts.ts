import { HoldfastError } from "@holdfast/core/errors";
import { bucketCount, makeId, toBucket, type UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { findUserByEmail } from "../accounts/context/directory.ts";
import { createUser } from "../accounts/invitations/sign-up.ts";
import type { UserRow } from "../../base/db/account-tables.ts";
import { type Claims, isOfDomain } from "./claims.ts";
import type { OidcSettings } from "../../base/config/issuer-settings.ts";
import { hasIdentityOf, linkIdentity, withdrawIdentity } from "./outside-identities.ts";

export type Believed = Pick<OidcSettings, "linkDomains" | "createDomains">;

/**
 * Finds an account by its address, if the settings trust the issuer for the domain. Excludes administrators, accounts
 * linked to another user of this issuer (a reused address), accounts with an unconfirmed address, which an attacker may
 * have prepared, and unused accounts whose address an identity system changed.
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

/** True for an account that an identity system created and nobody used: no attacker can be waiting in it. */
async function isUnused({ shards }: AccountWorld, { id, has_password: hasPassword }: UserRow): Promise<boolean> {
  if (hasPassword) return false;
  const { rows } = await sql`select from shard.first_sign_ins where user_id = ${id}`.execute(shards.ofId(id).db);
  return rows.length === 0;
}

/** Letters of other scripts look like ASCII, and nobody checks the address before the account is created. */
const plainMailbox = /^[\x21-\x7e]+@[^@]+$/;

/**
 * @param refusal error, always the same, if the domain is not allowed, the address has an account, or its mailbox is
 * not ASCII
 * @throws HoldfastError that error
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
  // Linked before the account is created: an account without its link would lock its user out, because the address is
  // taken.
  const identity = await linkIdentity(world, id, claims);
  try {
    const user = { email, password: undefined, name: claims.name ?? email, admin: false, confirmed: true };
    return await createUser(world, { ...user, plan: claims.plan ?? undefined }, id);
  } catch (error) {
    await withdrawIdentity(world, id, identity.id).catch(() => {});
    throw error instanceof HoldfastError && error.code === "exists" ? refusal() : error;
  }
}
