import { HoldfastError } from "@holdfast/core/errors";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { TaskGroup } from "@holdfast/core/task-group";
import { commitFiles } from "./commit-files.ts";
import type { FileItem, Job } from "./job.ts";
import { type LocatedBlock, sendBlocks } from "./send-blocks.ts";
import type { UploadWork } from "./upload-work.ts";

/** Sent while the next group is cut. */
const groupsAtOnce = 3;
/** The put operation lists all blocks in JSON of limited size. */
const blocksMax = 150_000;

/** Cutting and sending run in parallel. */
export async function putLarge(work: UploadWork, job: Job, item: FileItem, signal: AbortSignal): Promise<void> {
  const { file } = item;
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const blocks: ManifestEntry[] = [];
  const sending = new TaskGroup(groupsAtOnce);
  let at = 0;
  try {
    for await (const group of work.cutter.cut(file, either)) {
      const located: LocatedBlock[] = [];
      for (const block of group) {
        located.push({ ...block, at });
        blocks.push(block);
        at += block.size;
      }
      job.setProgress(item, { ...item.progress, cut: at });
      work.changed();
      await sending.start(() =>
        sendGroup(work, job, item, located, either).catch((thrown: unknown) => {
          // Stops the other groups.
          failed.abort(thrown);
          throw thrown;
        }),
      );
    }
    await sending.finish();
  } catch (thrown) {
    failed.abort(thrown);
    await sending.settle();
    signal.throwIfAborted();
    throw failed.signal.reason;
  }
  if (at !== file.size) throw new HoldfastError("failed", "The file changed while it was being read.");
  if (blocks.length > blocksMax) {
    throw new HoldfastError("too_large", `A file has at most ${blocksMax} blocks here; this one has ${blocks.length}.`);
  }
  item.content = { sizeBytes: at, blocks, contentId: contentIdOf(blocks) };
  await commitFiles(work, job, [item], signal);
}

function sendGroup(
  work: UploadWork,
  job: Job,
  item: FileItem,
  blocks: readonly LocatedBlock[],
  signal: AbortSignal,
): Promise<void> {
  return sendBlocks(work, blocks, {
    file: item.file,
    into: item.folder.id ?? "root",
    growthBytes: item.file.size,
    signal,
    onDurable: (bytes, wasHere) => {
      const { cut, durable, here } = item.progress;
      job.setProgress(item, { cut, durable: durable + bytes, here: here + (wasHere ? bytes : 0) });
      work.changed();
    },
  });
}
