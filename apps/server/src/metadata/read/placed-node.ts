import { type RawBuilder, sql } from "kysely";
import { uuidArray } from "../../db/array-parameters.ts";
import type { NodeId } from "@holdfast/core/ids";
import type { NodeRow } from "../../db/shard-tables.ts";
import { type Role, roleMay } from "../../rights/roles.ts";
import type { Mounts } from "../actor.ts";
import type { SpaceRights } from "../../rights/space-rights.ts";

/** A node with the place in the caller's view that its row alone does not know. */
export interface PlacedNode {
  /** `trashed_at` is that of the nearest trashed ancestor, if the node itself is not trashed. */
  readonly row: NodeRow;
  /** From the caller's root, from the mount that shows it, or from the top of what was shared. */
  readonly path: string;
  /** What the caller may do with it; of a mount, with what it shows. */
  readonly role: Role;
  /** Of a space that is not the caller's own. */
  readonly rights?: SpaceRights | undefined;
  /** When the grant was made by which the caller has the role. */
  readonly sinceMicros?: number;
  /** Nothing above it is in the caller's view, so its folder is not told. */
  readonly isTop?: boolean;
  /** What of somebody else's is mounted shows it: the id of that folder. */
  readonly shownBy?: NodeId | undefined;
  /** The newest change of it, and of the folders between it and what shows it or the root: since then it is in view by this way. */
  readonly placedSeq?: number;
  /** Of the caller, where paths in a space that is not its own may begin. */
  readonly mounts?: Mounts | undefined;
  /** A mount whose folder is not to be seen for now. */
  readonly waits?: boolean;
}

export function childOf({ path, role, rights, mounts, shownBy }: PlacedNode, row: NodeRow): PlacedNode {
  // What is mounted itself has the path of its mount, whatever way leads to it.
  const mount = mounts?.get(`${row.space_id} ${row.id}`);
  // What lies below a folder that may not be read is not reached through it.
  const own = roleMay(role, "read") ? rights?.roleBelow(role, row.id) : undefined;
  const below = path === "/" ? `/${row.name}` : `${path}/${row.name}`;
  const child = { row, path: mount?.path ?? below, role: own ?? role };
  return rights === undefined ? child : { ...child, rights, mounts, shownBy: mount?.targetId ?? shownBy };
}

/** Of the children of a folder in somebody else's space those that the caller may know of, for a `where`. */
export function onlySeen({ rights }: Pick<PlacedNode, "rights">): RawBuilder<unknown> {
  return rights === undefined ? sql`` : sql`and kind <> 'mount' and id <> all(${uuidArray(rights.without("read"))})`;
}

/** Whether the caller may know that it exists. Mounts are their owner's business. */
export function isReadable({ row, role, rights }: PlacedNode): boolean {
  return roleMay(role, "read") && (rights === undefined || row.kind !== "mount");
}
