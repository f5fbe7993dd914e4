import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type RawBuilder, sql } from "kysely";
import { uuidKeys } from "../../base/db/array-parameters.ts";
import type { Role } from "./roles.ts";
import { type CountedGrant, type LiveGrant, ranks } from "./space-rights.ts";

export interface Sought {
  /** Ids that grants may name. */
  readonly grantees: readonly string[];
  readonly spaceId?: SpaceId | undefined;
  readonly despiteSuspension?: boolean | undefined;
}

/** Rights in one space: the effective grant of the owner at each node, and all re-shared grants. */
export interface CountedRow {
  readonly space_id: SpaceId;
  /** Comma-separated ids. Null without a grant of the owner. */
  readonly nodes: string | null;
  /** `weightOf` the role for each node. */
  readonly weights: readonly number[] | null;
  readonly sinces: readonly number[] | null;
  readonly given_on: readonly (readonly LiveGrant[])[] | null;
}

/** Above any rank: personal grants precede group grants. */
const personal = 8;
const sinceBits = sql.raw("52");
const latest = sql.raw(String(2 ** 52 - 1));
const weightOfRole = sql.raw(
  `case role ${Object.entries(ranks)
    .map(([role, rank]) => `when '${role}' then ${rank}`)
    .join(" ")} end`,
);
const roleOfRank = new Map(Object.entries(ranks).map(([role, rank]) => [rank, role as Role]));

/**
 * Statement parts named `counted`, with rows of `CountedRow`. Uses one lookup of the owner for each space. Members of
 * many groups may have thousands of grants with few effective ones, so the database picks those. The greater number
 * wins at each node, made of personal flag, role rank and age. Index: grants_grantee.
 */
export function countedParts({ grantees, spaceId, despiteSuspension = false }: Sought): RawBuilder<unknown> {
  return sql`at_node as materialized (
      select space_id, node_id,
        max(((case kind when 'group' then 0 else ${sql.lit(personal)} end + ${weightOfRole})::int8 << ${sinceBits})
          + ${latest} - created_at) filter (where via is null) as best,
        json_agg(json_build_object('space_id', space_id, 'id', id, 'node_id', node_id, 'kind', kind, 'grantee_id', grantee_id,
          'role', role, 'via', via, 'created_by', created_by, 'created_at', created_at)) filter (where via is not null) as given_on
      from shard.grants
      where grantee_id = any(${uuidKeys(grantees)}) ${spaceId === undefined ? sql`` : sql`and space_id = ${spaceId}`}
        and (expires_at is null or expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)
        and disabled_at is null
      group by space_id, node_id
    ), live as materialized (
      select s.id from (select distinct space_id from at_node) of_given cross join lateral (
        select s.id from shard.spaces s left join shard.users u on u.id = s.owner_id
        where s.id = of_given.space_id ${despiteSuspension ? sql`` : sql`and u.disabled_at is null`} offset 0) s
    ), counted as (
      select live.id as space_id, string_agg(node_id::text, ',') filter (where best is not null) as nodes,
        json_agg(best >> ${sinceBits}) filter (where best is not null) as weights,
        json_agg(${latest} - (best & ${latest})) filter (where best is not null) as sinces,
        json_agg(given_on) filter (where given_on is not null) as given_on
      from at_node join live on live.id = at_node.space_id group by live.id
    )`;
}

export function ofOwner({ nodes, weights, sinces }: CountedRow): CountedGrant[] {
  if (nodes === null || weights === null || sinces === null) return [];
  return nodes.split(",").map((id, index) => {
    const weight = weights[index] ?? 0;
    return {
      node_id: id as NodeId,
      kind: weight < personal ? "group" : "user",
      role: roleOfRank.get(weight % personal) as CountedGrant["role"],
      via: null,
      created_at: sinces[index] ?? 0,
    };
  });
}
