import { sendBatch } from "@holdfast/api-client/block-transfer";
import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { FramedBlock } from "@holdfast/api-client/block-upload";
import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { findFrames } from "@holdfast/protocol/frames";
import { eachApart } from "../each-apart.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import type { PutWork } from "./put-work.ts";
import { framed, upload } from "./upload.ts";

/** Operations that commit or fail together. */
export interface Item {
  readonly path: string;
  readonly operations: readonly BatchOperationInput[];
  readonly onCommitted: () => void;
  readonly onFailed?: () => void;
  /**
   * Called with the server's rejection.
   * @returns true if the caller handles it, so that it is not listed as a problem
   */
  readonly onRefused?: (reason: BatchResult) => boolean;
  /** Growth over the replaced content. Default: 0. */
  readonly growthBytes?: number;
}

/** All items are in the space of folder `into`. */
export interface BlocksAlong<Each> {
  readonly into: string;
  readonly framesOf: (some: readonly Each[]) => readonly Uint8Array[];
}

/**
 * If the server rejects the batch, parts of it are sent, so that one bad item does not stop the others.
 * @returns items of which the server lacks blocks; none of their operations is committed
 * @throws HoldfastError for an error that the next batch would meet too
 */
export async function commit<Each extends Item>(
  work: PutWork,
  items: readonly Each[],
  blocks?: BlocksAlong<Each>,
): Promise<Each[]> {
  const missing: Each[] = [];
  const lacksRoom = ({ growthBytes }: Item): boolean => work.report.lacksRoom(growthBytes ?? 0);
  const [untried, tried] = [items.filter(lacksRoom), items.filter((item) => !lacksRoom(item))];
  for (const item of untried) {
    item.onFailed?.();
    work.report.untried(item.path, item.growthBytes ?? 0);
  }
  const left = new Set(tried);
  await eachApart(tried, {
    act: (some) => {
      if (some.every(lacksRoom)) return Promise.reject(new HoldfastError("quota", "There is no space for it."));
      const operations = some.flatMap((item) => item.operations);
      return sendOperations(work, operations, { into: blocks?.into ?? "root", frames: blocks?.framesOf(some) ?? [] });
    },
    done: (some, answer) => {
      const results = new Map(answer.results.map((result) => [result.operation_id, result]));
      for (const item of some) {
        if (settle(work, item, results) === "missing") missing.push(item);
        left.delete(item);
      }
    },
    refuse: (item, failure) => {
      item.onFailed?.();
      left.delete(item);
      work.report.refused(item.path, failure, item.growthBytes);
    },
  }).catch((thrown: unknown) => {
    work.report.leave([...left].map(({ path }) => path));
    throw thrown;
  });
  return missing;
}

/**
 * Sends blocks and operations in one request, or the blocks first if the connection cannot carry that much. Repeating a
 * committed operation returns its first result.
 */
export async function sendOperations(
  work: Pick<PutWork, "client" | "pace">,
  operations: readonly BatchOperationInput[],
  { into, frames }: { readonly into: string; readonly frames: readonly Uint8Array[] },
) {
  const { client, pace } = work;
  const sizeBytes = frames.reduce((sum, piece) => sum + piece.length, 0);
  if (sizeBytes <= pace.bytes) {
    try {
      return await sendBatch(client, operations, frames);
    } catch (thrown) {
      const isCut = thrown instanceof HoldfastError && thrown.code === "unreachable";
      if (!isCut || frames.length === 0) throw thrown;
      pace.cut();
    }
  }
  await upload(work, frames.flatMap(blocksIn), into);
  return sendBatch(client, operations, []);
}

export function blocksIn(frames: Uint8Array): FramedBlock[] {
  return findFrames(frames, { framesMax: frames.length }).flatMap(({ kind, hash, size, start, end }) => {
    const payload = frames.subarray(start, end);
    return kind === "raw" || kind === "zstd" ? [framed({ hash, size, codec: kind, payload })] : [];
  });
}

function settle(work: PutWork, item: Item, results: ReadonlyMap<string, BatchResult>): "done" | "missing" {
  const own = item.operations.map(({ operation_id }) => results.get(operation_id));
  if (own.every((result) => result?.status === "committed")) {
    item.onCommitted();
    return "done";
  }
  if (own.some((result) => result?.status === "missing")) return "missing";
  // One operation of a failed group reports the reason, the others `dependency`.
  const failed = own.filter((result) => result?.status !== "committed");
  const reason = failed.find((result) => result?.code !== "dependency") ?? failed[0];
  if (reason !== undefined && item.onRefused?.(reason) === true) return "done";
  const message = sentenceFor(reason);
  assertNotHopeless(reason?.code, `${item.path}: ${message}`);
  item.onFailed?.();
  const failure = new HoldfastError(isErrorCode(reason?.code) ? reason.code : "failed", message);
  work.report.refused(item.path, failure, item.growthBytes);
  return "done";
}

export const nameTaken =
  "a file with this name, or with one that looks the same (Unicode), already exists on the server. Rename one of them.";

function sentenceFor(result: BatchResult | undefined): string {
  if (result?.code === "conflict") return "was changed on the server in the meantime. Run put again.";
  if (result?.code === "exists") return nameTaken;
  return result?.message ?? `the server returned ${result?.code ?? "no result"} for it.`;
}
