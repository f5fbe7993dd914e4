import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeId } from "@holdfast/core/ids";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { type Role, roleMay } from "../rights/roles.ts";
import type { Mounts } from "../actor.ts";
import type { SpaceRights } from "../rights/space-rights.ts";

export interface PlacedNode {
  /** If only an ancestor is trashed, `trashed_at` is that of the nearest one. */
  readonly row: NodeRow;
  /** From the caller's root, through a mount, or from the top of the share. */
  readonly path: string;
  /** The caller's role; for a mount, the role on the mounted folder. */
  readonly role: Role;
  /** Rights in a space that the caller does not own. */
  readonly rights?: SpaceRights | undefined;
  /** Creation time of the grant that gives the role. */
  readonly sinceMicros?: number;
  /** Nothing above the node is visible to the caller, so its parent is not reported. */
  readonly isTop?: boolean;
  readonly shownBy?: NodeId | undefined;
  /**
   * Newest change of the node, and of the folders between it and its mount or the root. Since then it has been visible
   * at this place.
   */
  readonly placedSeq?: number;
  readonly mounts?: Mounts | undefined;
  /** The mounted folder is not visible now. */
  readonly waits?: boolean;
}

export function childOf({ path, role, rights, mounts, shownBy }: PlacedNode, row: NodeRow): PlacedNode {
  // A mounted folder always has the path of its mount.
  const mount = mounts?.get(`${row.space_id} ${row.id}`);
  // An unreadable folder hides the nodes below.
  const own = roleMay(role, "read") ? rights?.roleBelow(role, row.id) : undefined;
  const below = path === "/" ? `/${row.name}` : `${path}/${row.name}`;
  const child = { row, path: mount?.path ?? below, role: own ?? role };
  return rights === undefined ? child : { ...child, rights, mounts, shownBy: mount?.targetId ?? shownBy };
}

/** Returns a condition for `where` that selects the children that the caller may see in another owner's space. */
export function onlySeen({ rights }: Pick<PlacedNode, "rights">): RawBuilder<unknown> {
  return rights === undefined ? sql`` : sql`and kind <> 'mount' and id <> all(${uuidArray(rights.without("read"))})`;
}

/** Returns true if the caller may know that the node exists. Mounts are only visible to their owner. */
export function isReadable({ row, role, rights }: PlacedNode): boolean {
  return roleMay(role, "read") && (rights === undefined || row.kind !== "mount");
}
