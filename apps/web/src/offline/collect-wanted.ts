import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { KeptFile, KeptMark } from "./kept-index.ts";

export interface Wanted {
  readonly files: readonly KeptFile[];
  /** Deleted, trashed or no longer shared. */
  readonly lost: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
  readonly isCut: boolean;
  /** Some items belong to another account. */
  readonly isShared: boolean;
}

/** @throws HoldfastError if the server fails to list */
export async function collectWanted(
  client: Pick<ApiClient, "call">,
  marks: readonly KeptMark[],
  filesMax: number,
  signal: AbortSignal,
): Promise<Wanted> {
  const files = new Map<string, KeptFile>();
  const [lost, folders] = [new Set<string>(), new Set<string>()];
  let isCut = false;
  let isShared = false;
  const take = (node: NodeJson, mark: KeptMark) => {
    if (node.kind !== "file" || node.content_id === null || !mayRead(node)) return;
    if (files.size >= filesMax && !files.has(node.id)) isCut = true;
    else if (!files.has(node.id)) files.set(node.id, keptFile(node, mark));
  };
  for (const mark of marks) {
    try {
      const node = await client.call("getNode", { params: { id: mark.id }, signal });
      if (node.trashed_at !== null || !mayRead(node)) {
        lost.add(mark.id);
        continue;
      }
      isShared ||= node.role !== "owner";
      take(node, mark);
      if (mark.kind === "file") continue;
      folders.add(mark.id);
      for await (const below of nodesBelow(client, mark.id, signal)) {
        if (below.kind === "folder") folders.add(below.id);
        take(below, mark);
        if (isCut) break;
      }
    } catch (thrown) {
      if (!isGone(thrown)) throw thrown;
      lost.add(mark.id);
    }
  }
  return { files: [...files.values()], lost, folders, isCut, isShared };
}

async function* nodesBelow(
  client: Pick<ApiClient, "call">,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<NodeJson, void, undefined> {
  let cursor: string | undefined;
  do {
    const query = { recursive: true, limit: limits.listItemsMax, cursor };
    const page = await client.call("listFolder", { params: { id }, query, signal });
    yield* page.items;
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
}

/** Uploaders cannot read. */
function mayRead({ role }: NodeJson): boolean {
  return role !== "uploader";
}

function isGone(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && ["not_found", "forbidden", "trashed"].includes(thrown.code);
}

function keptFile(node: NodeJson, mark: KeptMark): KeptFile {
  return {
    id: node.id,
    name: node.name,
    path: node.path,
    sizeBytes: node.size,
    mimeType: node.mime_type,
    contentId: node.content_id ?? "",
    markId: mark.id,
  };
}
