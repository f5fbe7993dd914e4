import { toHoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { eachApart } from "../each-apart.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import { keepFile, modeOf, mtimeOf, pathOf, temporaryOf } from "./get-work.ts";
import type { FileToGet, GetWork } from "./get-work.ts";
import { placed, type WantedBlock } from "./block-source.ts";
import { chainOf } from "./local-folders.ts";
import { heldPlace } from "./target-folder.ts";
import type { HeldFolders } from "./target-folder.ts";
import type { KnownFolder, WriteOutcome } from "./write-files.ts";

/** Gets small files: one request for the blocks of all, one task of a thread to verify and write them. */
export async function getWholeFiles(work: GetWork, files: readonly FileToGet[]): Promise<void> {
  const held = work.target.hold(files.map(({ folder }) => folder));
  try {
    for (const file of files) {
      const failure = held.failures.get(file.folder.path);
      if (failure !== undefined) failed(work, file, failure);
    }
    const inHeld = files.filter(({ folder }) => !held.failures.has(folder.path));
    const wanted = await withoutEqual(work, inHeld, held);
    if (wanted.length > 0) await fetchAndWrite(work, wanted, held);
  } finally {
    held.close();
  }
}

/** Files whose content is here already cost no transfer. */
async function withoutEqual(work: GetWork, files: readonly FileToGet[], held: HeldFolders): Promise<FileToGet[]> {
  const alike = files.filter(({ local, node }) => local?.kind === "file" && local.sizeBytes === node.size);
  if (alike.length === 0) return [...files];
  const requests = alike.map((file) => ({
    path: heldPlace(held, file.folder.path, file.name),
    sizeBytes: file.node.size,
    knownContentId: undefined,
  }));
  const { outcomes } = await work.pool.run("readFilesTask", { files: requests, window: undefined });
  const equal = new Set<FileToGet>();
  for (const [index, file] of alike.entries()) {
    const outcome = outcomes[index];
    if (outcome?.status === "read" && outcome.contentId === file.node.content_id) equal.add(file);
  }
  for (const file of equal) {
    try {
      await keepFile(work, file);
    } catch (thrown) {
      failed(work, file, thrown);
    }
  }
  return files.filter((file) => !equal.has(file));
}

/** One damaged block takes none of the other files along. */
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

/** What the server does not give it may have lost. */
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

function settle(work: GetWork, file: FileToGet, outcome: WriteOutcome | undefined): void {
  if (outcome?.ok === false) return failed(work, file, outcome);
  work.report.filesSent += 1;
  work.report.bytesSent += file.node.size;
  work.report.done(file.node.size);
}

/** @returns how many bytes the frames have, at the beginning of the window */
async function fetchFrames(work: GetWork, files: readonly FileToGet[], window: SharedArrayBuffer): Promise<number> {
  const wanted = new Map<HashHex, WantedBlock>();
  for (const { node } of files) {
    for (const block of placed(node, node.blocks ?? [])) if (!wanted.has(block.hash)) wanted.set(block.hash, block);
  }
  return wanted.size === 0 ? 0 : work.source.fetch([...wanted.values()], new Uint8Array(window));
}

/** Of all the files, each once, parents too. */
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
  assertNotHopeless(code === "store_full" ? code : undefined, message);
  work.report.problem(pathOf(file), message, code);
}
