import { limits } from "@holdfast/core/limits";
import type { TakeBack } from "./count-download.ts";

/**
 * Passes an answer on, and tells at its end what of it nobody took. In slices, as whoever is cut off in the middle of a piece has most of it
 * perhaps: a slice that was handed over counts as taken.
 * @param promisedBytes counted for it already
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
    // Where that fails it stays counted, which gives nobody more than it should.
    if (sentBytes < promisedBytes) await takeBack(promisedBytes - sentBytes).catch(() => {});
  }
}
