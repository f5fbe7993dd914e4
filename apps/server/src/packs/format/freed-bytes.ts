import type { Readable } from "node:stream";

/** Below this size, the call costs more than it gains. */
const freedBytesMin = 4096;

/**
 * Empties every view, unless the bytes share their buffer. Otherwise streamed content triggers the garbage collector,
 * at several times the cost of the work.
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

/** Yields the slices of a body. A slice may be freed when the next is requested, so copy bytes to keep. */
export async function* passingSlices(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const own = (body as Partial<OwnSlices>).ownSlices === true;
  for await (const slice of body as AsyncIterable<Uint8Array>) {
    yield slice;
    if (own) freeBytes(slice);
  }
}
