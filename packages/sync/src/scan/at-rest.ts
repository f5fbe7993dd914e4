import { HoldfastError } from "@holdfast/core/errors";
import { contentOfBlocks } from "../model/content.ts";
import type { BlockTaker, CutBlock, LocalDisk, LocalStat } from "@holdfast/sync-ports/ports";
import type { ContentKey, LocalRow } from "../model/trees.ts";
import { sameFingerprint } from "../model/fingerprints.ts";

/** Hears of which blocks a file is made that was read. */
export type KeepManifest = (content: ContentKey, blocks: readonly CutBlock[]) => void;

/** @returns why not */
export async function readAtRest(
  disk: LocalDisk,
  path: string,
  { keepManifest }: { readonly keepManifest: KeepManifest },
  taker: BlockTaker | undefined,
): Promise<(Pick<LocalRow, "content" | "fingerprint" | "executable"> & Pick<LocalStat, "isPrivate">) | string> {
  try {
    const { blocks, before, after } = await disk.cut(path, taker);
    const isWhole = before.kind === "file" && sameFingerprint(before.fingerprint, after.fingerprint);
    if (!isWhole) return "changing";
    const content = contentOfBlocks(blocks);
    keepManifest(content, blocks);
    return { content, fingerprint: after.fingerprint, executable: after.executable, isPrivate: after.isPrivate };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error.code;
  }
}
