import { join } from "node:path";
import { zeroBlock } from "@holdfast/codec/zero-block";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { DiskFile, DiskReader } from "@holdfast/disk/disk";
import { TaskGroup } from "@holdfast/core/task-group";
import { placed, type WantedBlock } from "./block-source.ts";
import { fetchPlain, manifestOf, windowsOf } from "./fetch-plain.ts";
import { keepFile, modeOf, mtimeOf, pathOf, replacedBy, temporaryOf } from "./get-work.ts";
import type { FileToGet, GetWork } from "./get-work.ts";
import { cutReader } from "./local-content.ts";
import { chainOf } from "./local-folders.ts";
import { assertReplaceable, assertSameFolders } from "./write-files.ts";

const windowsAtOnce = 4;
/** Syncs regularly, so that the disk writes while the network receives. */
export const syncEveryBytesUsual = 64 * 1024 * 1024;

/** A local file that may contain wanted blocks. Each block is verified before use. */
interface Source {
  readonly reader: DiskReader;
  offsetOf(block: WantedBlock): number | undefined;
}

/**
 * Memory is bounded. Blocks of the replaced file or an interrupted run are copied, the rest is fetched in concurrent
 * windows. The file is written under a temporary name, synced and renamed.
 */
export async function getLargeFile(work: GetWork, file: FileToGet): Promise<void> {
  const entries = await manifestOf(work.client, file.node);
  const sources = await openParts(work, file);
  try {
    const old = file.local?.kind === "file" ? await openOld(work, file) : undefined;
    if (old !== undefined) sources.push(old);
    if (old?.contentId === file.node.content_id) return await keepFile(work, file);
    if (old !== undefined) await work.changes.assertUnchanged(pathOf(file), file.node, old.contentId);
    await assertSameFolders(work.disk, chainOf(file.folder));
    const taken = await work.room.take([file.node.size]);
    try {
      if (taken.fits[0] !== true) return work.room.refuse(pathOf(file), file.node.size);
      await writeBeside(work, file, entries, sources);
    } finally {
      taken.end();
    }
  } finally {
    for (const { reader } of sources) await reader.close();
  }
  await takePlace(work, file);
  if (file.node.content_id !== null) work.changes.fetched(pathOf(file), file.node.content_id, file.node);
  work.report.filesSent += 1;
  work.report.counts.filesDone += 1;
}

async function takePlace(work: GetWork, file: FileToGet): Promise<void> {
  const { disk, largeDisk } = work;
  const temporary = temporaryOf(work, file);
  const replaces = replacedBy(work, file);
  try {
    if (replaces !== undefined) await assertReplaceable(disk, pathOf(file), replaces);
  } catch (thrown) {
    await Promise.allSettled([largeDisk.unlink(temporary)]);
    throw thrown;
  }
  await largeDisk.rename(temporary, pathOf(file));
}

async function writeBeside(
  work: GetWork,
  file: FileToGet,
  entries: readonly ManifestEntry[],
  sources: readonly Source[],
): Promise<void> {
  const mode = modeOf(file);
  const temporary = temporaryOf(work, file);
  const target = await work.largeDisk.createFile(temporary, { mode: mode.exact ? 0o600 : mode.bits });
  const tasks = new TaskGroup(windowsAtOnce);
  const writer = new SyncingWriter(target, work.syncEveryBytes);
  try {
    for (const window of windowsOf(placed(file.node, entries))) {
      await tasks.start(() => writeWindow(work, writer, window, sources));
    }
    await tasks.finish();
    const last = entries.at(-1);
    // A hole at the end belongs to the file only after its last byte is written.
    if (last !== undefined && isHole(last)) await writer.write([new Uint8Array(1)], file.node.size - 1);
    if (mode.exact) await work.disk.makeLike(temporary, pathOf(file), mode.bits);
    await target.setTimes(mtimeOf(file));
    await writer.finish();
    await assertSameFolders(work.disk, chainOf(file.folder));
  } catch (thrown) {
    await tasks.settle();
    await writer.settle();
    // The temporary file would take the space that a later run needs.
    if (toHoldfastError(thrown).code === "store_full") await Promise.allSettled([work.largeDisk.unlink(temporary)]);
    throw thrown;
  } finally {
    await target.close();
  }
}

async function writeWindow(
  work: GetWork,
  writer: SyncingWriter,
  window: readonly WantedBlock[],
  sources: readonly Source[],
): Promise<void> {
  const wanted: WantedBlock[] = [];
  for (const block of window) {
    if (isHole(block)) continue;
    const bytes = await findLocally(block, sources);
    if (bytes === undefined) wanted.push(block);
    else await writer.write([bytes], block.offset);
  }
  if (wanted.length > 0) await fetchAndWrite(work, writer, wanted);
  for (const { size } of window) work.report.counts.bytesDone += size;
}

/** Blocks of zeros of the maximum size are not written, so that a sparse file stays sparse. */
function isHole({ hash }: Pick<ManifestEntry, "hash">): boolean {
  return hash === zeroBlock().hash;
}

async function fetchAndWrite(work: GetWork, writer: SyncingWriter, wanted: readonly WantedBlock[]): Promise<void> {
  const window = await work.windows.take();
  try {
    const plain = await fetchPlain(work.source, work.pool, wanted, window);
    for (const { offset, blocks } of neighbours(wanted)) {
      const pieces = blocks.map((block) => bytesOf(block, plain));
      await writer.write(pieces, offset);
      for (const { size } of blocks) work.report.bytesSent += size;
    }
  } finally {
    work.windows.giveBack(window);
  }
}

function neighbours(wanted: readonly WantedBlock[]): { offset: number; blocks: WantedBlock[] }[] {
  const runs: { offset: number; end: number; blocks: WantedBlock[] }[] = [];
  for (const block of wanted) {
    const last = runs.at(-1);
    const end = block.offset + block.size;
    if (last?.end !== block.offset) runs.push({ offset: block.offset, end, blocks: [block] });
    else {
      last.blocks.push(block);
      last.end = end;
    }
  }
  return runs;
}

function bytesOf({ hash, size }: WantedBlock, plain: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const bytes = plain.get(hash);
  if (bytes?.length === size) return bytes;
  throw new HoldfastError("hash_mismatch", `Block ${hash} does not have the length that its file declares.`);
}

async function findLocally(block: WantedBlock, sources: readonly Source[]): Promise<Uint8Array | undefined> {
  for (const source of sources) {
    const position = source.offsetOf(block);
    if (position === undefined) continue;
    const bytes = new Uint8Array(block.size);
    const count = await source.reader.readAt(bytes, position);
    if (count === block.size && sha256(bytes) === block.hash) return bytes;
  }
  return undefined;
}

/** Temporary files of interrupted runs have their blocks at the final offsets. */
async function openParts(work: GetWork, { folder, node }: FileToGet): Promise<Source[]> {
  const names = folder.parts.get(node.version_id ?? "") ?? [];
  const sources: Source[] = [];
  for (const name of names) {
    sources.push({
      reader: await work.largeDisk.openForRead(join(folder.path, name)),
      offsetOf: ({ offset }) => offset,
    });
  }
  return sources;
}

/** The file to replace is cut like the new one, to find shared blocks. */
async function openOld(work: GetWork, file: FileToGet): Promise<Source & { contentId: string }> {
  const reader = await work.largeDisk.openForRead(pathOf(file));
  try {
    const { offsets, blocks } = await cutReader(work.pool, reader);
    return { reader, offsetOf: ({ hash }) => offsets.get(hash), contentId: contentIdOf(blocks) };
  } catch (thrown) {
    await reader.close();
    throw thrown;
  }
}

/** Syncs written data while more data is written. A failed sync fails the file: see the `Disk` port. */
class SyncingWriter {
  readonly #file: DiskFile;
  readonly #syncEveryBytes: number;
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;

  constructor(file: DiskFile, syncEveryBytes: number) {
    this.#file = file;
    this.#syncEveryBytes = syncEveryBytes;
  }

  async write(pieces: readonly Uint8Array[], position: number): Promise<void> {
    await this.#file.write(pieces, position);
    for (const { length } of pieces) this.#unsyncedBytes += length;
    if (this.#unsyncedBytes < this.#syncEveryBytes) return;
    this.#unsyncedBytes = 0;
    await this.#syncing;
    this.#syncing = this.#file.datasync();
    // Prevents an unhandled rejection. The next await receives the failure.
    this.#syncing.catch(() => {});
  }

  async finish(): Promise<void> {
    await this.#syncing;
    await this.#file.sync();
  }

  async settle(): Promise<void> {
    await Promise.allSettled([this.#syncing]);
  }
}
