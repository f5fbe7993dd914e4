import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { joinPath } from "@holdfast/core/names";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import { type PlaceRow, type Places, readLineages, readPlaces } from "./lineages.ts";
import type { PlacedNode } from "./placed-node.ts";

/** Omits nodes that await removal, and unfinished copies, whose chain does not end at the root. */
export async function findOwnNodes(
  shard: Pick<ReadShard, "db">,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Map<NodeId, PlacedNode>> {
  if (ids.length === 0) return new Map();
  const places = await readPlaces(
    shard,
    ids.map((id) => ({ spaceId, id })),
  );
  const placed = placeOwn(places, rootId);
  return new Map(
    ids.flatMap((id) => {
      const node = placed.get(id);
      return node === undefined ? [] : [[id, node] as const];
    }),
  );
}

export function placeOwn({ asked, above }: Places, rootId: NodeId): Map<NodeId, PlacedNode> {
  const aboveById = new Map(above.map((row) => [row.id, row]));
  return new Map(
    asked.flatMap((own) => {
      const node = place(own, aboveById, rootId);
      return node === undefined ? [] : [[own.id, node] as const];
    }),
  );
}

export async function findVisible(
  shard: Pick<ReadShard, "db">,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Set<NodeId>> {
  if (ids.length === 0) return new Set();
  type Row = Pick<NodeRow, "id" | "parent_id" | "purged_at">;
  const rows = await readLineages<Row>(shard, spaceId, ids, sql`id, parent_id, purged_at`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const isVisible = (id: NodeId): boolean => {
    let row = byId.get(id);
    while (row !== undefined && row.id !== rootId && row.purged_at === null)
      row = row.parent_id === null ? undefined : byId.get(row.parent_id);
    return row?.id === rootId;
  };
  return new Set(ids.filter(isVisible));
}

/** Returns revisions and sequence numbers of the nodes that are live below the root. */
export async function findRevisions(
  shard: Pick<ReadShard, "db">,
  { spaceId, rootId }: { readonly spaceId: SpaceId; readonly rootId: NodeId },
  ids: readonly NodeId[],
): Promise<Map<NodeId, Pick<NodeRow, "revision" | "seq">>> {
  if (ids.length === 0) return new Map();
  type Row = Pick<NodeRow, "id" | "parent_id" | "purged_at" | "trashed_at" | "revision" | "seq">;
  const columns = sql`id, parent_id, purged_at, trashed_at, revision, seq`;
  const byId = new Map((await readLineages<Row>(shard, spaceId, ids, columns)).map((row) => [row.id, row]));
  const live = new Map<NodeId, boolean>([[rootId, true]]);
  const isLive = (id: NodeId): boolean => {
    const known = live.get(id);
    if (known !== undefined) return known;
    const row = byId.get(id);
    const is =
      row !== undefined &&
      row.purged_at === null &&
      row.trashed_at === null &&
      row.parent_id !== null &&
      isLive(row.parent_id);
    live.set(id, is);
    return is;
  };
  return new Map(
    ids.flatMap((id) => {
      const row = byId.get(id);
      return row !== undefined && isLive(id) ? [[id, row] as const] : [];
    }),
  );
}

function place(own: NodeRow, above: ReadonlyMap<NodeId, PlaceRow>, rootId: NodeId): PlacedNode | undefined {
  const names: string[] = [];
  let trashedAt: number | null = null;
  let placedSeq = own.seq;
  let row: PlaceRow | undefined = own;
  for (; row !== undefined && row.id !== rootId; row = row.parent_id === null ? undefined : above.get(row.parent_id)) {
    if (row.purged_at !== null) return undefined;
    trashedAt ??= row.trashed_at;
    names.push(row.name);
    placedSeq = Math.max(placedSeq, row.seq);
  }
  if (row === undefined) return undefined;
  return {
    row: own.trashed_at === trashedAt ? own : { ...own, trashed_at: trashedAt },
    path: joinPath(names.toReversed()),
    role: "owner",
    placedSeq,
  };
}
