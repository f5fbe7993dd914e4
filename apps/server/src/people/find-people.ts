import type { person as personSchema } from "@holdfast/protocol/people-routes";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import type { z } from "zod";
import type { AccountWorld } from "../accounts/account-world.ts";
import { guardAttempt, throttleKey } from "../accounts/attempts.ts";
import type { Caller } from "../accounts/caller.ts";
import { findUserByEmail } from "../accounts/directory.ts";
import type { Person } from "../accounts/find-persons.ts";
import { isPlainText } from "../accounts/plain-text.ts";
import { uuidArray } from "../db/array-parameters.ts";
import type { Shard } from "../db/shards.ts";

export type PersonJson = z.output<typeof personSchema>;

export type PeopleWorld = Pick<AccountWorld, "shards" | "throttle" | "openDirectory">;

/**
 * People to share with, never the caller: whose address is exactly this, or whose whole or last name begins with it. Names are looked
 * for among those who share a group with the caller, or among all where the directory is open. Nobody who is suspended is found, and
 * no address by a part of it. Sorted by name; at most `peopleFoundMax`.
 * @throws HoldfastError rate_limited after too many addresses that nobody has
 */
export async function findPeople(
  world: PeopleWorld,
  caller: Pick<Caller, "userId" | "groupIds">,
  query: string,
): Promise<PersonJson[]> {
  const text = query.trim();
  if (!isPlainText(text)) return [];
  const found = text.includes("@") ? await findByAddress(world, caller, text) : await findByName(world, caller, text);
  return found
    .filter(({ id, disabled_at: disabledAt }) => id !== caller.userId && disabledAt === null)
    .toSorted((left, right) => left.name.localeCompare(right.name) || (left.id < right.id ? -1 : 1))
    .slice(0, limits.peopleFoundMax)
    .map(({ id, name, email }) => ({ id, name, email }));
}

/** Misses are counted, or an address book could be tried from one end to the other. */
async function findByAddress(
  { shards, throttle }: PeopleWorld,
  { userId }: Pick<Caller, "userId">,
  address: string,
): Promise<Person[]> {
  const user = await guardAttempt(throttle, throttleKey("people", userId), async () => {
    const found = await findUserByEmail(shards, address);
    return found?.disabled_at === null ? found : undefined;
  });
  return user === undefined ? [] : [user];
}

async function findByName(
  { shards, openDirectory }: PeopleWorld,
  { groupIds }: Pick<Caller, "groupIds">,
  text: string,
): Promise<Person[]> {
  const beginning = foldName(text);
  if (beginning.length < limits.peopleQueryLengthMin || (openDirectory !== true && groupIds.length === 0)) return [];
  const among = openDirectory === true ? everybody(beginning) : membersOf(groupIds, beginning);
  return (await Promise.all(shards.all().map((shard) => readPersons(shard, among)))).flat();
}

async function readPersons({ db }: Shard, among: RawBuilder<Person>): Promise<Person[]> {
  return (await among.execute(db)).rows;
}

const columns = sql`u.id, u.name, u.email, u.disabled_at`;

/** By users_name and users_last_name, so many rows of each at most. */
function everybody(beginning: string): RawBuilder<Person> {
  const [whole, last] = [sql`shard.folded_name(u.name)`, sql`shard.folded_last_name(u.name)`].map(
    (name) => sql`
      (select ${columns} from shard.users u where u.disabled_at is null and ${beginsWith(name, beginning)}
      order by ${name} collate "C" limit ${limits.peopleFoundMax + 1})`,
  );
  return sql<Person>`${whole} union ${last}`;
}

/** By memberships_group; of very large groups not all are looked at. */
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

/** As shard.folded_name does: without marks and in small letters, words one space apart. */
function foldName(name: string): string {
  return name
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .trim();
}
