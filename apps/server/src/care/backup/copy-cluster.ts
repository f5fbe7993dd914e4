import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { isNotFound, toDiskError } from "@holdfast/disk/disk-error";
import { controlFile, listCluster } from "./cluster-files.ts";
import type { BackedUpFile } from "./manifest.ts";
import { pieceBytes, type Pieces } from "./pieces.ts";
import type { StepProgress } from "./step-progress.ts";
import { forEachBounded } from "@holdfast/core/task-group";

/**
 * Runs between `pg_backup_start` and `pg_backup_stop`, whose log repairs changes during the copy, even within a page.
 */
export async function copyCluster(
  clusterFolder: string,
  pieces: Pieces,
  {
    signal,
    progress,
  }: { readonly signal?: AbortSignal | undefined; readonly progress?: StepProgress | undefined } = {},
): Promise<{ folders: readonly string[]; files: BackedUpFile[] }> {
  const { folders, files } = listCluster(clusterFolder);
  const copies: Copy[] = [];
  for (const path of files) {
    const sizeBytes = await sizeOf(join(clusterFolder, path));
    if (sizeBytes !== undefined) copies.push({ path, sizeBytes, pieces: [] });
  }
  progress?.begin("copying the database", { bytes: copies.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) });
  const gone = new Set<Copy>();
  await forEachBounded(partsOf(copies), atOnceMax, async ({ copy, index }) => {
    signal?.throwIfAborted();
    const bytes = await readPart(join(clusterFolder, copy.path), index * pieceBytes, partBytesOf(copy, index));
    if (bytes === undefined) gone.add(copy);
    else copy.pieces[index] = await pieces.put(bytes);
    progress?.done(partBytesOf(copy, index));
  });
  const control = await copyControlFile(clusterFolder, pieces);
  const kept = copies.filter((copy) => !gone.has(copy));
  return {
    folders,
    files: [...kept, control].map(({ path, sizeBytes, pieces: names }) => toFile(path, sizeBytes, names)),
  };
}

/** For a file that is not written meanwhile. */
export async function copyFile(folder: string, path: string, pieces: Pieces): Promise<BackedUpFile> {
  const copy: Copy = { path, sizeBytes: (await sizeOf(join(folder, path))) ?? 0, pieces: [] };
  await forEachBounded(partsOf([copy]), atOnceMax, async ({ index }) => {
    const bytes = await readPart(join(folder, path), index * pieceBytes, partBytesOf(copy, index));
    copy.pieces[index] = await pieces.put(bytes ?? new Uint8Array());
  });
  return toFile(path, copy.sizeBytes, copy.pieces);
}

/** Each part waits for the backup's disk, so many run at a time. */
const atOnceMax = 16;

interface Copy {
  readonly path: string;
  /** At the start; later changes are in the log. */
  readonly sizeBytes: number;
  readonly pieces: string[];
}

function* partsOf(copies: readonly Copy[]): Generator<{ copy: Copy; index: number }> {
  for (const copy of copies) {
    for (let index = 0; index * pieceBytes < copy.sizeBytes; index += 1) yield { copy, index };
  }
}

function partBytesOf({ sizeBytes }: Copy, index: number): number {
  return Math.min(pieceBytes, sizeBytes - index * pieceBytes);
}

function toFile(path: string, size: number, pieces: readonly string[]): BackedUpFile {
  return { path, size, pieces: [...pieces] };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    const failure = toDiskError(error, "look at", path);
    if (isNotFound(failure)) return undefined;
    throw failure;
  }
}

/** Pads a shortened file with zeros, like PostgreSQL's own backups. @returns undefined if the file is gone */
async function readPart(path: string, start: number, sizeBytes: number): Promise<Uint8Array | undefined> {
  try {
    await using file = await open(path, "r");
    const bytes = Buffer.alloc(sizeBytes);
    for (let filled = 0; filled < sizeBytes;) {
      const { bytesRead } = await file.read(bytes, filled, sizeBytes - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes;
  } catch (error) {
    const failure = toDiskError(error, "read", path);
    if (isNotFound(failure)) return undefined;
    throw failure;
  }
}

const controlReadsMax = 20;

/** Two equal reads prove that no write overlapped. */
async function copyControlFile(clusterFolder: string, pieces: Pieces): Promise<Copy> {
  const path = join(clusterFolder, controlFile);
  const sizeBytes = (await stat(path)).size;
  let before = await readPart(path, 0, sizeBytes);
  for (let read = 0; read < controlReadsMax; read += 1) {
    const now = await readPart(path, 0, sizeBytes);
    if (now !== undefined && before !== undefined && Buffer.compare(now, before) === 0) break;
    before = now;
  }
  return { path: controlFile, sizeBytes, pieces: [await pieces.put(before ?? new Uint8Array())] };
}
