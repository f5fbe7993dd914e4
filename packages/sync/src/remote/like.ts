import type { NodeId } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { SyncState } from "../state/sync-state.ts";
import type { ContentKey } from "../model/trees.ts";

/** A content that the server has, and that a new one is told against. */
export interface Like {
  readonly content: ContentKey;
  readonly entries: readonly ManifestEntry[];
  /** Undefined: it is the base version. */
  readonly sourceVersionId: string | undefined;
}

/** A shorter list is told sooner than what it is like is looked for. */
const entriesMin = 4;
/** Blocks that are asked for other contents of which they are part. */
const samplesMax = 16;

interface NewFile {
  readonly content: ContentKey;
  readonly blocks: readonly ManifestEntry[];
  /** Whether what is in a folder is in the space that the file is for: another space has other blocks. */
  readonly isOfSpace: (folder: NodeId) => boolean;
}

/** A version of another file that has the same content, or else most of the same blocks, as a copy that was edited has. */
export function findSource(state: SyncState, { content, blocks, isOfSpace }: NewFile): Like | undefined {
  if (blocks.length < entriesMin) return undefined;
  for (const each of [content, ...similarContents(state, blocks)]) {
    const sourceVersionId = versionOf(state, each, isOfSpace);
    const entries = sourceVersionId === undefined ? undefined : state.manifests.blocksOf(each);
    if (entries !== undefined) return { content: each, entries, sourceVersionId };
  }
  return undefined;
}

/** Those with most of the sampled blocks first. */
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

/** What the server is known to have under this content, by a file of this disk that is in sync. */
function versionOf(state: SyncState, content: ContentKey, isOfSpace: (folder: NodeId) => boolean): string | undefined {
  for (const id of state.holdersOf(content)) {
    const remote = state.remote.get(id);
    if (remote?.content !== content || remote.trashed || remote.versionId === null) continue;
    if (isOfSpace(state.local.get(id)?.parent ?? remote.parent)) return remote.versionId;
  }
  return undefined;
}
