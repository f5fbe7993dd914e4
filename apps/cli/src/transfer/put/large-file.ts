import { constants, promises as fs } from "node:fs";
import { missingBlocks } from "@holdfast/api-client/block-upload";
import type { OutgoingBlock } from "@holdfast/api-client/block-transfer";
import { cutFile } from "@holdfast/codec/cut-file";
import { cutStream } from "@holdfast/codec/cut-stream";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { contentIdOf } from "@holdfast/core/manifest";
import type { HashHex } from "@holdfast/core/ids";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { microsOfNanos } from "@holdfast/core/times";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { toStamp } from "../read-files.ts";
import type { FileStamp } from "../read-files.ts";
import { asCodecPool } from "../transfer-pool.ts";
import { assertNotHopeless } from "../transfer-report.ts";
import { Turns } from "../turns.ts";
import { commit } from "./commit.ts";
import { framed, upload } from "./upload.ts";
import { readFailure, readFailureOf } from "./local-folder.ts";
import { planCompared } from "./put-plan.ts";
import { damagedOf, growthOf, isBlocked, putOperations, setOperation } from "./put-work.ts";
import type { PutWork, QueuedFile } from "./put-work.ts";

/** Requests of one file that are under way; of a stream, with so many new bytes each. */
const windowsAtOnce = 3;
const streamWindowBytes = 8 * 1024 * 1024;
/** The put operation lists all blocks, and its JSON is limited; this many leave room. */
const blocksMax = 150_000;
const attemptsMax = 2;

/** Puts a file of any size with bounded memory. One that changes meanwhile is read once more, then listed. */
export async function putLargeFile(work: PutWork, file: QueuedFile): Promise<void> {
  if (isBlocked(file.folder)) return;
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const doneBefore = work.report.counts.bytesDone;
    const outcome = await putOnce(work, file);
    if (outcome === "done") return;
    work.report.counts.bytesDone = doneBefore;
  }
  work.report.problem(
    file.entry.path,
    "changes while it is read, skipped. Run put again when nothing writes to it.",
    "conflict",
  );
}

async function putOnce(work: PutWork, file: QueuedFile): Promise<"done" | "again"> {
  const { path } = file.entry;
  const readAtMs = work.nowMs();
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (thrown) {
    work.report.problem(path, readFailure(thrown), "unreadable");
    return "done";
  }
  try {
    const before = await handle.stat({ bigint: true });
    // Equal content is told by hashing alone, without the work of compressing what is not sent.
    const compare = file.remote !== undefined && !file.exchange && file.remote.size === Number(before.size);
    const compared = compare ? await hashFile(work, handle.fd) : undefined;
    const isEqual = compared !== undefined && compared.contentId === file.remote?.content_id;
    const isDamaged = isEqual && damagedOf(work, file.remote) !== undefined;
    if (!isEqual && work.report.lacksRoom(growthOf(file, Number(before.size)))) {
      work.report.untried();
      return "done";
    }
    const growthBytes = growthOf(file, Number(before.size));
    if (!isEqual) await missingBlocks({ client: work.client, into: file.folder.id }, [], growthBytes);
    if (isDamaged) work.report.counts.bytesDone -= compared.sizeBytes;
    const sent =
      isEqual && !isDamaged ? compared : await sendWindows(work, windowsOfFile(work, handle.fd), file.folder.id);
    const stats = await handle.stat({ bigint: true });
    const [first, stamp] = [toStamp(before), toStamp(stats)];
    if (!isSame(first, stamp) || sent.sizeBytes !== stamp.sizeBytes) return "again";
    const mtimeMicros = microsOfNanos(stats.mtimeNs);
    const executable = (stats.mode & 0o100n) !== 0n;
    const committed = await commitFile(work, file, { ...sent, mtimeMicros, executable });
    if (committed && isDamaged) work.report.filesHealed += 1;
    if (committed) work.journal.record(path, stamp, sent.contentId, readAtMs);
    return committed ? "done" : "again";
  } catch (thrown) {
    const errno = thrown instanceof HoldfastError ? thrown.body["errno"] : ownErrnoOf(thrown);
    if (typeof errno === "string") work.report.problem(path, readFailureOf(errno), "unreadable");
    else {
      const failure = toHoldfastError(thrown);
      assertNotHopeless(failure.code, `${path}: ${failure.message}`);
      work.report.refused(path, failure, growthOf(file, file.entry.sizeBytes));
    }
    return "done";
  } finally {
    await handle.close();
  }
}

/** Standard input: it can be read only once, and has no times. */
export async function putStream(work: PutWork, file: QueuedFile, source: AsyncIterable<Uint8Array>): Promise<void> {
  const sent = await sendWindows(work, windowsOfStream(work, source), file.folder.id);
  work.report.counts.bytesTotal = sent.sizeBytes;
  const done = await commitFile(work, file, { ...sent, mtimeMicros: undefined, executable: undefined });
  if (!done) throw new HoldfastError("missing_blocks", "The server does not keep what was sent. Run put again.");
}

interface Sent {
  readonly blocks: readonly ManifestEntry[];
  readonly sizeBytes: number;
  readonly contentId: HashHex;
}

/** @returns false when the server lacks blocks after all, so that they have to be sent again */
async function commitFile(
  work: PutWork,
  file: QueuedFile,
  content: Sent & { readonly mtimeMicros: number | undefined; readonly executable: boolean | undefined },
): Promise<boolean> {
  const { report } = work;
  const { path } = file.entry;
  const { mtimeMicros = 0, executable = false, contentId } = content;
  const { remote, exchange } = file;
  const step =
    remote === undefined || exchange ? undefined : planCompared({ mtimeMicros, executable }, contentId, remote);
  const counted = (): void => void (report.counts.filesDone += 1);
  if (step?.do === "keep" || (step?.do === "attributes" && content.mtimeMicros === undefined)) {
    report.filesEqual += 1;
    counted();
    return true;
  }
  const onCommitted = (): void => {
    if (step?.do === "attributes") report.attributesSet += 1;
    else report.filesSent += 1;
    counted();
  };
  const { blocks, sizeBytes } = content;
  if (blocks.length > blocksMax) {
    report.problem(
      path,
      `has ${blocks.length} blocks, more than the ${blocksMax} of one operation. Split it.`,
      "too_large",
    );
    return true;
  }
  const operations =
    step?.do === "attributes"
      ? [setOperation(work, step.remote, content)]
      : putOperations(work, file, { ...content, size: sizeBytes, content_id: contentId });
  const growthBytes = growthOf(file, sizeBytes);
  return (await commit(work, [{ path, operations, onCommitted, growthBytes }])).length === 0;
}

async function hashFile(work: PutWork, descriptor: number): Promise<Sent> {
  const blocks: ManifestEntry[] = [];
  for await (const window of cutFile(asCodecPool(work.pool), descriptor, { windows: work.windows, compress: false })) {
    for (const { hash, size } of window.blocks) {
      blocks.push({ hash, size });
      work.report.counts.bytesDone += size;
    }
    window.giveBack();
  }
  return toSent(blocks);
}

/** Blocks that go in one request. */
interface Window {
  readonly blocks: readonly OutgoingBlock[];
  giveBack(): void;
}

function windowsOfFile(work: PutWork, descriptor: number): AsyncIterable<Window> {
  return cutFile(asCodecPool(work.pool), descriptor, { windows: work.windows, compress: true });
}

async function* windowsOfStream(work: PutWork, source: AsyncIterable<Uint8Array>): AsyncIterable<Window> {
  const options = { compress: true, pieceBytes: streamWindowBytes };
  for await (const blocks of cutStream(asCodecPool(work.pool), source, options)) yield { blocks, giveBack: () => {} };
}

/** While one window of blocks is on its way, the next ones are read, cut and hashed. */
async function sendWindows(work: PutWork, windows: AsyncIterable<Window>, into: string): Promise<Sent> {
  const blocks: ManifestEntry[] = [];
  const turns = new Turns(windowsAtOnce);
  const doneBefore = work.report.counts.bytesDone;
  try {
    for await (const window of windows) {
      for (const { hash, size } of window.blocks) blocks.push({ hash, size });
      try {
        await turns.start(() => sendWindow(work, window.blocks, into).finally(() => window.giveBack()));
      } catch (thrown) {
        // Not begun: another file may wait for this window.
        window.giveBack();
        throw thrown;
      }
    }
    await turns.finish();
  } finally {
    await turns.settle();
  }
  const sent = toSent(blocks);
  work.report.counts.bytesDone = Math.min(work.report.counts.bytesDone, doneBefore + sent.sizeBytes);
  return sent;
}

async function sendWindow(work: PutWork, window: readonly OutgoingBlock[], into: string): Promise<void> {
  const unsent = new Map(window.map((block) => [block.hash, block]));
  for (const hash of unsent.keys()) if (work.sent.has(hash)) unsent.delete(hash);
  if (unsent.size > 0) {
    const { missing } = await work.client.call("queryBlocks", { body: { hashes: [...unsent.keys()], into } });
    const needed = new Set<string>(missing);
    const blocks = [...unsent.values()].filter(({ hash }) => needed.has(hash));
    if (blocks.length > 0) await upload(work, blocks.map(framed), into);
    for (const { size } of blocks) work.report.bytesSent += size;
    for (const hash of unsent.keys()) work.sent.add(hash);
  }
  for (const { size } of window) work.report.counts.bytesDone += size;
}

function toSent(blocks: readonly ManifestEntry[]): Sent {
  return { blocks, sizeBytes: blocks.reduce((sum, { size }) => sum + size, 0), contentId: contentIdOf(blocks) };
}

function isSame(one: FileStamp, other: FileStamp): boolean {
  return (
    one.sizeBytes === other.sizeBytes && one.mtimeNanos === other.mtimeNanos && one.ctimeNanos === other.ctimeNanos
  );
}
