import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { HashHex } from "@holdfast/core/ids";
import { eachApart } from "../each-apart.ts";
import type { ReadFile, ReadOutcome } from "../read-files.ts";
import { commit } from "./commit.ts";
import type { Item } from "./commit.ts";
import { healBlocks } from "./heal.ts";
import { readFailureOf } from "./local-folder.ts";
import { type FileItem, neededBlocks, refuseAll } from "./needed-blocks.ts";
import { refusalOf } from "./may-put.ts";
import { planCompared } from "./put-plan.ts";
import { afterLateNode, damagedOf, goesOn, growthOf, isBlocked, putOperations, setOperation } from "./put-work.ts";
import type { PutWork, QueuedFile } from "./put-work.ts";
import { SentForFile } from "./sent-for-file.ts";

/**
 * One thread task reads all files, and one request sends them. @returns files to try once more: they changed while they
 * were read, or their name was taken
 */
export async function putWholeFiles(work: PutWork, queued: readonly QueuedFile[]): Promise<QueuedFile[]> {
  const files = queued.filter(({ folder }) => !isBlocked(folder));
  if (files.length === 0) return [];
  const readAtMs = work.nowMs();
  const requests = files.map(({ entry, remote, exchange }) => ({
    path: entry.path,
    sizeBytes: entry.sizeBytes,
    knownContentId: exchange || damagedOf(work, remote) !== undefined ? undefined : (remote?.content_id ?? undefined),
  }));
  const window = await work.windows.take();
  try {
    const { outcomes } = await work.pool.run("readFilesTask", { files: requests, window });
    return await putRead(work, files, outcomes, { window, readAtMs });
  } finally {
    work.windows.giveBack(window);
  }
}

async function putRead(
  work: PutWork,
  files: readonly QueuedFile[],
  outcomes: readonly ReadOutcome[],
  { window, readAtMs }: { readonly window: SharedArrayBuffer; readonly readAtMs: number },
): Promise<QueuedFile[]> {
  const refused = new SentForFile();
  const { puts, sets, damaged, again } = sortOut(work, files, outcomes, { readAtMs, refused });
  const allFrames = (items: readonly FileItem[]): Uint8Array[] => framesOf(items, window, () => true);
  await eachApart(damaged, {
    act: (some) => healBlocks(work, allFrames(some)),
    done: (some) => {
      for (const { onCommitted } of some) onCommitted();
    },
    refuse: ({ path }, failure) => work.report.refused(path, failure),
  });
  await commit(work, sets);
  const into = files[0]?.folder.id ?? "root";
  const { needed, full } = await neededBlocks(
    work,
    puts.filter(({ growthBytes }) => !work.report.lacksRoom(growthBytes ?? 0)),
    into,
  ).catch((thrown: unknown) => {
    work.report.leave(puts.map(({ path }) => path));
    throw thrown;
  });
  const lacksRoom = ({ growthBytes = 0 }: FileItem): boolean => growthBytes >= (full?.growthBytes ?? Infinity);
  if (full !== undefined) refuseAll(work, puts.filter(lacksRoom), full);
  // Each block is sent once, even if several files contain it.
  const fitting = puts.filter((item) => !lacksRoom(item));
  const missing = await commit(work, fitting, {
    into,
    framesOf: (some) => {
      const unsent = new Set(needed);
      return framesOf(some, window, (hash) => unsent.delete(hash));
    },
  });
  // The server may have lost a block since, so all frames are sent.
  const lost = await commit(work, missing, { into, framesOf: allFrames });
  for (const { path } of lost)
    work.report.problem(path, "the server does not have its blocks. Run put again.", "missing_blocks");
  await refused.end(work, into);
  return again;
}

interface Reading {
  readonly readAtMs: number;
  readonly refused: SentForFile;
}

function sortOut(work: PutWork, files: readonly QueuedFile[], outcomes: readonly ReadOutcome[], reading: Reading) {
  const puts: FileItem[] = [];
  const sets: Item[] = [];
  const damaged: FileItem[] = [];
  const again: QueuedFile[] = [];
  for (const [index, file] of files.entries()) {
    const read = outcomes[index];
    if (read?.status === "read") place(work, file, read, reading, { puts, sets, damaged, again });
    else if (read?.status === "failed") work.report.problem(file.entry.path, readFailureOf(read.errno), "unreadable");
    else if (read?.status === "refused")
      work.report.problem(file.entry.path, `${read.message} It is skipped.`, read.code);
    else again.push(file);
  }
  return { puts, sets, damaged, again };
}

function place(
  work: PutWork,
  file: QueuedFile,
  read: ReadFile,
  { readAtMs, refused }: Reading,
  into: { puts: FileItem[]; sets: Item[]; damaged: FileItem[]; again: QueuedFile[] },
): void {
  const { path, sizeBytes } = file.entry;
  const { report, journal } = work;
  const { contentId, mtimeMicros, executable, isPrivate, blocks } = read;
  const remember = (): void => {
    journal.record(path, read.stamp, contentId, readAtMs);
    report.done(sizeBytes);
  };
  const step =
    file.remote === undefined || file.exchange ? undefined : planCompared(read, contentId, file.remote, work.withTimes);
  const isEqual = step?.do === "keep" || step?.do === "attributes";
  if (isEqual && damagedOf(work, file.remote) !== undefined) {
    const onCommitted = (): void => void (report.filesHealed += 1);
    into.damaged.push({ path, operations: [], read, onCommitted });
  }
  if (step?.do === "keep") {
    report.filesEqual += 1;
    remember();
  } else if (step?.do === "attributes") {
    const onCommitted = (): void => {
      report.attributesSet += 1;
      remember();
    };
    into.sets.push({ path, operations: [setOperation(work, step.remote, read)], onCommitted });
  } else {
    const refusal = refusalOf(file);
    if (refusal !== undefined) return report.refused(path, refusal);
    const content = { size: read.stamp.sizeBytes, blocks, content_id: contentId, mtimeMicros, executable, isPrivate };
    const onCommitted = (): void => {
      report.sent(file.entry.name);
      report.exchanged(file.entry, file.remote);
      report.bytesSent += sizeBytes;
      for (const { hash } of blocks) work.sent.add(hash);
      remember();
    };
    const growthBytes = growthOf(file, content.size);
    const onRefused = (reason: BatchResult): boolean => goesOn(into.again, afterLateNode(file, reason));
    const onFailed = (): void => {
      refused.add(blocks.map(({ hash }) => hash));
      refused.isForNothing();
    };
    const operations = putOperations(work, file, content);
    into.puts.push({ path, operations, read, onCommitted, onFailed, onRefused, growthBytes });
  }
}

export function framesOf(
  items: readonly Pick<FileItem, "read">[],
  window: SharedArrayBuffer,
  isNeeded: (hash: HashHex) => boolean,
): Uint8Array[] {
  const slices: { start: number; end: number }[] = [];
  for (const { read } of items) {
    const needed = read.blocks.filter(({ hash }) => isNeeded(hash));
    if (needed.length === 0 || read.frames === undefined) continue;
    const last = slices.at(-1);
    if (last?.end === read.frames.start) last.end = read.frames.end;
    else slices.push({ ...read.frames });
  }
  return slices.map(({ start, end }) => new Uint8Array(window, start, end - start));
}
