import { toHoldfastError } from "@holdfast/core/errors";
import type { FileItem, Job } from "./job.ts";
import { putOperation } from "./put-operation.ts";
import { remedyFor } from "./remedies.ts";
import { settleFailed, settleFiles } from "./settle.ts";
import type { UploadWork } from "./upload-work.ts";

export interface BlocksAlong {
  /** @returns undefined without blocks */
  readonly framesOf: (items: readonly FileItem[]) => Blob | undefined;
  /** Sends the blocks in smaller requests, after a request broke. */
  readonly sendAhead: (items: readonly FileItem[]) => Promise<void>;
}

/**
 * Commits in one request and settles each file. A rejected request is split in halves, so that one bad file does not
 * affect the others.
 */
export async function commitFiles(
  work: UploadWork,
  job: Job,
  items: readonly FileItem[],
  signal: AbortSignal,
  blocks?: BlocksAlong,
): Promise<void> {
  if (items.length === 0) return;
  try {
    const results = new Map((await send(work, items, signal, blocks)).map((each) => [each.operation_id, each]));
    await settleFiles(
      work,
      job,
      items.map((item) => ({ item, result: results.get(item.ids.operationId) })),
    );
  } catch (thrown) {
    signal.throwIfAborted();
    const { code } = toHoldfastError(thrown);
    const isForAll = ["quota", "sign_in", "folder", "wait"].includes(remedyFor(code)) && code !== "internal";
    if (items.length === 1 || isForAll) return settleFailed(work, job, items, thrown);
    const middle = Math.ceil(items.length / 2);
    await commitFiles(work, job, items.slice(0, middle), signal, blocks);
    await commitFiles(work, job, items.slice(middle), signal, blocks);
  }
}

async function send(work: UploadWork, items: readonly FileItem[], signal: AbortSignal, blocks?: BlocksAlong) {
  const { server, patience, slots, limit, pace } = work;
  const operations = items.flatMap((item) => (item.content === undefined ? [] : [putOperation(item, item.content)]));
  const frames = blocks?.framesOf(items);
  const bare = () => patience.run(signal, () => server.commit(operations, undefined, signal));
  if (blocks === undefined || frames === undefined) return bare();
  const isBearable = frames.size <= limit.requestBytes(pace.bytes);
  try {
    if (isBearable) {
      return await slots.with(signal, async () => {
        await limit.take(frames.size, signal);
        return server.commit(operations, frames, signal);
      });
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const failure = toHoldfastError(thrown);
    if (remedyFor(failure.code) !== "wait") throw thrown;
    if (failure.code === "unreachable") pace.cut();
    patience.failed(failure);
  }
  await blocks.sendAhead(items);
  return bare();
}
