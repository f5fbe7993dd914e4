import { HoldfastError } from "@holdfast/core/errors";
import type { ApiClient } from "./api-client.ts";
import { Breaks } from "./breaks.ts";

export interface FileRange {
  readonly nodeId: string;
  readonly versionId: string | undefined;
  readonly startByte: number;
}

const askBytesMin = 64 * 1024;
const askBytesMax = 8 * 1024 * 1024;

/** Size of one request. It shrinks after breaks, because requested bytes count even if they do not arrive. */
export interface AskPace {
  askBytes: number;
}

export function newAskPace(): AskPace {
  return { askBytes: 1024 * 1024 };
}

/**
 * Fills the target from a file's download by ranges. After a break it requests the rest, so that the server counts one
 * download.
 * @throws HoldfastError forbidden if downloads are not allowed any longer
 */
export async function fetchRangeInto(
  client: ApiClient,
  { nodeId: id, versionId: version, startByte }: FileRange,
  target: Uint8Array,
  pace: AskPace,
): Promise<void> {
  const breaks = new Breaks();
  for (let end = 0; end < target.length;) {
    const asked = target.subarray(end, end + pace.askBytes);
    const first = startByte + end;
    const headers = { range: `bytes=${first}-${first + asked.length - 1}` };
    const came = await client.bytesUntilBreak("download", { params: { id }, query: { version }, headers }, () => asked);
    if (came.status !== 206)
      throw new HoldfastError("failed", "The server does not support requests for parts of files.");
    end += came.bytes;
    if (came.failure !== undefined) {
      breaks.count(came.failure, came.bytes > 0);
      pace.askBytes = Math.max(askBytesMin, Math.floor(came.bytes / 2));
    } else if (came.bytes < asked.length) {
      throw new HoldfastError("failed", "The server sent less of the file than it has.");
    } else pace.askBytes = Math.min(askBytesMax, pace.askBytes * 2);
  }
}
