import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { diffSplices, type ManifestEntry, type Splice } from "@holdfast/core/manifest";
import { contentOfBlocks } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { Fingerprint, LocalStat } from "@holdfast/sync-ports/ports";
import { sameFingerprint } from "../model/fingerprints.ts";
import { givenAt, mayEdit } from "../model/rights.ts";
import { shareAt } from "../model/whereabouts.ts";
import { findSource, type Like } from "./like.ts";
import type { BlockPlace } from "../state/manifests.ts";
import type { ContentKey, LocalRow, OperationId } from "../model/trees.ts";
import type { Voice } from "./voice.ts";

/** A block of a file that is to be sent, and where it is read. */
export interface Range extends ManifestEntry {
  /** Bytes before it in the file. */
  readonly offset: number;
  /** In the file's block list. */
  readonly position: number;
}

/** A file's content as it is proposed. */
export interface Proposal {
  readonly path: string;
  readonly fingerprint: Fingerprint;
  readonly content: ContentKey;
  readonly blocks: readonly ManifestEntry[];
  /** How much more room it needs than what it replaces; may be negative. */
  readonly growthBytes: number;
  /** A folder in whose space it is to be, and in which one may write; undefined: the account's own. */
  readonly into: NodeId | undefined;
  /** Against the source, or else the base version; undefined: the whole list travels. */
  readonly splices: readonly Splice[] | undefined;
  /** A version of another file that is alike. */
  readonly sourceVersionId: string | undefined;
  /** All but the blocks that the server has for certain. */
  readonly unsure: readonly Range[];
  /** Blocks of the base that a new one may be similar to. */
  readonly similar: ReadonlyMap<HashHex, readonly (BlockPlace & { readonly hash: HashHex })[]>;
}

export interface Outgoing {
  readonly operation: RemoteOperation;
  readonly operationId: OperationId;
  /** Of a file with content. */
  readonly proposal: Proposal | undefined;
}

/** @returns undefined if the file is not what was planned with */
export async function propose(
  voice: Voice,
  operation: RemoteOperation & { readonly local: LocalRow },
): Promise<Proposal | undefined> {
  const { state } = voice;
  const { id, local } = operation;
  const path = pathOf(state, id);
  // What this cycle has moved has other times since.
  const current = state.local.get(id);
  if (path === undefined || current?.content !== local.content) return undefined;
  const { fingerprint } = current;
  const blocks = state.manifests.blocksOf(local.content) ?? (await cutAgain(voice, path, current));
  if (blocks === undefined) return undefined;
  const into = spaceOf(state, id, current);
  const replacedBytes = operation.op === "put" ? operation.base.sizeBytes : 0;
  const growthBytes = blocks.reduce((sum, { size }) => sum + size, -replacedBytes);
  const proposal = { path, fingerprint, content: local.content, blocks, growthBytes, into };
  const share = shareAt(state, state.local, current.parent);
  const isOfSpace = (folder: NodeId): boolean => shareAt(state, state.local, folder) === share;
  const like = baseOf(state, operation) ?? findSource(state, { content: local.content, blocks, isOfSpace });
  if (like === undefined) return { ...proposal, ...wholeList(blocks) };
  const { content, entries, sourceVersionId } = like;
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

/** See `Proposal.into`. */
export function spaceOf(state: Voice["state"], id: NodeId, { parent }: LocalRow): NodeId | undefined {
  return givenAt(state, state.local, mayEdit(state, state.local, id) ? id : parent);
}

/** As it is proposed to a server that has nothing like it. */
export function wholeList(
  blocks: readonly ManifestEntry[],
): Pick<Proposal, "splices" | "sourceVersionId" | "unsure" | "similar"> {
  return { splices: undefined, sourceVersionId: undefined, unsure: rangesOf(blocks, new Set()), similar: new Map() };
}

function baseOf({ manifests }: Voice["state"], operation: RemoteOperation): Like | undefined {
  if (operation.op !== "put" || operation.base.versionId === null) return undefined;
  const { content } = operation.base;
  const entries = manifests.blocksOf(content);
  return entries === undefined ? undefined : { content, entries, sourceVersionId: undefined };
}

/** All blocks but those known, each once. */
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
  { disk, state }: Voice,
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

/** How many of those that a splice removes are compared with one that it inserts. */
const candidatesMax = 3;

/** A block that a splice inserts is most likely a changed one of those that it removes, about as far into it. */
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
