import type { Readable } from "node:stream";

/** Below this size, the call costs more than it gains. */
const freedBytesMin = 4096;

/**
 * Frees the memory of unused bytes immediately, which empties every view of them. Otherwise streamed content triggers
 * the garbage collector repeatedly, which takes several times as long as the work. A freed buffer is also reused while
 * in the processor's cache. Does nothing if the bytes share their buffer.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.length < freedBytesMin || buffer.byteLength !== bytes.length) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** A stream whose slices only its reader uses. */
export interface OwnSlices {
  readonly ownSlices: true;
}

/**
 * Yields the slices of a body. If only the reader uses them, each is freed when the next is requested, so copy bytes to
 * keep.
 */
export async function* passingSlices(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const own = (body as Partial<OwnSlices>).ownSlices === true;
  for await (const slice of body as AsyncIterable<Uint8Array>) {
    yield slice;
    if (own) freeBytes(slice);
  }
}
