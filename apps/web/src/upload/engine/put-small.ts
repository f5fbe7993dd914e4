import { contentIdOf } from "@holdfast/core/manifest";
import { commitFiles } from "./commit-files.ts";
import type { ReadFiles } from "./cutter.ts";
import type { FileItem, Job } from "./job.ts";
import { framesOf, type LocatedBlock, sendBlocks } from "./send-blocks.ts";
import { settleFiles } from "./settle.ts";
import type { UploadWork } from "./upload-work.ts";

/** Asking what is missing costs a round trip and bytes too. */
const unaskedBytesMax = 16 * 1024;

/** Single-block files: one read, one query, one request with blocks and operations. */
export async function putSmall(
  work: UploadWork,
  job: Job,
  items: readonly FileItem[],
  signal: AbortSignal,
): Promise<void> {
  const read = await work.cutter.readFiles(
    items.map(({ file }) => file),
    signal,
  );
  const { files, blockOf, unread } = takeOver(job, items, read);
  await settleFiles(
    work,
    job,
    unread.map((item) => ({ item, result: unreadable })),
  );
  work.changed();
  const needed = await neededBlocks(work, files, blockOf, signal);
  for (const item of files) {
    const block = blockOf.get(item);
    if (block !== undefined && !needed.has(block.hash)) job.setProgress(item, { ...item.progress, here: block.size });
  }
  const blocksOf = (some: readonly FileItem[]): LocatedBlock[] => {
    const unsent = new Set(needed);
    return some.flatMap((item) => blockOf.get(item) ?? []).filter(({ hash }) => unsent.delete(hash));
  };
  await commitFiles(work, job, files, signal, {
    framesOf: (some) => {
      const blocks = blocksOf(some);
      return blocks.length === 0 ? undefined : framesOf(read.bytes, blocks);
    },
    sendAhead: (some) =>
      sendBlocks(work, blocksOf(some), {
        file: new Blob([read.bytes]),
        into: intoOf(some),
        growthBytes: 0,
        signal,
        onDurable: () => {},
      }),
  });
}

const unreadable = {
  operation_id: "",
  status: "error" as const,
  code: "failed",
  message: "The file cannot be read, or changed while it was being read.",
};

function takeOver(job: Job, items: readonly FileItem[], read: ReadFiles) {
  const files: FileItem[] = [];
  const unread: FileItem[] = [];
  const blockOf = new Map<FileItem, LocatedBlock>();
  for (const [index, item] of items.entries()) {
    const one = read.files[index];
    if (one === undefined) {
      unread.push(item);
      continue;
    }
    const blocks = one.block === undefined ? [] : [one.block];
    item.content = { sizeBytes: item.file.size, blocks, contentId: contentIdOf(blocks) };
    if (one.block !== undefined) blockOf.set(item, { ...one.block, at: one.start });
    job.setProgress(item, { ...item.progress, cut: item.file.size });
    files.push(item);
  }
  return { files, blockOf, unread };
}

/** Returns the blocks to send. After a failed attempt, a file's block is always sent. */
async function neededBlocks(
  { server, patience }: UploadWork,
  items: readonly FileItem[],
  blockOf: ReadonlyMap<FileItem, LocatedBlock>,
  signal: AbortSignal,
): Promise<Set<string>> {
  const needed = new Set<string>();
  const asked = new Set<LocatedBlock["hash"]>();
  let bytes = 0;
  for (const item of items) {
    const block = blockOf.get(item);
    if (block === undefined) continue;
    bytes += block.size;
    if (item.attempts > 0) needed.add(block.hash);
    else asked.add(block.hash);
  }
  if (bytes <= unaskedBytesMax) return new Set([...needed, ...asked]);
  if (asked.size === 0) return needed;
  const growthBytes = items.reduce((most, { file }) => Math.max(most, file.size), 0);
  const missing = await patience.run(signal, () =>
    server.missingBlocks(intoOf(items), [...asked], growthBytes, signal),
  );
  return new Set([...needed, ...missing]);
}

/** Selects one space. Blocks of a mount to another space are reported missing and sent again. */
function intoOf(items: readonly FileItem[]): string {
  return items[0]?.folder.id ?? "root";
}
