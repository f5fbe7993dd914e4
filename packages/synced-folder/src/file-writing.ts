import { closeSync, ftruncateSync, read, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { isZeroBlock, zeroBlock } from "@holdfast/codec/zero-block";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import type { Part } from "@holdfast/sync/ports";
import { errnoOf } from "./folder-error.ts";
import { inlineBytesMax } from "./file-cut.ts";
import type { Threads } from "./file-cut.ts";
import { readFlags } from "./root-folder.ts";
import type { RootFolder } from "./root-folder.ts";

const readAsync = promisify(read);
const writeAsync = promisify(write);

/**
 * Writes the parts of a new file one after the other, each compared with its hash. A large one is hashed in a thread while the
 * next ones are read and written, as many at once as there are windows; nobody is asked for a part before there is room for it.
 * The longest block of zeros is left out: what was never written is zeros, and takes no room on most disks.
 * @throws HoldfastError hash_mismatch with body {hash}; what the parts' source throws; errors of system calls as they are
 */
export async function writeParts(
  root: RootFolder,
  threads: Threads,
  descriptor: number,
  parts: AsyncIterable<Part> | Iterable<Part>,
): Promise<void> {
  const checks = new Set<Promise<void>>();
  let failure: { readonly thrown: unknown } | undefined;
  try {
    let position = 0;
    for await (const part of parts) {
      if (failure !== undefined) break;
      const sizeBytes = part.kind === "bytes" ? part.bytes.length : part.sizeBytes;
      if (sizeBytes > limits.blockBytesMax) throw mismatch(part, "is longer than a block can be");
      if (sizeBytes <= inlineBytesMax) {
        const bytes = part.kind === "bytes" ? part.bytes : await readCopy(root, part, new Uint8Array(sizeBytes));
        if (sha256(bytes) !== part.hash) throw mismatch(part, "has another hash");
        writeAllNow(descriptor, bytes, position);
      } else {
        const window = await threads.windows.take();
        const check = writeWindow(threads, { window, sizeBytes, position, descriptor, part, root })
          .catch((thrown: unknown) => void (failure ??= { thrown }))
          .finally(() => {
            threads.windows.giveBack(window);
            checks.delete(check);
          });
        checks.add(check);
        if (checks.size >= threads.pool.threads) await Promise.race(checks);
      }
      position += sizeBytes;
    }
    await Promise.all(checks);
    // A hole at the end is no part of the file until its length says so.
    if (failure === undefined) ftruncateSync(descriptor, position);
  } finally {
    await Promise.all(checks);
  }
  if (failure !== undefined) throw failure.thrown;
}

interface WindowWriting {
  readonly window: SharedArrayBuffer;
  readonly sizeBytes: number;
  readonly position: number;
  readonly descriptor: number;
  readonly part: Part;
  readonly root: RootFolder;
}

async function writeWindow({ pool }: Threads, writing: WindowWriting): Promise<void> {
  const { window, sizeBytes, position, descriptor, part, root } = writing;
  const bytes = new Uint8Array(window, 0, sizeBytes);
  if (part.kind === "bytes") bytes.set(part.bytes);
  else await readCopy(root, part, bytes);
  if (isZeroBlock(bytes)) {
    if (part.hash !== zeroBlock().hash) throw mismatch(part, "has another hash");
    return;
  }
  const hashing = pool.run("encodeWindowTask", { window, cuts: [{ start: 0, end: sizeBytes }], compress: false });
  const [hashed, written] = await Promise.allSettled([hashing, writeAll(descriptor, bytes, position)]);
  if (written.status === "rejected") throw written.reason;
  if (hashed.status === "rejected") throw hashed.reason;
  if (hashed.value[0]?.hash !== part.hash) throw mismatch(part, "has another hash");
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

/** Whatever is wrong with the file it is copied from: it does not have the part, and whoever asked can get it elsewhere. */
async function readCopy(root: RootFolder, part: Part & { kind: "copy" }, into: Uint8Array): Promise<Uint8Array> {
  let descriptor: number | undefined;
  try {
    descriptor = root.open(part.from, readFlags);
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await readAsync(descriptor, into, done, into.length - done, part.offset + done);
      if (bytesRead === 0) throw mismatch(part, `lies beyond the end of ${part.from}`);
      done += bytesRead;
    }
    return into;
  } catch (thrown) {
    if (errnoOf(thrown) === undefined) throw thrown;
    throw mismatch(part, `cannot be read from ${part.from} (${errnoOf(thrown)})`, thrown);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function mismatch({ hash }: Part, what: string, cause?: unknown): HoldfastError {
  return new HoldfastError("hash_mismatch", `The block ${hash} ${what}.`, { body: { hash }, cause });
}
