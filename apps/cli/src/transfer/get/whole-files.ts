import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { errnoOf } from "@holdfast/disk/disk-error";
import { eachApart } from "../each-apart.ts";
import type { ReadOutcome } from "../read-files.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { keepFile, modeOf, mtimeOf, pathOf, replacedBy, temporaryOf } from "./get-work.ts";
import { changedHere, keptHere, problemCodeOf } from "../kept-here.ts";
import type { FileToGet, GetWork } from "./get-work.ts";
import { placed, type WantedBlock } from "./block-source.ts";
import { chainOf } from "./local-folders.ts";
import { unreadable } from "./local-content.ts";
import { heldPlace } from "./target-folder.ts";
import type { HeldFolders } from "./target-folder.ts";
import type { FileToWrite, KnownFolder, WriteOutcome } from "./write-files.ts";

/** Downloads small files: one request for all blocks, and one thread task that verifies and writes them. */
export async function getWholeFiles(work: GetWork, files: readonly FileToGet[]): Promise<void> {
  const held = work.target.hold(files.map(({ folder }) => folder));
  try {
    for (const file of files) {
      const failure = held.failures.get(file.folder.path);
      if (failure !== undefined) failed(work, file, failure);
    }
    const inHeld = files.filter(({ folder }) => !held.failures.has(folder.path));
    const wanted = await withoutHere(work, inHeld, held);
    if (wanted.length > 0) await takeRoomAndWrite(work, wanted, held);
  } finally {
    held.close();
  }
}

async function takeRoomAndWrite(work: GetWork, files: readonly FileToGet[], held: HeldFolders): Promise<void> {
  const taken = await work.room.take(files.map(({ node }) => node.size));
  try {
    const fitting: FileToGet[] = [];
    for (const [index, file] of files.entries()) {
      if (taken.fits[index] === true) fitting.push(file);
      else work.room.refuse(pathOf(file), file.node.size);
    }
    if (fitting.length > 0) await fetchAndWrite(work, fitting, held);
  } finally {
    taken.end();
  }
}

const comparedAtOnce = 8;

/** Skips equal content, and keeps files that were changed here. */
async function withoutHere(work: GetWork, files: readonly FileToGet[], held: HeldFolders): Promise<FileToGet[]> {
  const here = files.filter(({ local, node }) => local?.kind === "file" && isToRead(work, local.sizeBytes, node.size));
  if (here.length === 0) return [...files];
  const requests = here.map((file) => ({
    path: heldPlace(held, file.folder.path, file.name),
    sizeBytes: file.local?.sizeBytes ?? 0,
    knownContentId: undefined,
  }));
  const { outcomes } = await work.pool.run("readFilesTask", { files: requests, window: undefined });
  const wanted = new Set(files);
  const tasks = new TaskGroup(comparedAtOnce);
  for (const [index, file] of here.entries()) {
    await tasks.start(async () => {
      try {
        if (await isDone(work, file, outcomes[index])) wanted.delete(file);
      } catch (thrown) {
        wanted.delete(file);
        failed(work, file, thrown);
      }
    });
  }
  await tasks.finish();
  return files.filter((file) => wanted.has(file));
}

function isToRead({ changes }: GetWork, localBytes: number, remoteBytes: number): boolean {
  return !changes.overwrites || localBytes === remoteBytes;
}

/** @returns true for equal content @throws HoldfastError if the file was changed here or cannot be read */
async function isDone(work: GetWork, file: FileToGet, outcome: ReadOutcome | undefined): Promise<boolean> {
  const { node } = file;
  if (outcome?.status === "read" && outcome.contentId === node.content_id) {
    await keepFile(work, file);
    return true;
  }
  if (work.changes.overwrites) return false;
  if (outcome?.status === "read") await work.changes.assertUnchanged(pathOf(file), node, outcome.contentId);
  else if (outcome?.status !== "failed") throw keptHere();
  else if (outcome.errno !== "ENOENT") throw unreadable(outcome.errno);
  return false;
}

/** A damaged block fails only its own file. */
function fetchAndWrite(work: GetWork, files: readonly FileToGet[], held: HeldFolders): Promise<void> {
  return eachApart(files, {
    act: (some) => fetchAndWriteAll(work, some, held),
    done: (some, outcomes) => {
      for (const [index, file] of some.entries()) settle(work, file, outcomes[index]);
    },
    hopeless: work.source.hopeless,
    refuse: (file, failure) => work.report.refused(pathOf(file), failure),
  });
}

async function fetchAndWriteAll(
  work: GetWork,
  files: readonly FileToGet[],
  held: HeldFolders,
): Promise<readonly WriteOutcome[]> {
  const window = await work.windows.take();
  try {
    const bodyBytes = await fetchFrames(work, files, window);
    const toWrite = files.map((file) => ({
      path: pathOf(file),
      temporary: temporaryOf(work, file),
      mode: modeOf(file),
      mtimeMicros: mtimeOf(file),
      ...replacing(work, file),
      blocks: (file.node.blocks ?? []).map(({ hash }) => hash),
    }));
    const input = { files: toWrite, held: held.descriptors, folders: foldersOf(files), window, bodyBytes };
    const outcomes = await work.pool.run("writeFilesTask", input);
    for (const [index, outcome] of outcomes.entries()) outcomes[index] = await withReason(work, files[index], outcome);
    return outcomes;
  } finally {
    work.windows.giveBack(window);
  }
}

/** Replaces `not_found` by `damaged` if the server has lost a block. */
async function withReason(work: GetWork, file: FileToGet | undefined, outcome: WriteOutcome): Promise<WriteOutcome> {
  if (outcome.ok || outcome.code !== "not_found" || file === undefined) return outcome;
  try {
    for (const block of placed(file.node, file.node.blocks ?? [])) await work.source.assertNotLost?.(block);
    return outcome;
  } catch (thrown) {
    const { code, message } = toHoldfastError(thrown);
    return { ok: false, code, message };
  }
}

function replacing(work: GetWork, file: FileToGet): Pick<FileToWrite, "replaces"> {
  const replaces = replacedBy(work, file);
  return replaces === undefined ? {} : { replaces };
}

function settle(work: GetWork, file: FileToGet, outcome: WriteOutcome | undefined): void {
  if (outcome?.ok === false) return failed(work, file, outcome);
  if (file.node.content_id !== null) work.changes.fetched(pathOf(file), file.node.content_id, file.node);
  work.report.filesSent += 1;
  work.report.bytesSent += file.node.size;
  work.report.done(file.node.size);
}

/** @returns length of the frames in bytes, at the start of the window */
async function fetchFrames(work: GetWork, files: readonly FileToGet[], window: SharedArrayBuffer): Promise<number> {
  const wanted = new Map<HashHex, WantedBlock>();
  for (const { node } of files) {
    for (const block of placed(node, node.blocks ?? [])) if (!wanted.has(block.hash)) wanted.set(block.hash, block);
  }
  return wanted.size === 0 ? 0 : work.source.fetch([...wanted.values()], new Uint8Array(window));
}

function foldersOf(files: readonly FileToGet[]): KnownFolder[] {
  const folders = new Map<string, KnownFolder>();
  for (const { folder } of files) {
    if (folders.has(folder.path)) continue;
    for (const each of chainOf(folder)) folders.set(each.path, each);
  }
  return [...folders.values()];
}

function failed(work: GetWork, file: FileToGet, thrown: unknown): void {
  const { code, message } = thrown as { code?: string; message?: string };
  if (code === undefined || message === undefined) throw thrown;
  if (!(thrown instanceof HoldfastError)) return listed(work, file, code, message);
  // An error of the local disk affects only this file.
  if (errnoOf(thrown) === undefined) assertNotHopeless(code, message, work.source.hopeless);
  listed(work, file, problemCodeOf(thrown), message);
}

function listed(work: GetWork, file: FileToGet, code: string, message: string): void {
  if (code !== changedHere) assertNotHopeless(code === "store_full" ? code : undefined, message);
  work.report.problem(pathOf(file), message, code);
}
