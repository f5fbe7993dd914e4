import { createHash } from "node:crypto";
import { isId, type NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { uuidArray } from "../../base/db/array-parameters.ts";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { ReadShard } from "../../base/db/shards.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { childOf, isReadable, onlySeen, type PlacedNode } from "./placed-node.ts";
import { PageBytes } from "./page-bytes.ts";

export interface WalkOptions {
  /** Skips other nodes, but not the nodes below them. */
  readonly isWanted?: (row: NodeRow) => boolean;
  /** Maximum number of nodes on a page, including unwanted ones. */
  readonly rowsMax?: number;
}

/**
 * Lists parents first, in the order of ids, because a rename could move a name past the cursor. The cursor contains the
 * folder, the last child, and a digest of the path. If a folder on the path is gone or unreadable, the walk continues
 * after it; if one was moved, everything below the top's child on the path is listed again. A page may have fewer than
 * `limit` nodes, or none.
 */
export async function walkFolder(
  shard: ReadShard,
  top: PlacedNode,
  limit: number,
  cursor: string | undefined,
  { isWanted, rowsMax }: WalkOptions = {},
): Promise<{ nodes: PlacedNode[]; nextCursor: string | null; passed: number }> {
  const children = new ChildLoader(shard, top);
  const nodes: PlacedNode[] = [];
  const bytes = new PageBytes();
  let place = await resume(children, top, cursor);
  let passed = 0;
  for (let folders = 0; place !== undefined; folders += 1) {
    if (folders === limits.listFoldersMax) return { nodes, nextCursor: encodeCursor(position(place)), passed };
    const { folder } = place;
    const page = await children.of(folder.row.id, place.afterChild);
    for (const row of page.rows) {
      if (nodes.length === limit || passed === rowsMax || bytes.isFull)
        return { nodes, nextCursor: encodeCursor(position(place)), passed };
      place.afterChild = row.id;
      passed += 1;
      if (isWanted?.(row) === false) continue;
      const node = childOf(folder, row);
      nodes.push(node);
      bytes.add(node);
    }
    if (!page.more) place = await nextFolder(children, place, undefined);
  }
  return { nodes, nextCursor: null, passed };
}

interface Place {
  readonly folder: PlacedNode;
  readonly above: Place | undefined;
  afterChild: NodeId | undefined;
}

const nodeId = z.string().refine((text): text is NodeId => isId(text));

const walkCursor = z.tuple([
  nodeId.nullable().describe("the top's child on the way"),
  nodeId.nullable().describe("the parent of the folder being listed"),
  z.string().max(64).describe("digest of the way down to the parent"),
  nodeId.nullable().describe("the folder being listed; null for the top"),
  nodeId.nullable().describe("the last child given"),
]);

function position({ folder, above, afterChild: after }: Place): z.input<typeof walkCursor> {
  const afterChild = after ?? null;
  if (above === undefined) return [null, null, "", null, afterChild];
  const way = wayTo(above);
  const { id } = folder.row;
  return [way[0] ?? id, above.folder.row.id, digestOf(way), id, afterChild];
}

function wayTo(place: Place): NodeId[] {
  const ids: NodeId[] = [];
  for (let step = place; step.above !== undefined; step = step.above) ids.unshift(step.folder.row.id);
  return ids;
}

function digestOf(way: readonly NodeId[]): string {
  return createHash("sha256").update(way.join("/")).digest().toString("base64url", 0, 16);
}

async function resume(children: ChildLoader, top: PlacedNode, cursor: string | undefined): Promise<Place | undefined> {
  const start: Place = { folder: top, above: undefined, afterChild: undefined };
  if (cursor === undefined) return start;
  const [firstId, parentId, digest, folderId, afterChild] = decodeCursor(walkCursor, cursor);
  if (firstId === null || parentId === null || folderId === null) {
    return { ...start, afterChild: afterChild ?? undefined };
  }
  const way = await children.wayTo(parentId);
  if (way === undefined || digestOf(way.map((row) => row.id)) !== digest) {
    const first = await children.folder(top.row.id, firstId);
    return first === undefined ? nextFolder(children, start, firstId) : below(start, first);
  }
  let place = start;
  for (const row of way) {
    place = below(place, row);
    // A forged cursor may name folders that the caller cannot see.
    const isShown = isReadable(place.folder) && row.trashed_at === null && row.purged_at === null;
    if (!isShown) return nextFolder(children, place.above ?? start, row.id);
  }
  const row = await children.folder(parentId, folderId);
  if (row === undefined) return nextFolder(children, place, folderId);
  return { ...below(place, row), afterChild: afterChild ?? undefined };
}

function below(above: Place, row: NodeRow): Place {
  return { folder: childOf(above.folder, row), above, afterChild: undefined };
}

/** Returns the first subfolder after `afterFolder`, or else the next sibling of the nearest folder that has one. */
async function nextFolder(
  children: ChildLoader,
  place: Place,
  afterFolder: NodeId | undefined,
): Promise<Place | undefined> {
  let above: Place | undefined = place;
  let passed = afterFolder;
  while (above !== undefined) {
    const row = await children.folderAfter(above.folder.row.id, passed);
    if (row !== undefined) return below(above, row);
    passed = above.folder.row.id;
    above = above.above;
  }
  return undefined;
}

const pageRows = limits.listItemsMax;
const prefetchFolders = 64;
const prefetchRows = 100;

interface ChildPage {
  readonly rows: readonly NodeRow[];
  readonly more: boolean;
}

function foldersOf({ rows, more }: ChildPage): ChildPage {
  return { rows: rows.filter((row) => row.kind === "folder"), more };
}

/** Reads children in the order of their ids, for many folders at a time, and caches them. Index: nodes_parent. */
class ChildLoader {
  readonly #shard: ReadShard;
  readonly #spaceId: string;
  readonly #topId: NodeId;
  readonly #isSeen: RawBuilder<unknown>;
  /** Subfolders by parent: all of them, or a part that begins at some id. */
  readonly #folders = new Map<NodeId, ChildPage>();
  readonly #firstPages = new Map<NodeId, ChildPage>();

  constructor(shard: ReadShard, top: PlacedNode) {
    this.#shard = shard;
    this.#spaceId = top.row.space_id;
    this.#topId = top.row.id;
    this.#isSeen = onlySeen(top);
  }

  /** undefined if the folder is not below the top. Includes trashed folders. */
  async wayTo(folderId: NodeId): Promise<NodeRow[] | undefined> {
    const own = sql`select * from shard.nodes where space_id = ${this.#spaceId}`;
    const { rows } = await sql<NodeRow & { height: number }>`
      with recursive way as (
        select n.*, 0 as height from (${own} and id = ${folderId} offset 0) n
        union all
        select above.*, way.height + 1 from way
        cross join lateral (${own} and id = way.parent_id and way.id <> ${this.#topId} offset 0) above
      )
      select * from way order by height desc`.execute(this.#shard.db);
    return rows[0]?.id === this.#topId ? rows.slice(1) : undefined;
  }

  async of(folderId: NodeId, after: NodeId | undefined): Promise<ChildPage> {
    const first = this.#firstPages.get(folderId);
    if (after === undefined && first !== undefined) return first;
    const { rows } = await sql<NodeRow>`
      select * from shard.nodes
      where space_id = ${this.#spaceId} and parent_id = ${folderId} and trashed_at is null
        ${this.#isSeen} ${after === undefined ? sql`` : sql`and id > ${after}`}
      order by id limit ${pageRows + 1}`.execute(this.#shard.db);
    const page = { rows: rows.slice(0, pageRows), more: rows.length > pageRows };
    if (after === undefined && !page.more) this.#folders.set(folderId, foldersOf(page));
    return page;
  }

  async folder(parentId: NodeId, id: NodeId): Promise<NodeRow | undefined> {
    const { rows } = await sql<NodeRow>`
      select * from shard.nodes
      where space_id = ${this.#spaceId} and id = ${id} and parent_id = ${parentId} and kind = 'folder'
        and trashed_at is null ${this.#isSeen}`.execute(this.#shard.db);
    return rows[0];
  }

  async folderAfter(parentId: NodeId, after: NodeId | undefined): Promise<NodeRow | undefined> {
    const folders = await this.#foldersAfter(parentId, after);
    const next = folders[0];
    if (next !== undefined && !this.#firstPages.has(next.id)) await this.#prefetch(folders);
    return next;
  }

  /** Reads only the next few; there may be millions. */
  async #foldersAfter(parentId: NodeId, after: NodeId | undefined): Promise<readonly NodeRow[]> {
    const known = this.#folders.get(parentId);
    const left = after === undefined ? known?.rows : known?.rows.filter((row) => row.id > after);
    if (left !== undefined && (left.length > 0 || known?.more === false)) return left.slice(0, prefetchFolders);
    const { rows } = await sql<NodeRow>`
      select * from shard.nodes
      where space_id = ${this.#spaceId} and parent_id = ${parentId} and kind = 'folder' and trashed_at is null
        ${this.#isSeen} ${after === undefined ? sql`` : sql`and id > ${after}`}
      order by id limit ${prefetchFolders + 1}`.execute(this.#shard.db);
    const page = { rows: rows.slice(0, prefetchFolders), more: rows.length > prefetchFolders };
    this.#folders.set(parentId, page);
    return page.rows;
  }

  async #prefetch(folders: readonly NodeRow[]): Promise<void> {
    const ids = folders.map((row) => row.id);
    const { rows } = await sql<NodeRow>`
      select n.* from unnest(${uuidArray(ids)}) as asked (id)
      cross join lateral (
        select * from shard.nodes
        where space_id = ${this.#spaceId} and parent_id = asked.id and trashed_at is null
          ${this.#isSeen}
        order by id limit ${prefetchRows + 1}) as n`.execute(this.#shard.db);
    const byParent = Map.groupBy(rows, (row) => row.parent_id);
    for (const id of ids) {
      const found = byParent.get(id) ?? [];
      const page = { rows: found.slice(0, prefetchRows), more: found.length > prefetchRows };
      this.#firstPages.set(id, page);
      if (!page.more) this.#folders.set(id, foldersOf(page));
    }
  }
}
