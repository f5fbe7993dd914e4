import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { contentOfBlocks } from "../model/content.ts";
import type { BlockSink, CutBlock, LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import type { ContentKey, LocalRow } from "../model/trees.ts";
import { sameFingerprint } from "../model/fingerprints.ts";

export interface KnownManifests {
  keep(content: ContentKey, blocks: readonly CutBlock[]): void;
  blocksOf(content: ContentKey): readonly ManifestEntry[] | undefined;
}

/**
 * @param known previous content. Another client may split the same bytes into other blocks. That is no edit, which
 * would make this account the author of unchanged bytes.
 * @returns the content, or the reason why it could not be read
 */
export async function readAtRest(
  disk: LocalDisk,
  path: string,
  manifests: KnownManifests,
  known: ContentKey | undefined,
  sink: BlockSink | undefined,
): Promise<(Pick<LocalRow, "content" | "fingerprint" | "executable"> & Pick<LocalStat, "isPrivate">) | string> {
  try {
    const { blocks, before, after } = await disk.cut(path, sink);
    const isWhole = before.kind === "file" && sameFingerprint(before.fingerprint, after.fingerprint);
    if (!isWhole) return "changing";
    const { fingerprint, executable, isPrivate } = after;
    const content = contentOfBlocks(blocks);
    const others = known === undefined || known === content ? undefined : manifests.blocksOf(known);
    if (known !== undefined && others !== undefined && mayBeEqual(blocks, others)) {
      const isEqual = await hasBlocks(disk, path, others);
      const now = await disk.stat(path);
      if (now === undefined || !sameFingerprint(now.fingerprint, fingerprint)) return "changing";
      if (isEqual) return { content: known, fingerprint, executable, isPrivate };
    }
    manifests.keep(content, blocks);
    return { content, fingerprint, executable, isPrivate };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error.code;
  }
}

/**
 * Compares without reading: equal total size, and no block of the same position and size with another hash, as edits
 * usually leave.
 */
function mayBeEqual(blocks: readonly ManifestEntry[], others: readonly ManifestEntry[]): boolean {
  const hashes = new Map<string, string>();
  const sizeBytes = eachPlace(others, (place, hash) => void hashes.set(place, hash));
  let isOther = false;
  const total = eachPlace(blocks, (place, hash) => {
    isOther ||= (hashes.get(place) ?? hash) !== hash;
  });
  return total === sizeBytes && !isOther;
}

function eachPlace(blocks: readonly ManifestEntry[], visit: (place: string, hash: string) => void): number {
  let offset = 0;
  for (const { hash, size } of blocks) {
    visit(`${offset} ${size}`, hash);
    offset += size;
  }
  return offset;
}

async function hasBlocks(disk: LocalDisk, path: string, blocks: readonly ManifestEntry[]): Promise<boolean> {
  let offset = 0;
  for (const { hash, size } of blocks) {
    if (sha256(await disk.readAt(path, offset, size)) !== hash) return false;
    offset += size;
  }
  return true;
}
