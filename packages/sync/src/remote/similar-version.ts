import type { NodeId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { SyncState } from "../state/sync-state.ts";
import type { ContentKey } from "../model/trees.ts";

export interface SimilarVersion {
  readonly content: ContentKey;
  readonly entries: readonly ManifestEntry[];
  /** undefined: the base version */
  readonly sourceVersionId: string | undefined;
}

/** Sending a shorter list is faster than finding a similar one. */
const entriesMin = 4;
const samplesMax = 16;

interface NewFile {
  readonly content: ContentKey;
  readonly blocks: readonly ManifestEntry[];
  /** True in the file's space. Other spaces have other blocks. */
  readonly isOfSpace: (folder: NodeId) => boolean;
}

/** Finds a version of another file with the same content, or with most of its blocks, such as an edited copy. */
export function findSimilarVersion(
  state: SyncState,
  { content, blocks, isOfSpace }: NewFile,
): SimilarVersion | undefined {
  if (blocks.length < entriesMin) return undefined;
  for (const each of [content, ...similarContents(state, blocks)]) {
    const sourceVersionId = versionOf(state, each, isOfSpace);
    const entries = sourceVersionId === undefined ? undefined : state.manifests.blocksOf(each);
    if (entries !== undefined) return { content: each, entries, sourceVersionId };
  }
  return undefined;
}

function similarContents({ manifests }: SyncState, blocks: readonly ManifestEntry[]): ContentKey[] {
  const counts = new Map<ContentKey, number>();
  const step = Math.ceil(blocks.length / samplesMax);
  for (let index = 0; index < blocks.length; index += step) {
    const hash = blocks[index]?.hash;
    for (const { content } of hash === undefined ? [] : manifests.placesOf(hash))
      counts.set(content, (counts.get(content) ?? 0) + 1);
  }
  return [...counts].toSorted(([, one], [, other]) => other - one).map(([content]) => content);
}

function versionOf(state: SyncState, content: ContentKey, isOfSpace: (folder: NodeId) => boolean): string | undefined {
  for (const id of state.nodesWithContent(content)) {
    const remote = state.remote.get(id);
    if (remote?.content !== content || remote.trashed || remote.versionId === null) continue;
    if (isOfSpace(state.local.get(id)?.parent ?? remote.parent)) return remote.versionId;
  }
  return undefined;
}
