import { HoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import { sql } from "kysely";
import { keyed } from "../../../base/db/database.ts";
import type { ShardQueries } from "../../../base/db/shard-tables.ts";
import { isInEach } from "./address-list.ts";
import { nobody } from "../context/directory.ts";
import type { AccountStore } from "../context/account-world.ts";
import type { Access } from "../context/caller.ts";

export const wholeServer = nobody;

interface RuleJson {
  /** null if no second factor is required or one exists. */
  readonly due: number | null;
  readonly addresses: readonly string[];
  readonly own: readonly string[];
}

export type RulesJson = readonly RuleJson[] | null;

/**
 * Part of the statement that proves a credential, about user `u`. Without rules it costs one look at an empty table.
 */
export const rulesOfUser = sql<RulesJson>`case when exists (select from shard.access_rules) then (
  select jsonb_agg(jsonb_build_object('addresses', r.addresses, 'own', r.own_addresses, 'due',
    case when not exists (select from shard.second_factors f where f.user_id = u.id and f.since is not null)
      then r.factor_due_at end) order by r.subject_id)
  from shard.access_rules r where r.subject_id = any(array[u.id, ${sql.lit(wholeServer)}::uuid] || array(
    select m.group_id from shard.memberships m where m.user_id = u.id and m.role is not null))) end`;

export const accessRules = rulesOfUser.as("access_rules");

export function accessOf(rules: RulesJson, nowMicros: number): Access | undefined {
  if (rules === null) return undefined;
  const due = Math.min(...rules.map((rule) => rule.due ?? Infinity));
  const lists = rules.flatMap(({ addresses, own }) => [addresses, own].filter((list) => list.length > 0));
  if (due === Infinity && lists.length === 0) return undefined;
  return {
    factorDueAtMicros: due === Infinity ? undefined : due,
    mustEnroll: due <= nowMicros,
    lists,
    stamp: lists.length === 0 ? undefined : JSON.stringify(lists),
  };
}

export function boundBy(access: Access | undefined): BoundBy {
  if (access === undefined) return {};
  const { stamp } = access;
  return { access: { access }, ...(stamp === undefined ? {} : { lists: { lists: stamp } }) };
}

interface BoundBy {
  readonly access?: { readonly access: Access };
  readonly lists?: { readonly lists: string };
}

export async function readAccess(reader: ShardQueries, userId: UserId, nowMicros: number): Promise<Access | undefined> {
  const { rows } = await sql<{ access_rules: RulesJson }>`
    select ${rulesOfUser} as access_rules from shard.users u where u.id = ${userId} ${keyed}`.execute(reader);
  return accessOf(rows[0]?.access_rules ?? null, nowMicros);
}

/**
 * Checks a proved person's address before any work; the start of a session checks again under its lock.
 * @param userId undefined for a new account, to which the server's rules apply
 * @throws HoldfastError address_not_allowed
 */
export async function assertMayComeFrom(
  { shards, clock }: Pick<AccountStore, "shards" | "clock">,
  userId: UserId | undefined,
  address: string | undefined,
): Promise<void> {
  const id = userId ?? wholeServer;
  const { rows } = await sql<{ access_rules: RulesJson }>`
    select ${rulesOfUser} as access_rules from (select ${id}::uuid as id) u`.execute(shards.ofId(id).db);
  assertAddress(accessOf(rows[0]?.access_rules ?? null, clock.nowMicros()), address);
}

/** Ignores the grace period and an existing factor. */
export async function isFactorRequired(reader: ShardQueries, userId: UserId): Promise<boolean> {
  const { rows } = await sql`
    select from shard.access_rules r where r.factor_due_at is not null
      and r.subject_id = any(array[${userId}::uuid, ${wholeServer}::uuid] || array(
        select m.group_id from shard.memberships m where m.user_id = ${userId} and m.role is not null))
    limit 1`.execute(reader);
  return rows.length > 0;
}

/**
 * @param address undefined for commands beside the data
 * @throws HoldfastError address_not_allowed
 */
export function assertAddress(access: Access | undefined, address: string | undefined): void {
  if (address !== undefined && !isAddressAllowed(access, address)) throw addressNotAllowed(address);
}

export function isAddressAllowed(access: Access | undefined, address: string): boolean {
  if (access === undefined || access.stamp === undefined) return true;
  return isInEach(access.lists, access.stamp, address);
}

export function addressNotAllowed(address: string): HoldfastError {
  const message = `This account cannot be used from ${address}: the networks of the account, one of its groups or the server are limited. An administrator can change this: 'holdfast admin allow-addresses', with --data on the server itself.`;
  return new HoldfastError("address_not_allowed", message);
}

export function factorRequired(dueAtMicros: number | undefined): HoldfastError {
  const message =
    "This account must have a second factor before it can be used. Set one up: 'holdfast second-factor on' where you are signed in, or sign in to the web app.";
  return new HoldfastError("second_factor_required", message, {
    body: dueAtMicros === undefined ? {} : { since: formatTime(dueAtMicros) },
  });
}

/** A thief may have set this list to shut the owner out. Administrators' lists stay. */
export async function clearOwnAddresses(transaction: ShardQueries, userId: UserId): Promise<void> {
  await sql`
    delete from shard.access_rules where subject_id = ${userId} and factor_due_at is null and addresses = '{}'`.execute(
    transaction,
  );
  await sql`
    update shard.access_rules set own_addresses = '{}' where subject_id = ${userId} and own_addresses <> '{}'`.execute(
    transaction,
  );
}
