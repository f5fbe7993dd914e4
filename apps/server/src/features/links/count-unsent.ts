import { limits } from "@holdfast/core/limits";
import type { TakeBack } from "./count-download.ts";

/**
 * Passes a response on, and reports unsent bytes at its end. A passed slice counts as sent. Slices are small, because a
 * client that disconnects may have received most of a piece.
 * @param promisedBytes already counted bytes
 */
export async function* countingUnsent(
  pieces: AsyncGenerator<Uint8Array>,
  promisedBytes: number,
  takeBack: TakeBack,
): AsyncGenerator<Uint8Array> {
  let sentBytes = 0;
  try {
    for await (const piece of pieces) {
      for (let start = 0; start < piece.length; start += limits.answerSliceBytes) {
        const slice = piece.subarray(start, start + limits.answerSliceBytes);
        sentBytes += slice.length;
        yield slice;
      }
    }
  } finally {
    // After a failure, the bytes stay counted, which gives no additional downloads.
    if (sentBytes < promisedBytes) await takeBack(promisedBytes - sentBytes).catch(() => {});
  }
}
