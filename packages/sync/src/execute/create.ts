import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { DiskChanged } from "../model/disk-changed.ts";
import { contentOfBlocks, folderContent } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import { joinPath, ownFolders } from "@holdfast/sync-ports/paths";
import type { LocalOperation } from "../plan/plan-types.ts";
import type { Fingerprint, LocalStat, NodeKind, Part } from "@holdfast/sync-ports/ports";
import type { ContentKey, LocalRow } from "../model/trees.ts";
import { realPatches } from "../model/patches.ts";
import type { Arrival, FileOperation } from "./arrival.ts";
import type { Source } from "./sources.ts";
import { isRecent, nanosOf } from "../model/fingerprints.ts";
import { fingerprintAfter, type Hands, knownFolder, knownPath, randomName, recheck, syncFolders } from "./hands.ts";

/** A copy of the bytes that lost gets a name of its own; what it was copied from stays as it is. */
export async function copyAside(hands: Hands, operation: LocalOperation & { op: "copy_aside" }): Promise<void> {
  const { id, local, name } = operation;
  const from = await knownPath(hands, id);
  await recheck(hands, from, local);
  const { blocks } = await hands.disk.cut(from);
  if (contentOfBlocks(blocks) !== local.content) {
    // Without a trace in its times: only who reads it again finds what it is now.
    hands.state.commit({ local: [[id, { ...local, sight: "racy" }]] });
    throw new DiskChanged(from);
  }
  const parts = copiesOf(from, blocks);
  // Bytes of this disk, which nobody else may have: one that never gets its name stays in the local trash.
  const temporary = joinPath(ownFolders.trash, randomName(hands));
  const { fingerprint: old, executable } = local;
  await hands.disk.create(temporary, parts, { mtimeNs: old.mtimeNs, executable, like: from, shares: from });
  await hands.disk.syncFile(temporary);
  const before = await mustStat(hands, temporary);
  const path = joinPath(await knownFolder(hands, local.parent), name);
  await hands.disk.rename(temporary, path);
  await syncFolders(hands, path, temporary);
  const fingerprint = await fingerprintAfter(hands.disk, path, before.fingerprint);
  const row = { ...local, name, alias: undefined, fingerprint, sight: sightOf(hands, fingerprint) };
  hands.state.commit({ local: [[hands.makeNodeId(), row]] });
}

function copiesOf(from: string, blocks: readonly ManifestEntry[]): Part[] {
  let offset = 0;
  return blocks.map(({ hash, size }) => {
    const part = { kind: "copy", hash, sizeBytes: size, from, offset } as const;
    offset += size;
    return part;
  });
}

/** Writes a file to the engine's own folder on the same filesystem, not durably yet. Every part is proved by its hash. */
export async function createAside(
  { disk, state }: Pick<Hands, "disk" | "state">,
  path: string,
  operation: FileOperation,
  parts: AsyncIterable<Part> | Iterable<Part>,
  shares?: string,
): Promise<void> {
  const { modifiedAt } = operation.remote;
  const { executable } = operation.op === "replace" ? operation : operation.remote;
  const like = operation.op === "replace" ? pathOf(state, operation.id) : undefined;
  await disk.create(path, parts, { mtimeNs: nanosOf(modifiedAt), executable, like, shares });
}

/** Remembers of which blocks a file is made that was written. @param bytes those of its blocks that were fetched */
export function keepBlocks(hands: Hands, arrival: Arrival, bytes: ReadonlyMap<HashHex, Uint8Array>): void {
  const blocks = arrival.blocks.map((block, position) => {
    const source = arrival.sources[position];
    const fetched = bytes.get(block.hash);
    if (source !== undefined) return { ...block, pieces: piecesOfSource(hands, source) };
    return fetched === undefined ? block : { ...block, pieces: piecesOfFetched(hands, arrival, fetched) };
  });
  hands.state.manifests.keep(arrival.operation.remote.content, blocks);
}

export function piecesOfSource({ state }: Hands, source: Source): Uint8Array | undefined {
  return state.manifests.piecesOf(source);
}

/** So that the next version of it can go up as a patch. */
export function piecesOfFetched(hands: Hands, { operation }: Arrival, bytes: Uint8Array): Uint8Array | undefined {
  const { fileBytesMin, cutPieces } = hands.patches ?? realPatches;
  return operation.remote.sizeBytes > fileBytesMin ? cutPieces(bytes) : undefined;
}

export async function mustStat({ disk }: Pick<Hands, "disk">, path: string): Promise<LocalStat> {
  const stat = await disk.stat(path);
  if (stat === undefined) throw new DiskChanged(path);
  return stat;
}

export function rowOf(
  { lacks }: Pick<Hands, "lacks">,
  {
    kind,
    parent,
    name,
    content,
    executable,
  }: { kind: NodeKind; parent: LocalRow["parent"]; name: string; content: ContentKey; executable: boolean },
  fingerprint: Fingerprint,
): LocalRow {
  const isFolder = kind === "folder";
  return {
    kind,
    parent,
    name,
    content: isFolder ? folderContent : content,
    executable,
    fingerprint,
    sight: sightOf({ lacks }, fingerprint),
  };
}

/** What we wrote ourselves has the time that we gave it; only a time as late as now could hide a later change. */
function sightOf({ lacks }: Pick<Hands, "lacks">, fingerprint: Fingerprint): LocalRow["sight"] {
  return isRecent({ ...fingerprint, ctimeNs: 0n }, fingerprint.ctimeNs, lacks) ? "racy" : "known";
}

export function folderFingerprint(fingerprint: Fingerprint): Fingerprint {
  return { ...fingerprint, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n };
}
