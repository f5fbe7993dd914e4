import { constants, promises as fs } from "node:fs";
import type { BatchResult } from "@holdfast/api-client/block-transfer";
import { cutFile } from "@holdfast/codec/cut-file";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { microsOfNanos } from "@holdfast/core/times";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { formatNumber } from "../../output/text.ts";
import { toStamp } from "../read-files.ts";
import type { FileStamp } from "../read-files.ts";
import { asCodecPool } from "../transfer-pool.ts";
import { assertNotHopeless, isHopeless } from "../transfer-report.ts";
import { commit } from "./commit.ts";
import { askRoom } from "./ask-room.ts";
import { SentForFile } from "./sent-for-file.ts";
import { FileBytes } from "./file-bytes.ts";
import { type Sent, sendStream, sendWindows, toSent, type Window } from "./send-stream.ts";
import { readFailure, readFailureOf } from "./local-folder.ts";
import { refusalOf } from "./may-put.ts";
import { planCompared } from "./put-plan.ts";
import {
  afterLateNode,
  damagedOf,
  goesOn,
  growthOf,
  intoOf,
  isBlocked,
  putOperations,
  setOperation,
} from "./put-work.ts";
import type { PutContent, PutWork, QueuedFile, RemoteFolder } from "./put-work.ts";
import { isPrivate as isPrivateFile } from "../private-mode.ts";

/** Limits the JSON of the put operation, which lists all blocks. */
const blocksMax = 150_000;
const attemptsMax = 2;

/**
 * Puts a file of any size with bounded memory. A file that changes while it is read is read once more, then reported.
 */
export async function putLargeFile(work: PutWork, file: QueuedFile): Promise<void> {
  if (isBlocked(file.folder)) return;
  const counted = new FileBytes(work.report);
  try {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const outcome = await putOnce(work, file, counted).finally(() => counted.takeBack());
      if (outcome === "done") return;
    }
  } finally {
    counted.end();
  }
  work.report.problem(
    file.entry.path,
    "changed while it was being read, skipped. Run put again when no program is writing to it.",
    "conflict",
  );
}

/** @param counted keeps the bytes of this attempt if the file is stored or its content is equal */
async function putOnce(work: PutWork, file: QueuedFile, counted: FileBytes): Promise<"done" | "again"> {
  const { path } = file.entry;
  const readAtMs = work.nowMs();
  const sentForFile = new SentForFile();
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (thrown) {
    work.report.problem(path, readFailure(thrown), "unreadable");
    return "done";
  }
  try {
    const before = await handle.stat({ bigint: true });
    // Detects equal content without compressing data that is not sent.
    const compare = file.remote !== undefined && !file.exchange && file.remote.size === Number(before.size);
    const compared = compare ? await hashFile(work, handle.fd, counted) : undefined;
    const isEqual = compared !== undefined && compared.contentId === file.remote?.content_id;
    const isDamaged = isEqual && damagedOf(work, file.remote) !== undefined;
    const growthBytes = growthOf(file, Number(before.size));
    const refusal = isEqual ? undefined : refusalOf(file);
    if (refusal !== undefined) {
      work.report.refused(path, refusal, growthBytes);
      return "done";
    }
    if (!isEqual && work.report.lacksRoom(growthBytes)) {
      work.report.untried(path, growthBytes);
      return "done";
    }
    if (!isEqual) await askRoom(work, file, handle.fd, Number(before.size));
    const isSent = !isEqual || isDamaged;
    if (isSent) counted.takeBack();
    const sent = isSent
      ? await sendWindows(work, windowsOfFile(work, handle.fd), { into: intoOf(file), counted, sentForFile })
      : compared;
    const stats = await handle.stat({ bigint: true });
    const [first, stamp] = [toStamp(before), toStamp(stats)];
    if (!isSame(first, stamp) || sent.sizeBytes !== stamp.sizeBytes) return "again";
    const mtimeMicros = microsOfNanos(stats.mtimeNs);
    const executable = (stats.mode & 0o100n) !== 0n;
    const content = { ...sent, mtimeMicros, executable, isPrivate: isPrivateFile(path, stats) };
    const committed = await commitFile(work, file, content, {
      onDone: () => counted.keep(),
      onFailed: () => sentForFile.isForNothing(),
    });
    if (committed && isDamaged) work.report.filesHealed += 1;
    if (committed) work.journal.record(path, stamp, sent.contentId, readAtMs);
    return committed ? "done" : "again";
  } catch (thrown) {
    const errno = thrown instanceof HoldfastError ? thrown.body["errno"] : ownErrnoOf(thrown);
    if (typeof errno === "string") work.report.problem(path, readFailureOf(errno), "unreadable");
    else {
      const failure = toHoldfastError(thrown);
      sentForFile.failed(failure);
      if (isHopeless(failure.code)) work.report.leave([path]);
      assertNotHopeless(failure.code, `${path}: ${failure.message}`);
      work.report.refused(path, failure, growthOf(file, file.entry.sizeBytes));
    }
    return "done";
  } finally {
    await handle.close();
    await sentForFile.end(work, intoOf(file));
  }
}

interface QueuedStream extends Omit<QueuedFile, "folder"> {
  /** Called after the whole stream was sent. */
  readonly folder: () => Promise<RemoteFolder>;
  readonly into: string;
}

export async function putStream(work: PutWork, stream: QueuedStream, source: AsyncIterable<Uint8Array>): Promise<void> {
  const { remote, into } = stream;
  const sentForFile = new SentForFile();
  try {
    const sent = await sendStream(work, source, into, { replacedBytes: remote?.size ?? 0, sentForFile });
    const file = { ...stream, folder: await stream.folder() };
    work.report.counts.bytesTotal = sent.sizeBytes;
    const content = { ...sent, mtimeMicros: undefined, executable: undefined };
    const done = await commitFile(work, file, content, { onFailed: () => sentForFile.isForNothing() });
    if (!done)
      throw new HoldfastError("missing_blocks", "The server does not have the uploaded blocks. Run put again.");
  } catch (thrown) {
    sentForFile.failed(thrown);
    throw thrown;
  } finally {
    await sentForFile.end(work, into);
  }
}

/** @returns false if the server lacks blocks, which must then be sent again */
async function commitFile(
  work: PutWork,
  file: QueuedFile,
  content: Sent & Pick<PutContent, "mtimeMicros" | "executable" | "isPrivate">,
  { onDone = () => {}, onFailed = () => {} }: { readonly onDone?: () => void; readonly onFailed?: () => void },
): Promise<boolean> {
  const { report } = work;
  const { path } = file.entry;
  const { mtimeMicros = 0, executable = false, isPrivate = false, contentId } = content;
  const { remote, exchange } = file;
  const step =
    remote === undefined || exchange
      ? undefined
      : planCompared({ mtimeMicros, executable, isPrivate }, contentId, remote, work.withTimes);
  const counted = (): void => {
    report.counts.filesDone += 1;
    onDone();
  };
  if (step?.do === "keep" || (step?.do === "attributes" && content.mtimeMicros === undefined)) {
    report.filesEqual += 1;
    counted();
    return true;
  }
  const onCommitted = (): void => {
    if (step?.do === "attributes") report.attributesSet += 1;
    else report.sent(file.entry.name);
    report.exchanged(file.entry, remote);
    counted();
  };
  const { blocks, sizeBytes } = content;
  if (blocks.length > blocksMax) {
    report.problem(
      path,
      `has ${formatNumber(blocks.length)} blocks, more than the ${formatNumber(blocksMax)} of one operation. Split it.`,
      "too_large",
    );
    return true;
  }
  const operations =
    step?.do === "attributes"
      ? [setOperation(work, step.remote, content)]
      : putOperations(work, file, { ...content, size: sizeBytes, content_id: contentId });
  const growthBytes = growthOf(file, sizeBytes);
  const again: QueuedFile[] = [];
  const onRefused = (reason: BatchResult): boolean => goesOn(again, afterLateNode(file, reason));
  const missing = await commit(work, [{ path, operations, onCommitted, onRefused, onFailed, growthBytes }]);
  const [late] = again;
  return late === undefined ? missing.length === 0 : commitFile(work, late, content, { onDone, onFailed });
}

async function hashFile(work: PutWork, descriptor: number, counted: FileBytes): Promise<Sent> {
  const blocks: ManifestEntry[] = [];
  for await (const window of cutFile(asCodecPool(work.pool), descriptor, { windows: work.windows, compress: false })) {
    for (const { hash, size } of window.blocks) {
      blocks.push({ hash, size });
      counted.add(size);
    }
    window.giveBack();
  }
  return toSent(blocks);
}

function windowsOfFile(work: PutWork, descriptor: number): AsyncIterable<Window> {
  return cutFile(asCodecPool(work.pool), descriptor, { windows: work.windows, compress: true });
}

function isSame(one: FileStamp, other: FileStamp): boolean {
  return (
    one.sizeBytes === other.sizeBytes && one.mtimeNanos === other.mtimeNanos && one.ctimeNanos === other.ctimeNanos
  );
}
