import type { HashHex } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { folderContent } from "../model/content.ts";
import { pathOf } from "../model/tree-paths.ts";
import type { Fingerprint, LocalStat, Part } from "@holdfast/sync-ports/ports";
import type { LocalRow } from "../model/trees.ts";
import { realPatches } from "../model/patches.ts";
import type { FileDownload, FileOperation } from "./file-download.ts";
import type { Source } from "./sources.ts";
import { isRecent, nanosOf } from "../model/fingerprints.ts";
import type { ExecutionContext } from "./execution-context.ts";

/** Writes a file to the engine's folder on the same filesystem, not durably yet. Each part is verified by its hash. */
export async function createTemporary(
  { disk, state }: Pick<ExecutionContext, "disk" | "state">,
  path: string,
  operation: FileOperation,
  parts: AsyncIterable<Part> | Iterable<Part>,
  shares?: string,
): Promise<void> {
  const { modifiedAt } = operation.remote;
  const { executable, isPrivate: wanted } = operation.op === "replace" ? operation : operation.remote;
  // A new version does not make an apparently private file public.
  const isPrivacyUnreported = operation.op === "replace" && operation.local.isPrivate === undefined;
  const isPrivate = isPrivacyUnreported && wanted === false ? undefined : wanted;
  const attributesFrom = operation.op === "replace" ? pathOf(state, operation.id) : undefined;
  await disk.create(path, parts, { mtimeNs: nanosOf(modifiedAt), executable, isPrivate, attributesFrom, shares });
}

export function keepBlocks(
  context: ExecutionContext,
  download: FileDownload,
  bytes: ReadonlyMap<HashHex, Uint8Array>,
): void {
  const blocks = download.blocks.map((block, position) => {
    const source = download.sources[position];
    const fetched = bytes.get(block.hash);
    if (source !== undefined) return { ...block, pieces: piecesOfSource(context, source) };
    return fetched === undefined ? block : { ...block, pieces: piecesOfFetched(context, download, fetched) };
  });
  context.state.manifests.keep(download.operation.remote.content, blocks);
}

export function piecesOfSource({ state }: ExecutionContext, source: Source): Uint8Array | undefined {
  return state.manifests.piecesOf(source);
}

/** Pieces let the next version be uploaded as a patch. */
export function piecesOfFetched(
  context: ExecutionContext,
  { operation }: FileDownload,
  bytes: Uint8Array,
): Uint8Array | undefined {
  const { fileBytesMin, cutPieces } = context.patches ?? realPatches;
  return operation.remote.sizeBytes > fileBytesMin ? cutPieces(bytes) : undefined;
}

export async function statOrThrow({ disk }: Pick<ExecutionContext, "disk">, path: string): Promise<LocalStat> {
  const stat = await disk.stat(path);
  if (stat === undefined) throw new DiskChanged(path);
  return stat;
}

export function rowOf(
  { missingFeatures }: Pick<ExecutionContext, "missingFeatures">,
  {
    kind,
    parent,
    name,
    content,
    executable,
    isPrivate,
  }: Pick<LocalRow, "kind" | "parent" | "name" | "content" | "executable" | "isPrivate">,
  { fingerprint, isPrivate: looksPrivate }: Pick<LocalStat, "fingerprint" | "isPrivate">,
): LocalRow {
  const isFolder = kind === "folder";
  // A umask or the folder's default may have removed others' rights. Nobody made the file private.
  const storesPrivacy = isPrivate !== undefined && (missingFeatures.has("private modes") || isPrivate || !looksPrivate);
  return {
    kind,
    parent,
    name,
    content: isFolder ? folderContent : content,
    executable,
    ...(storesPrivacy && { isPrivate }),
    fingerprint,
    readState: readStateOf({ missingFeatures }, fingerprint),
  };
}

/** The engine set the times of the files it wrote. Only a time close to now could hide a later change. */
export function readStateOf(
  { missingFeatures }: Pick<ExecutionContext, "missingFeatures">,
  fingerprint: Fingerprint,
): LocalRow["readState"] {
  return isRecent({ ...fingerprint, ctimeNs: 0n }, fingerprint.ctimeNs, missingFeatures) ? "racy" : "known";
}

export function folderFingerprint(fingerprint: Fingerprint): Fingerprint {
  return { ...fingerprint, sizeBytes: 0, mtimeNs: 0n, ctimeNs: 0n };
}
