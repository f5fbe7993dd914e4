import type { HashHex } from "@holdfast/core/ids";
import { encodeFrameHeader, findCutFrame, findFrames, frameHeaderBytes } from "@holdfast/protocol/frames";
import type { ApiClient } from "./api-client.ts";
import { Breaks } from "./breaks.ts";
import { type FetchItem, fetchBlocksUntilBreak, fetchRestOfBlock } from "./block-transfer.ts";

export interface WantedFrame {
  readonly hash: HashHex;
  /** Set for a block that is not in the own space: access to the version gives access to its blocks. */
  readonly versionId?: string | undefined;
}

/**
 * Fetches frames in order to the start of `target`. After a break, the interrupted block is resumed.
 * @param target large enough for all uncompressed blocks with headers
 * @returns number of bytes
 */
export async function fetchFramesInto(
  client: ApiClient,
  wanted: readonly WantedFrame[],
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<number> {
  const breaks = new Breaks();
  let end = 0;
  for (let rest = wanted; rest.length > 0;) {
    const { bytes, failure } = await fetchBlocksUntilBreak(client, itemsOf(rest), target.subarray(end), signal);
    if (failure === undefined) return end + bytes;
    const body = target.subarray(end, end + bytes);
    const frames = findFrames(body, { framesMax: rest.length, isCut: true });
    const cut = findCutFrame(body, frames);
    breaks.count(failure, frames.length > 0 || cut !== undefined);
    rest = rest.slice(frames.length);
    end += frames.at(-1)?.end ?? 0;
    // Single blocks can only be requested in the own space.
    if (rest[0]?.versionId !== undefined) continue;
    if (cut === undefined || (frames.length > 0 && cut.kind !== "raw")) continue;
    // A compressed block that exceeds a connection's lifetime is fetched uncompressed from its start.
    const { hash, size } = cut;
    const begun = cut.kind === "raw" ? bytes - cut.start : 0;
    target.set(encodeFrameHeader({ kind: "raw", hash, size, length: size }), end);
    const payload = target.subarray(end + frameHeaderBytes, end + frameHeaderBytes + size);
    await fetchToEnd(client, { hash, target: payload, end: begun }, breaks, signal);
    rest = rest.slice(1);
    end += frameHeaderBytes + size;
  }
  return end;
}

function itemsOf(wanted: readonly WantedFrame[]): FetchItem[] {
  const items: FetchItem[] = [];
  let last: WantedFrame | undefined;
  for (const each of wanted) {
    if (last !== undefined && last.versionId === each.versionId) items.at(-1)?.hashes.push(each.hash);
    else items.push({ hashes: [each.hash], ...(each.versionId === undefined ? {} : { version_id: each.versionId }) });
    last = each;
  }
  return items;
}

async function fetchToEnd(
  client: ApiClient,
  block: { readonly hash: HashHex; readonly target: Uint8Array; readonly end: number },
  breaks: Breaks,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let end = block.end; end < block.target.length;) {
    const came = await fetchRestOfBlock(client, { ...block, end }, signal);
    // The verification detects a wrong block.
    if (came.failure === undefined) return;
    breaks.count(came.failure, came.end > end);
    end = came.end;
  }
}
