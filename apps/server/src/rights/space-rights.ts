import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { type Kysely, sql } from "kysely";
import { uuidArray } from "../db/array-parameters.ts";
import type { GrantRow, ShardTables } from "../db/shard-tables.ts";
import { type Act, type Role, roleMay } from "./roles.ts";

/** What somebody was given at one node. */
export interface Right {
  readonly role: Role;
  readonly sinceMicros: number;
}

/** What somebody may do in a space that is not theirs: at a node counts what was granted nearest to it on the way up. */
export class SpaceRights {
  readonly #byNode: ReadonlyMap<NodeId, Right>;

  constructor(byNode: ReadonlyMap<NodeId, Right>) {
    this.#byNode = byNode;
  }

  /** The nodes at which the role does not allow to read. */
  get hidden(): readonly NodeId[] {
    return [...this.#byNode].flatMap(([id, { role }]) => (roleMay(role, "read") ? [] : [id]));
  }

  /** Whether there is a node at which this is allowed. */
  allowSomewhere(act: Act): boolean {
    return this.#byNode.values().some(({ role }) => roleMay(role, act));
  }

  /** What was granted at this very node. */
  at(nodeId: NodeId): Right | undefined {
    return this.#byNode.get(nodeId);
  }

  /** @param way of ids, from the node up to the root */
  nearest(way: readonly NodeId[]): Right | undefined {
    for (const id of way) {
      const right = this.#byNode.get(id);
      if (right !== undefined) return right;
    }
    return undefined;
  }
}

type LiveGrant = Pick<GrantRow, "space_id" | "node_id" | "kind" | "role" | "created_at">;

/**
 * All that these grantees were given on a shard, by space, from live rows: nothing that has expired or was disabled, and nothing of an owner who is
 * suspended. By grants_grantee.
 * @param spaceId only in this space
 */
export async function loadRights(
  db: Kysely<ShardTables>,
  grantees: readonly string[],
  spaceId?: SpaceId,
): Promise<ReadonlyMap<SpaceId, SpaceRights>> {
  const { rows } = await sql<LiveGrant>`
    select g.space_id, g.node_id, g.kind, g.role, g.created_at from shard.grants g
    join shard.spaces s on s.id = g.space_id
    left join shard.users u on u.id = s.owner_id
    where g.grantee_id = any(${uuidArray(grantees)})
      ${spaceId === undefined ? sql`` : sql`and g.space_id = ${spaceId}`}
      and (g.expires_at is null or g.expires_at > (extract(epoch from clock_timestamp()) * 1000000)::int8)
      and g.disabled_at is null and u.disabled_at is null`.execute(db);
  return new Map([...Map.groupBy(rows, (row) => row.space_id)].map(([id, grants]) => [id, rightsOf(grants)]));
}

/** Of several groups the highest counts. */
const ranks: Readonly<Record<GrantRow["role"], number>> = { uploader: 0, viewer: 1, commenter: 2, editor: 3 };

/** At one node a personal grant counts before those of groups. */
function rightsOf(grants: readonly LiveGrant[]): SpaceRights {
  const byNode = new Map<NodeId, LiveGrant>();
  for (const grant of grants) {
    const known = byNode.get(grant.node_id);
    if (known === undefined || counts(grant, known)) byNode.set(grant.node_id, grant);
  }
  return new SpaceRights(
    new Map([...byNode].map(([id, { role, created_at }]) => [id, { role, sinceMicros: created_at }])),
  );
}

function counts(grant: LiveGrant, before: LiveGrant): boolean {
  const [isOfGroup, wasOfGroup] = [grant.kind === "group", before.kind === "group"];
  if (isOfGroup !== wasOfGroup) return wasOfGroup;
  return ranks[grant.role] > ranks[before.role];
}
