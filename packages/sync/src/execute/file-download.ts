import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { diffSplices, type ManifestEntry } from "@holdfast/core/manifest";
import { mapBounded } from "@holdfast/core/task-group";
import { contentOfBlocks } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { Part, WantedBlock, WantedManifest } from "@holdfast/sync-ports/ports";
import type { ExecutionContext } from "./execution-context.ts";
import { bisect } from "../general/bisect.ts";
import { type LocalSources, offsetsOf, type Source } from "./sources.ts";

export type FileOperation = LocalOperation & { readonly op: "create" | "replace" };

export interface FileDownload {
  readonly operation: FileOperation;
  readonly blocks: readonly ManifestEntry[];
  /** Sources by block position; undefined: the block is fetched. */
  readonly sources: (Source | undefined)[];
  /** Old blocks that new ones may resemble. */
  readonly bases: ReadonlyMap<HashHex, NonNullable<WantedBlock["base"]>>;
}

const checksAtOnce = 16;

/**
 * Determines the blocks of all files in one request.
 * @returns results in the order of the operations; an error for each unavailable file
 */
export async function planDownloads(
  context: ExecutionContext,
  sources: LocalSources,
  operations: readonly FileOperation[],
): Promise<readonly (FileDownload | HoldfastError)[]> {
  const lists = await fetchLists(context, operations);
  return mapBounded(operations, checksAtOnce, async (operation) => {
    const { remote } = operation;
    const blocks = lists.get(operation);
    if (blocks instanceof HoldfastError) return blocks;
    if (blocks === undefined) {
      return new HoldfastError("not_found", `The server no longer has that version of ${remote.name}.`);
    }
    if (contentOfBlocks(blocks) !== remote.content) {
      return new HoldfastError(
        "hash_mismatch",
        `The block list of ${remote.name} was damaged in transit; it is downloaded again.`,
      );
    }
    const found = await mapBounded(blocks, 1, (block) => sources.find(block));
    return { operation, blocks, sources: found, bases: basesOf(context, operation, blocks) };
  });
}

/**
 * Fetches block lists. One that does not match its content id when decoded against its base is fetched whole.
 * @returns an error for each list that the server does not provide
 */
async function fetchLists(
  context: ExecutionContext,
  operations: readonly FileOperation[],
): Promise<ReadonlyMap<FileOperation, readonly ManifestEntry[] | HoldfastError>> {
  const { state, server } = context;
  const lists = new Map<FileOperation, readonly ManifestEntry[] | HoldfastError>();
  for (const operation of operations) {
    const known = isEmpty(operation.remote) ? [] : state.manifests.blocksOf(operation.remote.content);
    if (known !== undefined) lists.set(operation, known);
  }
  const ask = async (some: readonly FileOperation[], isAgainstBase: boolean): Promise<void> => {
    const askTogether = async (together: readonly FileOperation[]): Promise<void> => {
      const wanted = together.map((operation) => wantedManifest(context, operation, isAgainstBase));
      const answer = await server.manifests(wanted);
      for (const operation of together) {
        const blocks = answer.get(operation.remote.versionId ?? "");
        if (blocks !== undefined) lists.set(operation, blocks);
      }
    };
    await bisect(some, askTogether, (operation, error) => void lists.set(operation, error));
  };
  const unknown = operations.filter((operation) => !lists.has(operation));
  for (let start = 0; start < unknown.length; start += limits.manifestsMax) {
    const some = unknown.slice(start, start + limits.manifestsMax);
    await ask(some, true);
    const unfit = some.filter((operation) => {
      const blocks = lists.get(operation);
      if (operation.op !== "replace" || blocks === undefined || blocks instanceof HoldfastError) return false;
      return contentOfBlocks(blocks) !== operation.remote.content;
    });
    if (unfit.length > 0) await ask(unfit, false);
  }
  return lists;
}

export function wantedBlock({ operation, bases }: FileDownload, { hash, size }: ManifestEntry): WantedBlock {
  const versionId = operation.remote.versionId ?? "";
  return { hash, sizeBytes: size, versionId, base: bases.get(hash) };
}

export function fetchedPart(
  { hash }: ManifestEntry,
  bytes: Uint8Array,
  isProved = false,
): Part & { readonly kind: "bytes" } {
  return { kind: "bytes", hash, bytes, isProved };
}

export function localPart({ hash, size }: ManifestEntry, { path, offset }: Source): Part {
  return { kind: "copy", hash, sizeBytes: size, from: path, offset };
}

function isEmpty({ versionId, sizeBytes }: FileOperation["remote"]): boolean {
  return versionId === null || sizeBytes === 0;
}

function wantedManifest(
  { state }: ExecutionContext,
  { id, remote }: FileOperation,
  isAgainstBase: boolean,
): WantedManifest {
  if (!isAgainstBase) return { versionId: remote.versionId ?? "" };
  const synced = state.synced.get(id);
  const [versionId] = synced?.versionIds ?? [];
  const entries = synced?.content === undefined ? undefined : state.manifests.blocksOf(synced.content);
  const base = versionId === undefined || entries === undefined ? undefined : { nodeId: id, versionId, entries };
  return { versionId: remote.versionId ?? "", base };
}

/** An inserted block is probably a changed version of a removed one at about the same position. */
function basesOf(
  context: ExecutionContext,
  operation: FileOperation,
  blocks: readonly ManifestEntry[],
): FileDownload["bases"] {
  const bases = new Map<HashHex, NonNullable<WantedBlock["base"]>>();
  if (operation.op !== "replace") return bases;
  const path = pathOf(context.state, operation.id);
  const old = context.state.manifests.blocksOf(operation.local.content);
  if (path === undefined || old === undefined) return bases;
  const offsets = offsetsOf(old);
  for (const { at, remove, insert } of diffSplices(old, blocks)) {
    for (const [index, { hash }] of insert.entries()) {
      const position = at + Math.floor((index * remove) / insert.length);
      const base = remove === 0 ? undefined : old[position];
      if (base === undefined) continue;
      const place = { path, offset: offsets[position] ?? 0, sizeBytes: base.size };
      bases.set(hash, { hash: base.hash, read: () => readBase(context, place) });
    }
  }
  return bases;
}

/** Returns no bytes if the base is unreadable. The caller then finds another hash and fetches the whole block. */
async function readBase(
  { disk }: ExecutionContext,
  { path, offset, sizeBytes }: { readonly path: string; readonly offset: number; readonly sizeBytes: number },
): Promise<Uint8Array> {
  try {
    return await disk.readAt(path, offset, sizeBytes);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return new Uint8Array();
  }
}
