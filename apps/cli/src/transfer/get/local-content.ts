import { cutStream } from "@holdfast/codec/cut-stream";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { Disk, DiskReader } from "@holdfast/disk/disk";
import { keptHere } from "../kept-here.ts";
import { wholeFileBytesMax } from "../read-files.ts";
import { asCodecPool } from "../transfer-pool.ts";
import type { TransferPool } from "../transfer-pool.ts";

const sliceBytes = 1024 * 1024;

/** @throws HoldfastError conflict for a file that is being written */
export async function contentOf(pool: TransferPool, disk: Disk, path: string, sizeBytes: number): Promise<string> {
  if (sizeBytes <= wholeFileBytesMax) {
    const files = [{ path, sizeBytes, knownContentId: undefined }];
    const [outcome] = (await pool.run("readFilesTask", { files, window: undefined })).outcomes;
    if (outcome?.status === "read") return outcome.contentId;
    throw outcome?.status === "failed" ? unreadable(outcome.errno) : keptHere();
  }
  const reader = await disk.openForRead(path);
  try {
    return contentIdOf((await cutReader(pool, reader)).blocks);
  } finally {
    await reader.close();
  }
}

/** An unreadable file may have been changed, so it is kept. */
export function unreadable(errno: string) {
  return keptHere(`cannot be read (${errno}), so it may have been changed`);
}

export async function cutReader(
  pool: TransferPool,
  reader: DiskReader,
): Promise<{ readonly blocks: ManifestEntry[]; readonly offsets: ReadonlyMap<string, number> }> {
  const offsets = new Map<string, number>();
  const blocks: ManifestEntry[] = [];
  for await (const window of cutStream(asCodecPool(pool), slicesOf(reader), { compress: false })) {
    for (const { hash, size, offset } of window) {
      offsets.set(hash, offset);
      blocks.push({ hash, size });
    }
  }
  return { blocks, offsets };
}

async function* slicesOf(reader: DiskReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (let position = 0; ;) {
    const slice = new Uint8Array(sliceBytes);
    const count = await reader.readAt(slice, position);
    if (count > 0) yield slice.subarray(0, count);
    if (count < sliceBytes) return;
    position += count;
  }
}
