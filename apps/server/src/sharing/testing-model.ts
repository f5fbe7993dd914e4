import type { NodeId } from "@holdfast/core/ids";
import type { GrantRow } from "../db/shard-tables.ts";
import { type Act, type Role, roleMay } from "../rights/roles.ts";

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
}

/** Who may do what, as the contract says it and as slowly as it likes. */
export class RightsModel {
  readonly nodes: ModelNode[] = [];
  readonly grants = new Set<ModelGrant>();
  readonly members = new Map<string, Set<number>>();
  /** By person: the folders that its mounts show. */
  readonly mounts = new Map<number, Map<ModelNode, NodeId>>();

  /** The nearest grant on the way up; at one node a person's own before those of groups, of which the highest counts. */
  grant(person: number, node: ModelNode): ModelGrant | undefined {
    for (const at of wayUp(node)) {
      const here = [...this.grants].filter((each) => each.at === at && !each.isExpired);
      const own = here.find((each) => each.to === person);
      const ofGroups = here.filter(({ to }) => typeof to === "string" && this.members.get(to)?.has(person) === true);
      const found = own ?? ofGroups.toSorted((left, right) => rank(right) - rank(left))[0];
      if (found !== undefined) return found;
    }
    return undefined;
  }

  role(person: number, node: ModelNode): Role | undefined {
    return node.owner === person ? "owner" : this.grant(person, node)?.role;
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

function rank({ role }: ModelGrant): number {
  return ["uploader", "viewer", "commenter", "editor"].indexOf(role);
}

function pathOf(way: readonly ModelNode[], start: string): string {
  const names = way.map(({ name }) => `/${name}`).toReversed();
  return names.length === 0 ? start : `${start === "/" ? "" : start}${names.join("")}`;
}
