import { missingBlocks } from "@holdfast/api-client/block-upload";
import { blocksIn } from "./commit.ts";
import type { PutWork } from "./put-work.ts";
import { upload } from "./upload.ts";

/**
 * Sends the blocks in these frames that the server has lost. The server verifies each block, so an unneeded block does
 * no harm.
 */
export async function healBlocks(work: PutWork, frames: readonly Uint8Array[]): Promise<void> {
  const blocks = frames.flatMap(blocksIn);
  if (blocks.length === 0) return;
  const missing = await missingBlocks(
    { client: work.client, into: "root" },
    blocks.map(({ hash }) => hash),
  );
  await upload(
    work,
    blocks.filter(({ hash }) => missing.has(hash)),
    "root",
  );
  for (const hash of missing) work.sent.add(hash);
}
