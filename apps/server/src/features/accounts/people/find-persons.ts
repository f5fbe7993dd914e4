import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../../base/db/array-parameters.ts";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";

export type Person = Pick<UserRow, "id" | "name" | "email" | "disabled_at">;

export async function findPersons(shards: Shards, ids: readonly UserId[]): Promise<ReadonlyMap<UserId, Person>> {
  const byShard = [...Map.groupBy(new Set(ids), (id) => shards.ofId(id))];
  const found = await Promise.all(
    byShard.map(([{ db }, list]) =>
      db
        .selectFrom("shard.users")
        .select(["id", "name", "email", "disabled_at"])
        .where(sql<boolean>`id = any(${uuidArray(list)})`)
        .execute(),
    ),
  );
  return new Map(found.flat().map((person) => [person.id, person]));
}
