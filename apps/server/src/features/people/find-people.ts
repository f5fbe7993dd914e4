import type { person as personSchema } from "@holdfast/protocol/people-routes";
import type { UserId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { AccountWorld } from "../accounts/context/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/context/attempts.ts";
import type { Caller } from "../accounts/context/caller.ts";
import { findUserByEmail } from "../accounts/context/directory.ts";
import type { Person } from "../accounts/people/find-persons.ts";
import { isPlainText } from "../accounts/context/plain-text.ts";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { Shard } from "../../base/db/shards.ts";

export type PersonJson = z.output<typeof personSchema>;

export type PeopleWorld = Pick<AccountWorld, "shards" | "throttle" | "openDirectory">;

type Asking = Pick<Caller, "userId" | "spaceId" | "groupIds" | "scopes">;

/**
 * Finds people to share with, sorted by name, at most `peopleFoundMax`; never the caller or suspended accounts. A query
 * with an `@` finds the account with exactly this address. Others find people whose full or last name begins with the
 * query: members of the caller's groups, or everybody if the directory is open. They also find people with access to
 * the caller's items, by name or by the part of their address before the `@`.
 * @throws HoldfastError rate_limited after too many addresses without an account
 */
export async function findPeople(world: PeopleWorld, caller: Asking, query: string): Promise<PersonJson[]> {
  const text = query.trim();
  if (!isPlainText(text)) return [];
  const found = text.includes("@") ? await findByAddress(world, caller, text) : await findByName(world, caller, text);
  return found
    .filter(({ id, disabled_at: disabledAt }) => id !== caller.userId && disabledAt === null)
    .toSorted((left, right) => left.name.localeCompare(right.name) || (left.id < right.id ? -1 : 1))
    .slice(0, limits.peopleFoundMax)
    .map(({ id, name, email }) => ({ id, name, email }));
}

/** Counts misses, so that nobody can try out a list of addresses. */
async function findByAddress(
  { shards, throttle }: PeopleWorld,
  { userId }: Asking,
  address: string,
): Promise<Person[]> {
  const user = await guardAttempt(throttle, throttleKey("people", userId), async () => {
    const found = await findUserByEmail(shards, address);
    return found?.disabled_at === null ? found : undefined;
  });
  return user === undefined ? [] : [user];
}

async function findByName(world: PeopleWorld, caller: Asking, text: string): Promise<Person[]> {
  const beginning = foldName(text);
  if (beginning.length < limits.peopleQueryLengthMin) return [];
  const found = await Promise.all([findInDirectory(world, caller, beginning), findGuests(world, caller, beginning)]);
  return [...new Map(found.flat().map((person) => [person.id, person])).values()];
}

async function findInDirectory(
  { shards, openDirectory }: PeopleWorld,
  { groupIds }: Asking,
  beginning: string,
): Promise<Person[]> {
  if (openDirectory !== true && groupIds.length === 0) return [];
  const among = openDirectory === true ? everybody(beginning) : membersOf(groupIds, beginning);
  return (await Promise.all(shards.all().map((shard) => readPersons(shard, among)))).flat();
}

/**
 * Finds people who have access to the caller's items. Their names and addresses are in the permissions that the caller
 * can list with the scope `files:read`.
 */
async function findGuests({ shards }: PeopleWorld, caller: Asking, beginning: string): Promise<Person[]> {
  if (!caller.scopes.has("files:read")) return [];
  const byShard = Map.groupBy(await readGuests(shards.ofId(caller.spaceId), caller), (id) => shards.ofId(id));
  const found = [...byShard].map(([shard, ids]) => readPersons(shard, guestsNamed(ids, beginning)));
  return (await Promise.all(found)).flat();
}

/** Index: primary key. */
async function readGuests({ db }: Shard, { spaceId }: Asking): Promise<UserId[]> {
  const { rows } = await sql<{ grantee_id: UserId }>`
    select distinct grantee_id from (
      select grantee_id, kind, expires_at from shard.grants where space_id = ${spaceId}
      order by id desc limit ${limits.peopleGuestsMax}
    ) newest
    where kind = 'user'
      and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)`.execute(db);
  return rows.map(({ grantee_id }) => grantee_id);
}

function guestsNamed(ids: readonly UserId[], beginning: string): RawBuilder<Person> {
  return sql<Person>`
    select ${columns} from shard.users u where u.id = any(${uuidArray(ids)}) and u.disabled_at is null and (
      ${beginsWith(sql`shard.folded_name(u.name)`, beginning)}
      or ${beginsWith(sql`shard.folded_last_name(u.name)`, beginning)}
      or ${beginsWith(sql`lower(u.email)`, beginning)})
    order by u.name limit ${limits.peopleFoundMax + 1}`;
}

async function readPersons({ db }: Shard, among: RawBuilder<Person>): Promise<Person[]> {
  return (await among.execute(db)).rows;
}

const columns = sql`u.id, u.name, u.email, u.disabled_at`;

/** At most `peopleFoundMax` + 1 rows each. Indexes: users_name, users_last_name. */
function everybody(beginning: string): RawBuilder<Person> {
  const [whole, last] = [sql`shard.folded_name(u.name)`, sql`shard.folded_last_name(u.name)`].map(
    (name) => sql`
      (select ${columns} from shard.users u where u.disabled_at is null and ${beginsWith(name, beginning)}
      order by ${name} collate "C" limit ${limits.peopleFoundMax + 1})`,
  );
  return sql<Person>`${whole} union ${last}`;
}

/** At most `peopleSearchedMax` rows. Index: memberships_group. */
function membersOf(groupIds: Caller["groupIds"], beginning: string): RawBuilder<Person> {
  return sql<Person>`
    select ${columns} from (
      select distinct user_id from (
        select user_id from shard.memberships
        where group_id = any(${uuidArray(groupIds)}) and role is not null limit ${limits.peopleSearchedMax}
      ) looked_at
    ) member
    join shard.users u on u.id = member.user_id and u.disabled_at is null
    where ${beginsWith(sql`shard.folded_name(u.name)`, beginning)}
      or ${beginsWith(sql`shard.folded_last_name(u.name)`, beginning)}
    order by u.name limit ${limits.peopleFoundMax + 1}`;
}

function beginsWith(name: RawBuilder<unknown>, beginning: string): RawBuilder<unknown> {
  const after = `${beginning}\u{10ffff}`;
  return sql`(${name} collate "C" >= ${beginning} and ${name} collate "C" < ${after})`;
}

/** Equals shard.folded_name: removes diacritics, converts to lower case and collapses spaces. */
function foldName(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .trim();
}
