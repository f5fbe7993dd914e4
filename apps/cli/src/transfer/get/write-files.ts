import { HoldfastError } from "@holdfast/core/errors";
import type { Disk, DiskFile, DiskStat } from "@holdfast/disk/disk";
import type { LocalDisk } from "./local-disk.ts";
import { keptHere, problemCodeOf } from "../kept-here.ts";
import { statOf } from "./stat-of.ts";

/** A folder of this side as it was when it was entered. */
export interface KnownFolder {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

export interface FileToWrite {
  readonly path: string;
  /** Beside it, in the same folder. */
  readonly temporary: string;
  readonly mode: FileMode;
  readonly mtimeMicros: bigint;
  /** What may be replaced; null: nothing may stand there; absent: whatever does. */
  readonly replaces?: Replaced | null;
  /** Hashes of its blocks, in order. */
  readonly blocks: readonly string[];
}

/** By which what was looked at is known again: whoever writes to it, or puts something else there, changes one of these. */
export type Replaced = Pick<DiskStat, "kind" | "inode" | "sizeBytes" | "mtimeMicros">;

/** `exact` where a file is replaced, whose bits stay, with all else that says who may do what with it; otherwise the umask has its say. */
export interface FileMode {
  readonly bits: number;
  readonly exact: boolean;
}

export type WriteOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** Of one call, which no system's bound on descriptors must stop; more than there are threads to sync them. */
export const openFilesMax = 32;

/**
 * Writes many files so that each visible path is wholly old or wholly new at every instant and after a power cut: beside,
 * sync, rename. Their content is durable when this resolves; their names once the folders are synced (`LocalFolders`).
 * What goes wrong with one file is its own outcome and leaves nothing behind.
 * @param folders of all the files, with all their parents up to the root, where the disk cannot hold them: a rename goes
 *   only into the very folder that was entered, as far as looking before and after tells
 * @param plain bytes of verified blocks by hash
 */
export async function writeFiles(
  disk: LocalDisk,
  files: readonly FileToWrite[],
  folders: readonly KnownFolder[],
  plain: ReadonlyMap<string, Uint8Array>,
): Promise<WriteOutcome[]> {
  const outcomes: WriteOutcome[] = [];
  for (let start = 0; start < files.length; start += openFilesMax) {
    outcomes.push(...(await writeTogether(disk, files.slice(start, start + openFilesMax), folders, plain)));
  }
  return outcomes;
}

/** @throws HoldfastError conflict if a folder is not the one that was entered */
export async function assertSameFolders(disk: Disk, folders: readonly KnownFolder[]): Promise<void> {
  for (const { path, device, inode } of folders) {
    const now = await disk.stat(path);
    if (now.kind !== "folder" || now.device !== device || now.inode !== inode) throw replaced(path);
  }
}

/**
 * The last look before a rename or a removal. No system replaces a file only if it is still the same, so what is written between
 * the two calls is lost; nothing that stood there before is, nor what a program writes later to a file that it has open.
 * @throws HoldfastError conflict for anything but what may be replaced
 */
export async function assertReplaceable(
  disk: Pick<LocalDisk, "stat" | "hasWriters">,
  path: string,
  expected: Replaced | null,
): Promise<void> {
  const now = await statOf(disk, path);
  if (now === undefined) return;
  const isSame =
    expected !== null &&
    now.kind === expected.kind &&
    now.inode === expected.inode &&
    now.sizeBytes === expected.sizeBytes &&
    now.mtimeMicros === expected.mtimeMicros;
  if (!isSame) throw keptHere();
  if (now.kind === "file" && (await disk.hasWriters(path)) === true)
    throw keptHere("is open for writing in another program");
}

export function replaced(path: string): HoldfastError {
  return new HoldfastError("conflict", `${path} was replaced during the download. Run get again.`);
}

async function writeTogether(
  disk: LocalDisk,
  files: readonly FileToWrite[],
  folders: readonly KnownFolder[],
  plain: ReadonlyMap<string, Uint8Array>,
): Promise<WriteOutcome[]> {
  await assertSameFolders(disk, folders);
  const open: (DiskFile | undefined)[] = [];
  const outcomes: WriteOutcome[] = files.map(() => ({ ok: true }));
  const step = async (index: number, act: () => Promise<void>): Promise<void> => {
    if (outcomes[index]?.ok !== true) return;
    try {
      await act();
    } catch (thrown) {
      if (!(thrown instanceof HoldfastError)) throw thrown;
      outcomes[index] = { ok: false, code: problemCodeOf(thrown), message: thrown.message };
    }
  };
  for (const [index, file] of files.entries()) {
    await step(index, async () => {
      const pieces = piecesOf(file, plain);
      const handle = await disk.createFile(file.temporary, { mode: file.mode.exact ? 0o600 : file.mode.bits });
      open[index] = handle;
      await handle.write(pieces);
      if (file.mode.exact) await disk.makeLike(file.temporary, file.path, file.mode.bits);
      await handle.setTimes(file.mtimeMicros);
    });
  }
  await Promise.all(files.map((_, index) => step(index, () => open[index]?.sync() ?? Promise.resolve())));
  // Also of a file that failed: its descriptor must not be lost, nor closed twice.
  const closed = await Promise.allSettled(open.map((handle) => handle?.close() ?? Promise.resolve()));
  for (const [index, result] of closed.entries()) {
    if (result.status === "rejected") await step(index, () => Promise.reject(result.reason as Error));
  }
  await assertSameFolders(disk, folders);
  for (const [index, file] of files.entries()) {
    await step(index, async () => {
      if (file.replaces !== undefined) await assertReplaceable(disk, file.path, file.replaces);
      await disk.rename(file.temporary, file.path);
    });
    // The failure that led here is the one to report.
    if (outcomes[index]?.ok === false && open[index] !== undefined)
      await Promise.allSettled([disk.unlink(file.temporary)]);
  }
  return outcomes;
}

function piecesOf(file: FileToWrite, plain: ReadonlyMap<string, Uint8Array>): Uint8Array[] {
  return file.blocks.map((hash) => {
    const bytes = plain.get(hash);
    if (bytes !== undefined) return bytes;
    throw new HoldfastError(
      "not_found",
      "the server did not send its content; it may have been removed during the download. Run get again.",
    );
  });
}
