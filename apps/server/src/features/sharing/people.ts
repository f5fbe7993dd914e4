import type { UserId } from "@holdfast/core/ids";
import { sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";

export interface Person {
  readonly name: string;
  readonly email?: string;
}

export async function namesOf(shards: Shards, grants: readonly GrantRow[]): Promise<ReadonlyMap<string, Person>> {
  const names = new Map<string, Person>();
  for (const kind of ["user", "group"] as const) {
    const ids = grants.flatMap((grant) => (grant.kind === kind && grant.grantee_id !== null ? [grant.grantee_id] : []));
    for (const [shard, some] of Map.groupBy(new Set(ids), (id) => shards.ofId(id as UserId))) {
      const { rows } = await (kind === "user"
        ? sql<{ id: string; name: string; email: string }>`
            select id, name, email from shard.users where id = any(${uuidArray(some)})`.execute(shard.db)
        : sql<{ id: string; name: string; email: null }>`
            select id, name, null as email from shard.groups where id = any(${uuidArray(some)})`.execute(shard.db));
      for (const { id, name, email } of rows) names.set(id, email === null ? { name } : { name, email });
    }
  }
  return names;
}
