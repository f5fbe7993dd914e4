import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { diffSplices, type ManifestEntry, type Splice } from "@holdfast/core/manifest";
import { contentOfBlocks } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { Fingerprint, LocalStat } from "@holdfast/sync-ports/ports";
import { sameFingerprint } from "../model/fingerprints.ts";
import { givenAt, mayEdit } from "../model/rights.ts";
import { shareAt } from "../model/enclosing-share.ts";
import { findSimilarVersion, type SimilarVersion } from "./similar-version.ts";
import type { BlockPlace } from "../state/manifests.ts";
import type { ContentKey, LocalRow, OperationId } from "../model/trees.ts";
import type { SendContext } from "./send-context.ts";

export interface Range extends ManifestEntry {
  readonly offset: number;
  readonly position: number;
}

export interface Proposal {
  readonly path: string;
  readonly fingerprint: Fingerprint;
  readonly content: ContentKey;
  readonly blocks: readonly ManifestEntry[];
  /** Additional space compared with the replaced content; may be negative. */
  readonly growthBytes: number;
  /** Writable folder of the target space; undefined: the account's own space. */
  readonly into: NodeId | undefined;
  /** Differences from the source, or else from the base version; undefined: the complete list is sent. */
  readonly splices: readonly Splice[] | undefined;
  /** Similar version of another file. */
  readonly sourceVersionId: string | undefined;
  /** Blocks that the server may lack. */
  readonly unsure: readonly Range[];
  /** Base blocks that new ones may resemble. */
  readonly similar: ReadonlyMap<HashHex, readonly (BlockPlace & { readonly hash: HashHex })[]>;
}

export interface Outgoing {
  readonly operation: RemoteOperation;
  readonly operationId: OperationId;
  readonly proposal: Proposal | undefined;
}

/** @returns undefined if the file differs from the plan */
export async function propose(
  context: SendContext,
  operation: RemoteOperation & { readonly local: LocalRow },
): Promise<Proposal | undefined> {
  const { state } = context;
  const { id, local } = operation;
  const path = pathOf(state, id);
  // A move in this cycle changed its times.
  const current = state.local.get(id);
  if (path === undefined || current?.content !== local.content) return undefined;
  const { fingerprint } = current;
  const blocks = state.manifests.blocksOf(local.content) ?? (await cutAgain(context, path, current));
  if (blocks === undefined) return undefined;
  const into = spaceOf(state, id, current);
  const replacedBytes = operation.op === "put" ? operation.base.sizeBytes : 0;
  const growthBytes = blocks.reduce((sum, { size }) => sum + size, -replacedBytes);
  const proposal = { path, fingerprint, content: local.content, blocks, growthBytes, into };
  const share = shareAt(state, state.local, current.parent);
  const isOfSpace = (folder: NodeId): boolean => shareAt(state, state.local, folder) === share;
  const similar = baseOf(state, operation) ?? findSimilarVersion(state, { content: local.content, blocks, isOfSpace });
  if (similar === undefined) return { ...proposal, ...wholeList(blocks) };
  const { content, entries, sourceVersionId } = similar;
  const splices = diffSplices(entries, blocks);
  const lengths = splices.reduce((sum, { insert }) => sum + insert.length + 1, 0);
  const isShorter = lengths < blocks.length;
  return {
    ...proposal,
    splices: isShorter ? splices : undefined,
    sourceVersionId: isShorter ? sourceVersionId : undefined,
    unsure: rangesOf(blocks, new Set(entries.map(({ hash }) => hash))),
    similar: similarIn(content, entries, splices),
  };
}

export function spaceOf(state: SendContext["state"], id: NodeId, { parent }: LocalRow): NodeId | undefined {
  return givenAt(state, state.local, mayEdit(state, state.local, id) ? id : parent);
}

/** For a server without similar content. */
export function wholeList(
  blocks: readonly ManifestEntry[],
): Pick<Proposal, "splices" | "sourceVersionId" | "unsure" | "similar"> {
  return { splices: undefined, sourceVersionId: undefined, unsure: rangesOf(blocks, new Set()), similar: new Map() };
}

function baseOf({ manifests }: SendContext["state"], operation: RemoteOperation): SimilarVersion | undefined {
  if (operation.op !== "put" || operation.base.versionId === null) return undefined;
  const { content } = operation.base;
  const entries = manifests.blocksOf(content);
  return entries === undefined ? undefined : { content, entries, sourceVersionId: undefined };
}

export function rangesOf(blocks: readonly ManifestEntry[], known: ReadonlySet<HashHex>): Range[] {
  const seen = new Set(known);
  const ranges: Range[] = [];
  let offset = 0;
  for (const [position, { hash, size }] of blocks.entries()) {
    if (!seen.has(hash)) ranges.push({ hash, size, offset, position });
    seen.add(hash);
    offset += size;
  }
  return ranges;
}

export function isAsPlanned(stat: LocalStat | undefined, fingerprint: Fingerprint): boolean {
  return stat?.kind === "file" && sameFingerprint(stat.fingerprint, fingerprint);
}

async function cutAgain(
  { disk, state }: SendContext,
  path: string,
  row: LocalRow,
): Promise<readonly ManifestEntry[] | undefined> {
  try {
    const { blocks, before, after } = await disk.cut(path);
    const isWhole = isAsPlanned(before, row.fingerprint) && isAsPlanned(after, row.fingerprint);
    if (!isWhole || contentOfBlocks(blocks) !== row.content) return undefined;
    state.manifests.keep(row.content, blocks);
    return blocks;
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return undefined;
  }
}

const candidatesMax = 3;

/** An inserted block is probably a changed version of a removed one at about the same position. */
function similarIn(base: ContentKey, known: readonly ManifestEntry[], splices: readonly Splice[]): Proposal["similar"] {
  const similar = new Map<HashHex, (BlockPlace & { hash: HashHex })[]>();
  for (const { at, remove, insert } of splices) {
    for (const [index, { hash }] of insert.entries()) {
      const middle = Math.floor((index * remove) / insert.length);
      const first = Math.max(0, Math.min(middle - 1, remove - candidatesMax));
      const last = Math.min(remove, first + candidatesMax);
      const places = known.slice(at + first, at + last).map((entry, near) => {
        return { content: base, position: at + first + near, hash: entry.hash };
      });
      if (places.length > 0) similar.set(hash, places);
    }
  }
  return similar;
}
