import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import type { Target, Work } from "./work.ts";
import type { Tree } from "./tree.ts";

/**
 * Distance that a tree reaches below its top, in names and in bytes of path with a slash before each name. Every
 * folder's row stores it as `names_below` and `bytes_below`. The values are upper bounds: placing a node raises them in
 * all folders above, and nothing lowers them. So a folder of any size can usually be placed by reading its row. It is
 * measured only if the row's values exceed the limit.
 */
export interface Reach {
  readonly names: number;
  readonly bytes: number;
}

export function reachOf({ names_below, bytes_below }: Pick<NodeRow, "names_below" | "bytes_below">): Reach {
  return { names: names_below, bytes: bytes_below };
}

/** Returns the reach of the parent through this node. */
export function reachAbove(name: string, below: Reach): Reach {
  return { names: 1 + below.names, bytes: 1 + Buffer.byteLength(name) + below.bytes };
}

/** The folders above must be loaded. @returns those folders */
export function raiseAbove(tree: Tree, placed: NodeRow): NodeId[] {
  const above: NodeId[] = [];
  let reach = reachAbove(placed.name, reachOf(placed));
  for (let id = placed.parent_id; id !== null;) {
    const folder = tree.known(id);
    if (folder === undefined) throw new HoldfastError("internal", `Folder ${id} was not looked at.`);
    above.push(id);
    const names_below = Math.max(folder.names_below, reach.names);
    const bytes_below = Math.max(folder.bytes_below, reach.bytes);
    if (names_below > folder.names_below || bytes_below > folder.bytes_below) {
      tree.put({ ...folder, names_below, bytes_below });
    }
    reach = reachAbove(folder.name, reach);
    id = folder.parent_id;
  }
  return above;
}

export interface Placing {
  /** undefined for a new node. */
  readonly node?: NodeRow;
  /** A copy omits trashed nodes and leaves its source in place. */
  readonly copy?: boolean;
}

/**
 * Counts trashed nodes too. A node that already exceeds the limits may be moved if it reaches no further than now.
 * @throws HoldfastError invalid_field
 */
export async function checkPath(work: Work, { parent, name }: Target, placing: Placing = {}): Promise<void> {
  const top = reachAbove(name, lengthOf(await work.tree.path(parent)));
  const { node } = placing;
  const reach = node === undefined ? none : reachOf(node);
  if (keeps(top, reach)) return;
  const now = node === undefined || placing.copy === true ? none : lengthOf(await work.tree.path(node));
  if (keeps(top, reach, now)) return;
  const measured = node === undefined ? reach : await measure(work, node, placing.copy === true);
  if (keeps(top, measured, now)) return;
  throw beyond(top, measured);
}

const none: Reach = { names: 0, bytes: 0 };

function keeps(top: Reach, below: Reach, now: Reach = none): boolean {
  const names = top.names + below.names <= limits.pathNamesMax || top.names <= now.names;
  const bytes = top.bytes + below.bytes <= limits.pathBytesMax || top.bytes <= now.bytes;
  return names && bytes;
}

function lengthOf(path: string): Reach {
  return path === "/" ? none : { names: path.split("/").length - 1, bytes: Buffer.byteLength(path) };
}

function beyond(top: Reach, below: Reach): HoldfastError {
  if (top.bytes + below.bytes > limits.pathBytesMax) {
    const what = below.bytes === 0 ? "The path is" : "Including the items in it, a path would be";
    return new HoldfastError("invalid_field", `${what} longer than ${limits.pathBytesMax} bytes.`, { field: "name" });
  }
  const what = below.names === 0 ? "The path is" : "Including the items in it, a path would be";
  return new HoldfastError("invalid_field", `${what} deeper than ${limits.pathNamesMax} names.`, {
    field: "parent_id",
  });
}

/** Returns the measured reach if it can be measured, otherwise the row's values. */
async function measure(work: Work, node: NodeRow, liveOnly: boolean): Promise<Reach> {
  const { measuring, tree, reader, space } = work;
  // Nodes placed by this transaction are not in the table yet.
  if (measuring.raised.has(node.id) || measuring.nodesLeft <= 0) return reachOf(node);
  const found = await measureBelow(reader, space.id, node.id, { nodesMax: measuring.nodesLeft, liveOnly });
  measuring.nodesLeft -= found.nodes;
  if (found.reach === undefined) return reachOf(node);
  const known = tree.known(node.id);
  if (!liveOnly && known !== undefined) {
    tree.put({ ...known, names_below: found.reach.names, bytes_below: found.reach.bytes });
  }
  return found.reach;
}

/** Index: nodes_parent. @returns no reach if there are more nodes than `nodesMax` */
async function measureBelow(
  reader: ShardQueries,
  spaceId: SpaceId,
  topId: NodeId,
  { nodesMax, liveOnly }: { readonly nodesMax: number; readonly liveOnly: boolean },
): Promise<{ nodes: number; reach: Reach | undefined }> {
  const live = liveOnly ? sql`and n.trashed_at is null` : sql``;
  const { rows } = await sql<{ nodes: number; names: number; bytes: number }>`
    with recursive below (id, names, bytes) as (
      select ${topId}::uuid, 0, 0
      union all
      select child.id, below.names + 1, below.bytes + 1 + octet_length(child.name)
      from below cross join lateral (
        select n.id, n.name from shard.nodes n
        where n.space_id = ${spaceId} and n.parent_id = below.id and n.purged_at is null ${live} offset 0
      ) child
    )
    select count(*) as nodes, max(names) as names, max(bytes) as bytes
    from (select * from below limit ${nodesMax + 1}) as looked_at`.execute(reader);
  const { nodes = 0, ...reach } = rows[0] ?? { names: 0, bytes: 0 };
  return { nodes, reach: nodes > nodesMax ? undefined : reach };
}
