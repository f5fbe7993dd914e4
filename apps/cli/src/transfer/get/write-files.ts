import { HoldfastError } from "@holdfast/core/errors";
import type { Disk, DiskFile, DiskStat } from "@holdfast/disk/disk";
import type { LocalDisk } from "./local-disk.ts";
import { keptHere, problemCodeOf } from "../kept-here.ts";
import { statOf } from "./stat-of.ts";

/** Used to recognize a folder that was replaced. */
export interface KnownFolder {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

export interface FileToWrite {
  readonly path: string;
  /** Path in the same folder. */
  readonly temporary: string;
  readonly mode: FileMode;
  readonly mtimeMicros: bigint;
  /** null: nothing may exist; absent: anything may be replaced */
  readonly replaces?: Replaced | null;
  readonly blocks: readonly string[];
}

/** A write or a replacement changes at least one of these. */
export type Replaced = Pick<DiskStat, "kind" | "inode" | "sizeBytes" | "mtimeMicros">;

/** `exact`: a replaced file keeps its bits, owner and ACL. Otherwise the umask applies. */
export interface FileMode {
  readonly bits: number;
  readonly exact: boolean;
}

export type WriteOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/**
 * Files open in one call: below the descriptor limit of every system, and above the number of threads that sync them.
 */
export const openFilesMax = 32;

/**
 * Keeps each visible path entirely old or entirely new at every moment, even after a power cut. Each file is written
 * under a temporary name, synced and renamed. Content is durable when this resolves; names are durable after the
 * folders are synced (`LocalFolders`). A failed file has its own outcome and leaves nothing behind.
 * @param folders if the disk cannot hold them: folders of the files with all ancestors, checked before and after, so
 * that a rename goes only into the folder that was entered
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
 * Last check before a rename or removal. No system replaces a file only if it is unchanged, so a write between this
 * check and the rename is lost. Other writes are not: files that a program has open for writing are rejected.
 * @throws HoldfastError conflict if the entry may not be replaced
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
  // Failed files are closed too. A descriptor must neither leak nor be closed twice.
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
    // The failure of the removal is not reported.
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
