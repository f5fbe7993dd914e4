import type { GrantId, NodeId, UserId } from "@holdfast/core/ids";
import type { GrantRow } from "../db/shard-tables.ts";
import { type Act, type Role, roleMay } from "./roles.ts";

/** What somebody was given at one node. */
export interface Right {
  readonly role: Role;
  readonly sinceMicros: number;
  /** By which it was given; not known where only what counts was read. */
  readonly grantId: GrantId | undefined;
}

/** At one node: what the owner gave, and what editors gave on there, where that counts. */
interface Rights {
  readonly owners?: Right | undefined;
  readonly givenOn?: Right | undefined;
}

/**
 * What somebody may do in a space that is not theirs: at a node counts what was granted nearest to it on the way up, where what the owner
 * gave may raise and lower, and what an editor gave on takes nothing from anybody.
 */
export class SpaceRights {
  readonly #byNode: ReadonlyMap<NodeId, Rights>;
  readonly #without = new Map<Act, readonly NodeId[]>();

  constructor(byNode: ReadonlyMap<NodeId, Rights>) {
    this.#byNode = byNode;
  }

  /** The nodes at which the owner has granted something that does not allow the act: always the same list. */
  without(act: Act): readonly NodeId[] {
    const known = this.#without.get(act);
    if (known !== undefined) return known;
    const ids = [...this.#byNode].flatMap(([id, { owners, givenOn }]) =>
      owners === undefined || roleMay(higher(owners, givenOn).role, act) ? [] : [id],
    );
    this.#without.set(act, ids);
    return ids;
  }

  /** The nodes at which the owner has granted something. */
  get ofOwners(): readonly NodeId[] {
    return [...this.#byNode].flatMap(([id, { owners }]) => (owners === undefined ? [] : [id]));
  }

  /** What was granted at this very node. */
  at(nodeId: NodeId): Right | undefined {
    const { owners, givenOn } = this.#byNode.get(nodeId) ?? {};
    return owners === undefined ? givenOn : higher(owners, givenOn);
  }

  /** @param role at the folder in which the node lies */
  roleBelow(role: Role, nodeId: NodeId): Role {
    const { owners, givenOn } = this.#byNode.get(nodeId) ?? {};
    if (owners !== undefined) return higher(owners, givenOn).role;
    return givenOn === undefined || rankOf(role) >= rankOf(givenOn.role) ? role : givenOn.role;
  }

  /** @param way of ids, from the node up to the root */
  nearest(way: readonly NodeId[]): Right | undefined {
    let given: Right | undefined;
    for (const id of way) {
      const { owners, givenOn } = this.#byNode.get(id) ?? {};
      if (givenOn !== undefined) given = given === undefined ? givenOn : higher(given, givenOn);
      if (owners !== undefined) return higher(owners, given);
    }
    return given;
  }

  /** The nearest of each node of a way, in its order: from the top down, so that none is looked for twice. */
  nearestAll(way: readonly NodeId[]): readonly (Right | undefined)[] {
    const found: (Right | undefined)[] = [];
    let above: Rights = {};
    for (const id of way.toReversed()) {
      const here = this.#byNode.get(id);
      above = here === undefined ? above : below(above, here);
      found.push(above.owners === undefined ? above.givenOn : higher(above.owners, above.givenOn));
    }
    return found.toReversed();
  }
}

/** What counts at a node, and below it where nothing is nearer: what was given on counts as far up as the owner gave nothing. */
function below(above: Rights, { owners, givenOn }: Rights): Rights {
  if (owners !== undefined) return { owners, givenOn };
  if (givenOn === undefined) return above;
  return { owners: above.owners, givenOn: above.givenOn === undefined ? givenOn : higher(givenOn, above.givenOn) };
}

/** Of two that are alike the first. */
function higher(right: Right, other: Right | undefined): Right {
  return other !== undefined && rankOf(other.role) > rankOf(right.role) ? other : right;
}

export type LiveGrant = Pick<
  GrantRow,
  "space_id" | "id" | "node_id" | "kind" | "grantee_id" | "role" | "via" | "created_by" | "created_at"
>;

/** What a right is made of. */
export type CountedGrant = Pick<LiveGrant, "node_id" | "kind" | "role" | "via" | "created_at"> & {
  readonly id?: GrantId | undefined;
};

/** Of several groups the highest counts. */
export const ranks: Readonly<Record<Role, number>> = { uploader: 0, viewer: 1, commenter: 2, editor: 3, owner: 4 };

function rankOf(role: Role): number {
  return ranks[role];
}

/** At one node what the owner gave in person counts before what groups were given; of what was given on the highest counts, as it only adds. */
export function rightsOf(grants: readonly CountedGrant[]): SpaceRights {
  const byNode = Map.groupBy(grants, (grant) => grant.node_id);
  return new SpaceRights(new Map([...byNode].map(([nodeId, here]) => [nodeId, rightsAt(here)])));
}

function rightsAt(grants: readonly CountedGrant[]): Rights {
  const owners = first(
    grants.filter(({ via }) => via === null),
    counts,
  );
  const givenOn = first(
    grants.filter(({ via }) => via !== null),
    isHigher,
  );
  // A personal one of the owner's counts before one that somebody gave on to a group.
  const isBeaten = owners?.kind === "user" && givenOn?.kind === "group";
  return { owners: rightOf(owners), givenOn: isBeaten ? undefined : rightOf(givenOn) };
}

function first(
  grants: readonly CountedGrant[],
  isBefore: (grant: CountedGrant, other: CountedGrant) => boolean,
): CountedGrant | undefined {
  return grants.reduce<CountedGrant | undefined>(
    (known, grant) => (known === undefined || isBefore(grant, known) ? grant : known),
    undefined,
  );
}

function rightOf(grant: CountedGrant | undefined): Right | undefined {
  return grant && { role: grant.role, sinceMicros: grant.created_at, grantId: grant.id };
}

function counts(grant: CountedGrant, before: CountedGrant): boolean {
  const [isOfGroup, wasOfGroup] = [grant.kind === "group", before.kind === "group"];
  return isOfGroup === wasOfGroup ? isHigher(grant, before) : wasOfGroup;
}

function isHigher(grant: CountedGrant, before: CountedGrant): boolean {
  // Of two that are alike the older: what went into the trash since then is seen.
  if (grant.role === before.role) return grant.created_at < before.created_at;
  return rankOf(grant.role) > rankOf(before.role);
}

export type RightsByActor = ReadonlyMap<UserId, SpaceRights>;
