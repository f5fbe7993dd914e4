import type { NodeId } from "@holdfast/core/ids";
import type { GrantRow } from "../../base/db/shard-tables.ts";
import { type Act, type Role, roleCovers, roleMay } from "../../tree/rights/roles.ts";

/** People by number, groups by their names in the model. */
export type Grantee = number | string;

export interface ModelNode {
  readonly id: NodeId;
  readonly owner: number;
  readonly kind: "folder" | "file";
  parent: ModelNode | null;
  name: string;
  /** Time of its own move to the trash. Its subtree follows. */
  trashedAt: number | null;
  isPurged: boolean;
}

export interface ModelGrant {
  readonly at: ModelNode;
  readonly to: Grantee;
  role: GrantRow["role"];
  readonly since: number;
  isExpired: boolean;
  /** Giver, and for a re-shared grant the grant behind it. */
  by: number;
  via: ModelGrant | undefined;
}

export class RightsModel {
  readonly nodes: ModelNode[] = [];
  readonly grants = new Set<ModelGrant>();
  readonly members = new Map<string, Set<number>>();
  readonly mounts = new Map<number, Map<ModelNode, NodeId>>();

  /**
   * Nearest grant on the path up. At one node, personal grants precede group grants, of which the highest wins.
   * Re-shared grants only raise.
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
   * @returns true if the giver may still share there through their source grant and has no lower right below. Only
   * grants of the owner lower a right.
   */
  holds(grant: ModelGrant): boolean {
    const { via, by, at } = grant;
    if (!this.grants.has(grant) || via === undefined) return this.grants.has(grant);
    if (via.role !== "editor" || !this.#means(by, via.to) || !this.holds(via)) return false;
    const counted = [...this.grants].filter((each) => each.via === undefined || each === via);
    if (this.grant(by, at, counted)?.role !== "editor") return false;
    return this.hasAllBelow(by, at, grant.role, counted);
  }

  /** @returns true if the person has the full role wherever the owner made a separate grant below the node */
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

  /**
   * @returns true if the grant withholds what another one, at its node or above, would allow, so that it cannot be
   * removed
   */
  limits(person: number, grant: ModelGrant, others: readonly ModelGrant[]): boolean {
    const way = new Set(wayUp(grant.at));
    const hidden = others.filter(({ at, to, role }) => {
      if (!way.has(at)) return false;
      if (at !== grant.at) return true;
      return typeof grant.to === typeof to ? rank(grant) > rank({ role }) : grant.to === person;
    });
    return grant.via === undefined && hidden.some((each) => !each.isExpired && !roleCovers(grant.role, each.role));
  }

  given(person: number, owner: number): ModelGrant[] {
    return [...this.grants].filter((each) => each.at.owner === owner && this.#means(person, each.to));
  }

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

  wayInView(person: number, node: ModelNode): ModelNode[] {
    const way = [...wayUp(node)];
    const end = way.findIndex((at) => !this.may(person, at, "read"));
    return end === -1 ? way : way.slice(0, end);
  }

  /** In the trash, an editor sees nodes that went there from readable folders since the share. */
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

  /** Rename, move, trash and restore need rights at the node and at its folder. */
  mayMove(person: number, node: ModelNode): boolean {
    return this.may(person, node, "write") && this.may(person, node.parent, "write");
  }

  path(person: number, node: ModelNode): string {
    const way = this.wayInView(person, node);
    if (node.owner === person) return pathOf(way.slice(0, -1), "/");
    const shown = this.shownBy(person, node);
    const below = way.slice(0, shown === undefined ? way.length - 1 : way.indexOf(shown));
    return pathOf(below, shown === undefined ? "/" : `/${mountName(shown)}`);
  }

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
