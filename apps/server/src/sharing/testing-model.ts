import type { NodeId } from "@holdfast/core/ids";
import type { GrantRow } from "../db/shard-tables.ts";
import { type Act, type Role, roleCovers, roleMay } from "../rights/roles.ts";

/** People by number, groups by the names that they have among the model's members. */
export type Grantee = number | string;

export interface ModelNode {
  readonly id: NodeId;
  readonly owner: number;
  readonly kind: "folder" | "file";
  parent: ModelNode | null;
  name: string;
  /** When it went into the trash by itself; what lies below went along. */
  trashedAt: number | null;
  isPurged: boolean;
}

export interface ModelGrant {
  readonly at: ModelNode;
  readonly to: Grantee;
  role: GrantRow["role"];
  readonly since: number;
  isExpired: boolean;
  /** Who gave it, and of somebody who does not own the node the grant by which they did. */
  by: number;
  via: ModelGrant | undefined;
}

/** Who may do what, as the contract says it and as slowly as it likes. */
export class RightsModel {
  readonly nodes: ModelNode[] = [];
  readonly grants = new Set<ModelGrant>();
  readonly members = new Map<string, Set<number>>();
  /** By person: the folders that its mounts show. */
  readonly mounts = new Map<number, Map<ModelNode, NodeId>>();

  /**
   * The nearest grant on the way up; at one node a person's own before those of groups, of which the highest counts. What was given on
   * raises, and lowers nothing.
   */
  grant(
    person: number,
    node: ModelNode,
    among = [...this.grants].filter((each) => this.holds(each)),
  ): ModelGrant | undefined {
    let given: ModelGrant | undefined;
    for (const at of wayUp(node)) {
      const here = among.filter((each) => each.at === at && !each.isExpired);
      const owners = this.#first(
        person,
        here.filter(({ via }) => via === undefined),
      );
      const [on] = here
        .filter(({ via, to }) => via !== undefined && this.#means(person, to))
        .toSorted((left, right) => rank(right) - rank(left));
      const isBeaten = owners?.to === person && on?.to !== person;
      if (on !== undefined && !isBeaten && (given === undefined || rank(on) > rank(given))) given = on;
      if (owners !== undefined) return given !== undefined && rank(given) > rank(owners) ? given : owners;
    }
    return given;
  }

  #first(person: number, here: readonly ModelGrant[]): ModelGrant | undefined {
    const ofGroups = here.filter(({ to }) => typeof to === "string" && this.members.get(to)?.has(person) === true);
    return here.find((each) => each.to === person) ?? ofGroups.toSorted((left, right) => rank(right) - rank(left))[0];
  }

  /**
   * What was given on holds while its giver may share there by the hand that it came by, and has no less anywhere below; only the owner's grants
   * count against that.
   */
  holds(grant: ModelGrant): boolean {
    const { via, by, at } = grant;
    if (!this.grants.has(grant) || via === undefined) return this.grants.has(grant);
    if (via.role !== "editor" || !this.#means(by, via.to) || !this.holds(via)) return false;
    const counted = [...this.grants].filter((each) => each.via === undefined || each === via);
    if (this.grant(by, at, counted)?.role !== "editor") return false;
    return this.hasAllBelow(by, at, grant.role, counted);
  }

  /** Whether the person may do all that a role allows wherever the owner has given them a right of its own below a node. */
  hasAllBelow(
    person: number,
    node: ModelNode,
    role: Role,
    among = [...this.grants].filter((each) => this.holds(each)),
  ): boolean {
    return among
      .filter(({ via, isExpired, to }) => via === undefined && !isExpired && this.#means(person, to))
      .filter((each) => [...wayUp(each.at)].includes(node))
      .every((each) => {
        const own = this.role(person, each.at, among);
        return own !== undefined && roleCovers(own, role);
      });
  }

  /** Tells whether a grant keeps the person from what another one, at its node or above, would allow: they cannot remove it. */
  limits(person: number, grant: ModelGrant, others: readonly ModelGrant[]): boolean {
    const way = new Set(wayUp(grant.at));
    const hidden = others.filter(({ at, to, role }) => {
      if (!way.has(at)) return false;
      if (at !== grant.at) return true;
      return typeof grant.to === typeof to ? rank(grant) > rank({ role }) : grant.to === person;
    });
    return grant.via === undefined && hidden.some((each) => !each.isExpired && !roleCovers(grant.role, each.role));
  }

  /** All that means the person in a space, whether it holds or not. */
  given(person: number, owner: number): ModelGrant[] {
    return [...this.grants].filter((each) => each.at.owner === owner && this.#means(person, each.to));
  }

  /** Role of the person at each node of others, by all grants and by those of the owners alone. */
  roles(person: number): Map<ModelNode, readonly (Role | undefined)[]> {
    const held = [...this.grants].filter((each) => this.holds(each));
    const owners = held.filter(({ via }) => via === undefined);
    const others = this.nodes.filter(({ owner }) => owner !== person);
    return new Map(others.map((node) => [node, [held, owners].map((among) => this.role(person, node, among))]));
  }

  #means(person: number, to: Grantee): boolean {
    return to === person || (typeof to === "string" && this.members.get(to)?.has(person) === true);
  }

  role(person: number, node: ModelNode, among?: ModelGrant[]): Role | undefined {
    return node.owner === person ? "owner" : this.grant(person, node, among)?.role;
  }

  may(person: number, node: ModelNode | null, act: Act): boolean {
    const role = node === null ? undefined : this.role(person, node);
    return role !== undefined && roleMay(role, act);
  }

  /** From the node up to what was shared: as far as one goes on reading. */
  wayInView(person: number, node: ModelNode): ModelNode[] {
    const way = [...wayUp(node)];
    const end = way.findIndex((at) => !this.may(person, at, "read"));
    return end === -1 ? way : way.slice(0, end);
  }

  /** Of what lies in the trash an editor sees what went there from a folder that it reads, since it was shared. */
  sees(person: number, node: ModelNode): boolean {
    const way = [...wayUp(node)];
    if (way.some((at) => at.isPurged) || !this.may(person, node, "read")) return false;
    const trashed = way.findLast((at) => at.trashedAt !== null);
    if (trashed === undefined || node.owner === person) return true;
    const since = this.grant(person, node)?.since ?? 0;
    const nearest = way.find((at) => at.trashedAt !== null)?.trashedAt ?? 0;
    const isBelow = this.wayInView(person, node).slice(0, -1).includes(trashed);
    return isBelow && this.may(person, node, "write") && nearest >= since;
  }

  shows(person: number, node: ModelNode): boolean {
    return this.sees(person, node) && isLive(node);
  }

  /** To rename, move, trash or restore takes a right at the node and at its folder. */
  mayMove(person: number, node: ModelNode): boolean {
    return this.may(person, node, "write") && this.may(person, node.parent, "write");
  }

  /** From the person's root, from the mount, or from the top of what was shared. */
  path(person: number, node: ModelNode): string {
    const way = this.wayInView(person, node);
    if (node.owner === person) return pathOf(way.slice(0, -1), "/");
    const shown = this.shownBy(person, node);
    const below = way.slice(0, shown === undefined ? way.length - 1 : way.indexOf(shown));
    return pathOf(below, shown === undefined ? "/" : `/${mountName(shown)}`);
  }

  /** The folder of a mount in which the person sees the node. */
  shownBy(person: number, node: ModelNode): ModelNode | undefined {
    return this.wayInView(person, node).find((at) => this.mounts.get(person)?.has(at) === true);
  }
}

export function* wayUp(node: ModelNode): Generator<ModelNode> {
  for (let at: ModelNode | null = node; at !== null; at = at.parent) yield at;
}

export function isLive(node: ModelNode): boolean {
  return [...wayUp(node)].every((at) => at.trashedAt === null && !at.isPurged);
}

export function mountName({ id }: ModelNode): string {
  return `mount of ${id}`;
}

function rank({ role }: Pick<ModelGrant, "role">): number {
  return ["uploader", "viewer", "commenter", "editor"].indexOf(role);
}

function pathOf(way: readonly ModelNode[], start: string): string {
  const names = way.map(({ name }) => `/${name}`).toReversed();
  return names.length === 0 ? start : `${start === "/" ? "" : start}${names.join("")}`;
}
