import type { Readable } from "node:stream";

/** Below, telling V8 costs more than it brings. */
const freedBytesMin = 4096;

/**
 * Gives the memory of bytes back at once that nobody looks at any more: every view of them becomes empty. Left to the garbage
 * collector, the buffers of content that streams through make it run again and again over a heap that is otherwise at rest, which
 * takes several times as long as the work itself; and a freed buffer is the next one, still in the processor's cache.
 * Does nothing where the bytes share their buffer with others.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.length < freedBytesMin || buffer.byteLength !== bytes.length) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** A stream whose slices are its reader's alone. */
export interface OwnSlices {
  readonly ownSlices: true;
}

/** The slices of a body. Where they are the reader's alone, each is freed once the next one is asked for: copy what is to be kept. */
export async function* passingSlices(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
  const own = (body as Partial<OwnSlices>).ownSlices === true;
  for await (const slice of body as AsyncIterable<Uint8Array>) {
    yield slice;
    if (own) freeBytes(slice);
  }
}
