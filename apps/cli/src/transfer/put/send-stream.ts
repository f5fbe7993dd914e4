import type { OutgoingBlock } from "@holdfast/api-client/block-transfer";
import { missingBlocks } from "@holdfast/api-client/block-upload";
import { cutStream } from "@holdfast/codec/cut-stream";
import type { HashHex } from "@holdfast/core/ids";
import { contentIdOf } from "@holdfast/core/manifest";
import type { ManifestEntry } from "@holdfast/core/manifest";
import { asCodecPool } from "../transfer-pool.ts";
import { TaskGroup } from "@holdfast/core/task-group";
import { FileBytes } from "./file-bytes.ts";
import type { PutWork } from "./put-work.ts";
import type { SentForFile } from "./sent-for-file.ts";
import { framed, upload } from "./upload.ts";

export interface SendingWork extends Pick<PutWork, "client" | "pool" | "sent" | "pace"> {
  readonly report: { readonly counts: { bytesDone: number }; bytesSent: number };
}

/** For one file. Each request of a stream carries up to `streamWindowBytes` new bytes. */
const windowsAtOnce = 3;
const streamWindowBytes = 8 * 1024 * 1024;

export interface Sent {
  readonly blocks: readonly ManifestEntry[];
  readonly sizeBytes: number;
  readonly contentId: HashHex;
}

export interface Window {
  readonly blocks: readonly OutgoingBlock[];
  giveBack(): void;
}

/**
 * Sends the blocks that the server lacks into the space of folder `into`. Commits nothing.
 * @param more `replacedBytes`: size of the file that the stream replaces; with it the server rejects the stream at the
 * first window that does not fit
 */
export function sendStream(
  work: SendingWork,
  source: AsyncIterable<Uint8Array>,
  into: string,
  more: Pick<WindowsTarget, "replacedBytes" | "sentForFile"> = {},
): Promise<Sent> {
  return sendWindows(work, windowsOfStream(work, source), { into, ...more });
}

async function* windowsOfStream(work: SendingWork, source: AsyncIterable<Uint8Array>): AsyncIterable<Window> {
  const options = { compress: true, pieceBytes: streamWindowBytes };
  for await (const blocks of cutStream(asCodecPool(work.pool), source, options)) yield { blocks, giveBack: () => {} };
}

export interface WindowsTarget {
  readonly into: string;
  readonly replacedBytes?: number;
  /** Receives the hashes before the blocks are sent. */
  readonly sentForFile?: SentForFile;
  readonly counted?: FileBytes;
}

/** The next windows are read, cut and hashed while one is sent. */
export async function sendWindows(
  work: SendingWork,
  windows: AsyncIterable<Window>,
  { into, replacedBytes = Infinity, sentForFile, counted = new FileBytes(work.report) }: WindowsTarget,
): Promise<Sent> {
  const blocks: ManifestEntry[] = [];
  let readBytes = 0;
  const tasks = new TaskGroup(windowsAtOnce);
  try {
    for await (const window of windows) {
      for (const { hash, size } of window.blocks) {
        blocks.push({ hash, size });
        readBytes += size;
      }
      const target = { into, counted, sentForFile, growthBytes: Math.max(0, readBytes - replacedBytes) };
      try {
        await tasks.start(() => sendWindow(work, window.blocks, target).finally(() => window.giveBack()));
      } catch (thrown) {
        // Its task did not start, and another file may wait for the window.
        window.giveBack();
        throw thrown;
      }
    }
    await tasks.finish();
  } finally {
    await tasks.settle();
  }
  return toSent(blocks);
}

interface WindowTarget {
  readonly into: string;
  readonly counted: FileBytes;
  readonly sentForFile: SentForFile | undefined;
  /** Growth over the replaced file, up to the end of this window. */
  readonly growthBytes: number;
}

async function sendWindow(
  work: SendingWork,
  window: readonly OutgoingBlock[],
  { into, counted, sentForFile, growthBytes }: WindowTarget,
): Promise<void> {
  const unsent = new Map(window.map((block) => [block.hash, block]));
  for (const hash of unsent.keys()) if (work.sent.has(hash)) unsent.delete(hash);
  if (unsent.size > 0) {
    const needed = await missingBlocks({ client: work.client, into }, [...unsent.keys()], { growthBytes });
    const blocks = [...unsent.values()].filter(({ hash }) => needed.has(hash));
    sentForFile?.add(blocks.map(({ hash }) => hash));
    if (blocks.length > 0) await upload(work, blocks.map(framed), into);
    for (const { size } of blocks) counted.sent(size);
    for (const hash of unsent.keys()) work.sent.add(hash);
  }
  for (const { size } of window) counted.add(size);
}

export function toSent(blocks: readonly ManifestEntry[]): Sent {
  return { blocks, sizeBytes: blocks.reduce((sum, { size }) => sum + size, 0), contentId: contentIdOf(blocks) };
}
