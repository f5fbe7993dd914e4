import { closeSync, ftruncateSync, read, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { isZeroBlock, zeroBlock } from "@holdfast/codec/zero-block";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import type { Part } from "@holdfast/sync-ports/ports";
import { ownErrnoOf } from "@holdfast/disk/disk-error";
import { inlineBytesMax, type Threads } from "./file-cut.ts";
import { readFlags, type RootFolder } from "@holdfast/disk/root-folder";

const readAsync = promisify(read);
const writeAsync = promisify(write);

/**
 * Writes the parts of a new file in order and verifies each hash unless that was done. Threads hash large parts while
 * the next ones are read and written; further parts are requested only when there is room. Zero blocks of the maximum
 * size are skipped, because a hole needs no space on most disks.
 * @throws HoldfastError hash_mismatch with body {hash}; errors of the parts' source; errors of system calls unchanged
 */
export async function writeParts(
  root: RootFolder,
  threads: Threads,
  { descriptor, shared }: NewFile,
  parts: AsyncIterable<Part> | Iterable<Part>,
): Promise<void> {
  const writes = new Set<Promise<void>>();
  const flushing = new EarlyFlush(root, descriptor);
  let failure: { readonly thrown: unknown } | undefined;
  try {
    let position = 0;
    // Inline writes set the length, unless the file started with another one's bytes.
    let needsLength = shared !== undefined;
    for await (const part of parts) {
      if (failure !== undefined) break;
      const sizeBytes = part.kind === "bytes" ? part.bytes.length : part.sizeBytes;
      if (sizeBytes > limits.blockBytesMax) throw mismatch(part, "is longer than a block can be");
      const writing = { part, sizeBytes, position, descriptor, shared, root };
      if (sizeBytes <= inlineBytesMax) {
        const bytes = part.kind === "bytes" ? part.bytes : await readCopy(writing, part, new Uint8Array(sizeBytes));
        if (!isProved(part) && sha256(bytes) !== part.hash) throw mismatch(part, "has another hash");
        if (!isShared(writing)) writeAllNow(descriptor, bytes, position);
        releasePart(part);
      } else {
        needsLength = true;
        const begun = isProved(part) ? writeProved(part, writing) : await beginWindow(threads, writing);
        const noted = begun.done
          .then(() => {
            releasePart(part);
            return flushing.note(sizeBytes);
          })
          .catch((thrown: unknown) => void (failure ??= { thrown }))
          .finally(() => writes.delete(noted));
        writes.add(noted);
        if (writes.size >= threads.pool.threads) await Promise.race(writes);
      }
      position += sizeBytes;
    }
    await Promise.all(writes);
    // A hole at the end requires setting the length.
    if (failure === undefined && needsLength) ftruncateSync(descriptor, position);
  } finally {
    await Promise.all(writes);
    await flushing.end();
  }
  if (failure !== undefined) throw failure.thrown;
}

/** Empty unless it already shares the bytes of `shared`. */
export interface NewFile {
  readonly descriptor: number;
  readonly shared: string | undefined;
}

interface Writing extends NewFile {
  readonly part: Part;
  readonly sizeBytes: number;
  readonly position: number;
  readonly root: RootFolder;
}

function isShared({ part, position, shared }: Writing): boolean {
  return part.kind === "copy" && part.from === shared && part.offset === position;
}

/** An object, because a returned promise would be awaited. */
interface Begun {
  readonly done: Promise<void>;
}

function isProved(part: Part): part is Part & { readonly kind: "bytes" } {
  return part.kind === "bytes" && part.isProved === true;
}

function releasePart(part: Part): void {
  if (part.kind === "bytes") part.release?.();
}

function writeProved({ hash, bytes }: Part & { readonly kind: "bytes" }, writing: Writing): Begun {
  const { descriptor, position, shared } = writing;
  const isHole = shared === undefined && hash === zeroBlock().hash;
  return { done: isHole ? Promise.resolve() : writeAll(descriptor, bytes, position) };
}

async function beginWindow(threads: Threads, writing: Writing): Promise<Begun> {
  const window = await threads.windows.take();
  return { done: writeWindow(threads, window, writing).finally(() => threads.windows.giveBack(window)) };
}

async function writeWindow({ pool }: Threads, window: SharedArrayBuffer, writing: Writing): Promise<void> {
  const { sizeBytes, position, descriptor, part, shared } = writing;
  const bytes = new Uint8Array(window, 0, sizeBytes);
  if (part.kind === "bytes") bytes.set(part.bytes);
  else await readCopy(writing, part, bytes);
  if (shared === undefined && isZeroBlock(bytes)) {
    if (part.hash !== zeroBlock().hash) throw mismatch(part, "has another hash");
    return;
  }
  const hashing = pool.run("encodeWindowTask", { window, cuts: [{ start: 0, end: sizeBytes }], compress: false });
  const writes = isShared(writing) ? Promise.resolve() : writeAll(descriptor, bytes, position);
  const [hashed, written] = await Promise.allSettled([hashing, writes]);
  if (written.status === "rejected") throw written.reason;
  if (hashed.status === "rejected") throw hashed.reason;
  if (hashed.value[0]?.hash !== part.hash) throw mismatch(part, "has another hash");
}

/** Bytes between flushes. A disk with 100 MB/s then needs a third of a second at the end. */
const flushedBytes = 32 * 1024 * 1024;

/** Starts writing a long file to disk while the rest arrives, instead of only at its fsync. */
class EarlyFlush {
  readonly #root: RootFolder;
  readonly #descriptor: number;
  #waitingBytes = 0;
  #underWay: Promise<void> | undefined;

  constructor(root: RootFolder, descriptor: number) {
    this.#root = root;
    this.#descriptor = descriptor;
  }

  note(sizeBytes: number): void {
    this.#waitingBytes += sizeBytes;
    if (this.#waitingBytes < flushedBytes || this.#underWay !== undefined) return;
    this.#waitingBytes = 0;
    this.#underWay = this.#root.native.startWriting(this.#descriptor).finally(() => (this.#underWay = undefined));
  }

  /** Call before the descriptor is closed. */
  async end(): Promise<void> {
    await this.#underWay;
  }
}

async function writeAll(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await writeAsync(descriptor, bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function writeAllNow(descriptor: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
}

/** Any problem with the source means that it lacks the part, and the caller gets it elsewhere. */
async function readCopy(writing: Writing, part: Part & { kind: "copy" }, into: Uint8Array): Promise<Uint8Array> {
  const own = isShared(writing) ? writing.descriptor : undefined;
  let from = own;
  try {
    from ??= writing.root.open(part.from, readFlags);
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await readAsync(from, into, done, into.length - done, part.offset + done);
      if (bytesRead === 0) throw mismatch(part, `is beyond the end of ${part.from}`);
      done += bytesRead;
    }
    return into;
  } catch (thrown) {
    if (ownErrnoOf(thrown) === undefined) throw thrown;
    throw mismatch(part, `cannot be read from ${part.from} (${ownErrnoOf(thrown)})`, thrown);
  } finally {
    if (from !== undefined && own === undefined) closeSync(from);
  }
}

function mismatch({ hash }: Part, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("hash_mismatch", `The block ${hash} ${what}.`, { body: { hash }, cause });
}
