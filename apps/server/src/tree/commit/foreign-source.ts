import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { contentOf } from "../content/content.ts";
import { findNode, findNodes } from "../read/look-up.ts";
import { nodeJson } from "../read/node-json.ts";
import { onlySeen, type PlacedNode } from "../read/placed-node.ts";
import { weighTree } from "../weight/tree-weight.ts";
import { baseRefusal } from "./base.ts";
import { holdBlocks, type HoldsAlso, holdSegments } from "./hold-contents.ts";
import { loadVersions } from "./load.ts";
import type { ForeignSource, Operation, SourceReader } from "./operation.ts";
import type { OperationOf } from "./operation-of.ts";

export interface ForeignPorts {
  readonly shards: Shards;
  readonly blocks: HoldsAlso;
}

export function foreignSource(operation: Operation): ForeignSource | undefined {
  if (operation.op !== "copy" || operation.from instanceof HoldfastError) return undefined;
  return operation.from;
}

/**
 * Finds what the reader may copy to the space of `target`.
 * @throws HoldfastError not_found, trashed, conflict, precondition, invalid_field
 */
export async function openForeignSource(
  ports: ForeignPorts,
  { reader, target }: { readonly reader: SourceReader; readonly target: Actor },
  operation: OperationOf<"copy">,
): Promise<ForeignSource> {
  const { shards, blocks } = ports;
  const node = await findNode(shards, await reader.now(), operation.fileId);
  assertCopyable(node, operation);
  const { row: top, rights } = node;
  const shard = shards.ofId(top.space_id);
  const { bytes: sizeBytes } = await weighTree(shard.db, top.space_id, top.id, rights?.without("read"));
  const holding = { source: { shard, spaceId: top.space_id }, blocks, uploader: target };
  const seenNow = async (ids: readonly NodeId[]): Promise<Map<NodeId, PlacedNode>> => {
    const seen = await findNodes(shards, await reader.now(), [top.id, ...ids]);
    const still = seen.get(top.id)?.row;
    if (still?.space_id !== top.space_id || still.trashed_at !== null) throw noSuchSource();
    return seen;
  };
  return {
    top,
    sizeBytes,
    children: async (folderId, after, limit) => {
      const folder = (await seenNow([folderId])).get(folderId);
      if (folder === undefined || folder.row.trashed_at !== null) return [];
      return readChildren(shards, folder, after, limit);
    },
    heads: async (sources, place) => {
      // The copy may have waited long for its turn in the space.
      await seenNow([]);
      await reader.begin();
      const ids = sources.flatMap((source) => source.head_version ?? []);
      const heads = await loadVersions(shard.db, top.space_id, ids);
      const into = { ...holding, place };
      try {
        await holdSegments(into, heads, new Set<HashHex>());
        await holdBlocks(into, new Map(heads.flatMap((head) => [...contentOf(head).blocks])));
        return heads;
      } catch (error) {
        // Block lists of files that were permanently deleted at this moment are gone too.
        const left = await loadVersions(shard.db, top.space_id, ids);
        throw left.length === heads.length ? error : noSuchSource();
      }
    },
  };
}

function assertCopyable(node: PlacedNode, operation: OperationOf<"copy">): void {
  const { row } = node;
  const body = { body: { node: nodeJson(node) } };
  if (row.kind === "mount") {
    throw new HoldfastError("invalid_field", "The folder that this mount shows is not available now.", {
      field: "file_id",
    });
  }
  if (row.parent_id === null) {
    throw new HoldfastError("invalid_field", "The root folder cannot be copied. Copy the items in it.", {
      field: "file_id",
    });
  }
  if (row.trashed_at !== null) {
    throw new HoldfastError("trashed", `${JSON.stringify(row.name)} is in the trash.`, body);
  }
  const refusal = baseRefusal(row, operation);
  if (refusal !== undefined) throw new HoldfastError(refusal.code, refusal.message, body);
}

/** Index: nodes_parent. */
async function readChildren(
  shards: Shards,
  folder: PlacedNode,
  after: NodeId | undefined,
  limit: number,
): Promise<NodeRow[]> {
  const { space_id: spaceId, id } = folder.row;
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes
    where space_id = ${spaceId} and parent_id = ${id} and (${after ?? null}::uuid is null or id > ${after ?? null})
      and trashed_at is null and kind <> 'mount' ${onlySeen(folder)}
    order by id limit ${limit}`.execute(shards.ofId(spaceId).db);
  return rows;
}

export function noSuchSource(): HoldfastError {
  return new HoldfastError("not_found", "The item to copy no longer exists, or you no longer have access to it.", {
    field: "file_id",
  });
}
