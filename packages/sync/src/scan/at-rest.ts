import { HoldfastError } from "@holdfast/core/errors";
import { contentOfBlocks } from "../content.ts";
import { grainNsOf, type Lacks } from "../lacks.ts";
import type { BlockTaker, CutBlock, LocalDisk } from "../ports.ts";
import type { ContentKey, Fingerprint, LocalRow } from "../trees.ts";
import { sameFingerprint } from "./fingerprints.ts";

/** Hears of which blocks a file is made that was read. */
export type KeepManifest = (content: ContentKey, blocks: readonly CutBlock[]) => void;

/** @returns why not */
export async function readAtRest(
  disk: LocalDisk,
  path: string,
  { keepManifest }: { readonly keepManifest: KeepManifest },
  taker: BlockTaker | undefined,
): Promise<Pick<LocalRow, "content" | "fingerprint" | "executable"> | string> {
  try {
    const { blocks, before, after } = await disk.cut(path, taker);
    const isWhole = before.kind === "file" && sameFingerprint(before.fingerprint, after.fingerprint);
    if (!isWhole) return "changing";
    const content = contentOfBlocks(blocks);
    keepManifest(content, blocks);
    return { content, fingerprint: after.fingerprint, executable: after.executable };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    return error.code;
  }
}

/**
 * A time in the future is somebody else's clock: a write would change it, so it hides nothing. The ctime cannot be set.
 */
export function isRecent({ mtimeNs, ctimeNs }: Fingerprint, startNs: bigint, lacks: Lacks): boolean {
  const grainNs = grainNsOf(lacks);
  return ctimeNs > startNs - grainNs || (mtimeNs > startNs - grainNs && mtimeNs <= startNs);
}
