import { HoldfastError } from "@holdfast/core/errors";
import { isId } from "@holdfast/core/ids";
import type { AccessRuleJson } from "@holdfast/protocol/access-rule-routes";
import { sql } from "kysely";
import type { AccessRuleRow } from "../../../base/db/account-tables.ts";
import { wholeServer } from "../callers/access-rules.ts";
import type { AccountStore } from "../context/account-world.ts";
import { ruleJson } from "./change-access-rules.ts";

interface NamedRule extends AccessRuleRow {
  readonly user_email: string | null;
  readonly group_name: string | null;
}

/** The server's rule comes first: its id is the smallest. */
export async function listAccessRules(
  { shards }: AccountStore,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ items: AccessRuleJson[]; next_cursor: string | null }> {
  if (cursor !== undefined && !isId(cursor)) {
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  }
  const pages = await Promise.all(
    shards.all().map(({ db }) =>
      sql<NamedRule>`
        select r.*, u.email as user_email, g.name as group_name from shard.access_rules r
        left join shard.users u on u.id = r.subject_id
        left join shard.groups g on g.id = r.subject_id
        where (${cursor ?? null}::uuid is null or r.subject_id > ${cursor ?? null}::uuid)
        order by r.subject_id limit ${limit + 1}`.execute(db),
    ),
  );
  const byId = new Map<string, NamedRule>();
  for (const row of pages.flatMap(({ rows }) => rows)) {
    const name = row.group_name ?? byId.get(row.subject_id)?.group_name ?? null;
    byId.set(row.subject_id, { ...row, group_name: name });
  }
  const rows = [...byId.values()].toSorted((left, right) => (left.subject_id < right.subject_id ? -1 : 1));
  const items = rows.slice(0, limit).map((row) => ruleJson(subjectOf(row), row));
  return { items, next_cursor: rows.length > limit ? (rows[limit - 1]?.subject_id ?? null) : null };
}

function subjectOf({ subject_id: id, user_email: email, group_name: name }: NamedRule) {
  if (id === wholeServer) return { of: "server" as const, id, name: null };
  return email === null ? { of: "group" as const, id, name } : { of: "user" as const, id, name: email };
}
