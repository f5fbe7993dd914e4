import type { GrantId, NodeId, UserId } from "@holdfast/core/ids";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { type Act, type Role, roleMay } from "./roles.ts";

export interface Right {
  readonly role: Role;
  readonly sinceMicros: number;
  /** Grant of the right. Unknown if only effective grants were read. */
  readonly grantId: GrantId | undefined;
}

/** Rights at one node: the owner's grant and effective re-shared grants. */
interface Rights {
  readonly owners?: Right | undefined;
  readonly givenOn?: Right | undefined;
}

/**
 * Rights of a user in another's space. The nearest grant on the path up wins. Grants of the owner raise or lower, while
 * re-shared grants only add.
 */
export class SpaceRights {
  readonly #byNode: ReadonlyMap<NodeId, Rights>;
  readonly #without = new Map<Act, readonly NodeId[]>();

  constructor(byNode: ReadonlyMap<NodeId, Rights>) {
    this.#byNode = byNode;
  }

  /** Nodes with an owner's grant that excludes the act. Always returns the same list. */
  without(act: Act): readonly NodeId[] {
    const known = this.#without.get(act);
    if (known !== undefined) return known;
    const ids = [...this.#byNode].flatMap(([id, { owners, givenOn }]) =>
      owners === undefined || roleMay(higher(owners, givenOn).role, act) ? [] : [id],
    );
    this.#without.set(act, ids);
    return ids;
  }

  /** Nodes with a grant of the owner. */
  get ofOwners(): readonly NodeId[] {
    return [...this.#byNode].flatMap(([id, { owners }]) => (owners === undefined ? [] : [id]));
  }

  at(nodeId: NodeId): Right | undefined {
    const { owners, givenOn } = this.#byNode.get(nodeId) ?? {};
    return owners === undefined ? givenOn : higher(owners, givenOn);
  }

  /** @param role role at the parent folder */
  roleBelow(role: Role, nodeId: NodeId): Role {
    const { owners, givenOn } = this.#byNode.get(nodeId) ?? {};
    if (owners !== undefined) return higher(owners, givenOn).role;
    return givenOn === undefined || rankOf(role) >= rankOf(givenOn.role) ? role : givenOn.role;
  }

  /** @param way ids from the node up to the root */
  nearest(way: readonly NodeId[]): Right | undefined {
    let given: Right | undefined;
    for (const id of way) {
      const { owners, givenOn } = this.#byNode.get(id) ?? {};
      if (givenOn !== undefined) given = given === undefined ? givenOn : higher(given, givenOn);
      if (owners !== undefined) return higher(owners, given);
    }
    return given;
  }

  /** Nearest right of each node of a path, in its order. Goes top down, so that each node is looked up once. */
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

/** Rights at a node and below, until a nearer grant. A re-shared grant reaches up to the nearest grant of the owner. */
function below(above: Rights, { owners, givenOn }: Rights): Rights {
  if (owners !== undefined) return { owners, givenOn };
  if (givenOn === undefined) return above;
  return { owners: above.owners, givenOn: above.givenOn === undefined ? givenOn : higher(givenOn, above.givenOn) };
}

/** The first of two equal ones wins. */
function higher(right: Right, other: Right | undefined): Right {
  return other !== undefined && rankOf(other.role) > rankOf(right.role) ? other : right;
}

export type LiveGrant = Pick<
  GrantRow,
  "space_id" | "id" | "node_id" | "kind" | "grantee_id" | "role" | "via" | "created_by" | "created_at"
>;

export type CountedGrant = Pick<LiveGrant, "node_id" | "kind" | "role" | "via" | "created_at"> & {
  readonly id?: GrantId | undefined;
};

/** The highest of several groups wins. */
export const ranks: Readonly<Record<Role, number>> = { uploader: 0, viewer: 1, commenter: 2, editor: 3, owner: 4 };

function rankOf(role: Role): number {
  return ranks[role];
}

/**
 * At one node, personal grants of the owner precede group grants. The highest re-shared grant wins, because it only
 * adds.
 */
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
  // The owner's personal grant precedes a re-shared group grant.
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
  // The older of two equal grants wins: trash since then is visible.
  if (grant.role === before.role) return grant.created_at < before.created_at;
  return rankOf(grant.role) > rankOf(before.role);
}

export type RightsByActor = ReadonlyMap<UserId, SpaceRights>;
