import { HoldfastError } from "@holdfast/core/errors";
import { isId, type ReportId, type UserId } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { ReportJson } from "@holdfast/protocol/report-routes";
import { sql } from "kysely";
import type { ReportRow } from "../../base/db/report-tables.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";

type Listed = ReportRow & {
  readonly name: string | null;
  readonly kind: NodeRow["kind"] | null;
  readonly owner_id: UserId | null;
  readonly owner_name: string | null;
  readonly owner_email: string | null;
};

const lastId = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/**
 * Newest first over all shards; the cursor is the last id. Indexes: reports_id, reports_open.
 * @throws HoldfastError bad_request
 */
export async function listReports(
  shards: Shards,
  { open, limit, cursor }: { readonly open: boolean; readonly limit: number; readonly cursor?: string | undefined },
): Promise<{ items: ReportJson[]; next_cursor: string | null }> {
  if (cursor !== undefined && !isId(cursor))
    throw new HoldfastError("bad_request", "The cursor is not from this list.", { field: "cursor" });
  const only = open ? sql`and r.resolved_at is null` : sql``;
  const pages = await Promise.all(
    shards
      .all()
      .map(({ db }) =>
        sql<Listed>`${selected} where r.id < ${cursor ?? lastId} ${only} order by r.id desc limit ${limit + 1}`.execute(
          db,
        ),
      ),
  );
  const rows = pages.flatMap((page) => page.rows).toSorted((left, right) => (left.id > right.id ? -1 : 1));
  const items = rows.slice(0, limit).map(reportJson);
  return { items, next_cursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
}

/** Index: reports_id. */
export async function findReport(shards: Shards, id: ReportId): Promise<ReportRow | undefined> {
  const { rows } = await sql<ReportRow>`select * from shard.reports where id = ${id}`.execute(shards.ofId(id).db);
  return rows[0];
}

export async function describeReport(shards: Shards, id: ReportId): Promise<ReportJson> {
  const { rows } = await sql<Listed>`${selected} where r.id = ${id}`.execute(shards.ofId(id).db);
  if (rows[0] === undefined) throw noSuchReport(id);
  return reportJson(rows[0]);
}

export function noSuchReport(id: string): HoldfastError {
  return new HoldfastError("not_found", `There is no report ${id}.`);
}

/** Indexes: primary keys. */
const selected = sql`
  select r.*, n.name, n.kind, u.id as owner_id, u.name as owner_name, u.email as owner_email
  from shard.reports r
  left join shard.nodes n on n.space_id = r.space_id and n.id = r.node_id and n.purged_at is null
  left join shard.spaces s on s.id = r.space_id
  left join shard.users u on u.id = s.owner_id`;

function reportJson(row: Listed): ReportJson {
  const { node_id: nodeId, name, kind, owner_id: ownerId } = row;
  const owner = { name: row.owner_name ?? "", email: row.owner_email ?? "" };
  return {
    id: row.id,
    at: formatTime(row.at),
    reason: row.reason,
    text: row.text,
    permission_id: row.link_id,
    node: name === null || kind === null ? null : { id: nodeId, name, kind },
    owner: ownerId === null ? null : { id: ownerId, ...owner },
    state: row.resolved_at === null ? "open" : "resolved",
    action: row.action,
    resolved_at: row.resolved_at === null ? null : formatTime(row.resolved_at),
  };
}
