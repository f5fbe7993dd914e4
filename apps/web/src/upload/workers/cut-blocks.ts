import { nextCut } from "@holdfast/core/chunker";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ManifestEntry } from "@holdfast/core/manifest";
import type { ReadFiles } from "../engine/cutter.ts";
import type { Hasher } from "../../browser/hasher.ts";

const sliceBytes = 4 * 1024 * 1024;
const groupBlocks = 64;

/** Cuts in groups of 64. Uses memory for two slices and a block. @throws HoldfastError failed for an unreadable file */
export async function* cutBlocks(file: Blob, hash: Hasher): AsyncGenerator<ManifestEntry[], void, undefined> {
  const buffer = new Uint8Array(limits.blockBytesMax + sliceBytes);
  let end = 0;
  let group: Promise<ManifestEntry>[] = [];
  let next = readAhead(file, 0);
  for (let at = 0; at < file.size; at += sliceBytes) {
    const slice = await next;
    const isLast = at + sliceBytes >= file.size;
    if (!isLast) next = readAhead(file, at + sliceBytes);
    buffer.set(slice, end);
    end += slice.length;
    let start = 0;
    for (let cut = nextCut(buffer, start, end, isLast); cut !== undefined; cut = nextCut(buffer, start, end, isLast)) {
      const size = cut - start;
      group.push(hash(buffer.subarray(start, cut)).then((name) => ({ hash: name, size })));
      start = cut;
      if (group.length < groupBlocks) continue;
      yield await Promise.all(group);
      group = [];
    }
    buffer.copyWithin(0, start, end);
    end -= start;
  }
  if (group.length > 0) yield await Promise.all(group);
}

export async function readWhole(files: readonly Blob[], hash: Hasher): Promise<ReadFiles> {
  const groups = Array.from({ length: Math.ceil(files.length / readTogetherMax) }, (_, group) =>
    readGroup(files.slice(group * readTogetherMax, (group + 1) * readTogetherMax)),
  );
  const contents = (await Promise.all(groups)).flat();
  const bytes = new Uint8Array(contents.reduce((sum, content) => sum + (content?.length ?? 0), 0));
  let start = 0;
  const read = contents.map(async (content) => {
    if (content === undefined) return undefined;
    const at = start;
    bytes.set(content, at);
    start += content.length;
    const block = content.length === 0 ? undefined : { hash: await hash(content), size: content.length };
    return { block, start: at };
  });
  return { files: await Promise.all(read), bytes };
}

/** Each read costs the browser at least a millisecond in several processes. */
const readTogetherMax = 100;

const markBytes = 16;

/**
 * Uses one read, or one per file if that fails. Random markers delimit the files. Without them, a shrunk and a grown
 * file could exchange bytes.
 */
async function readGroup(files: readonly Blob[]): Promise<(Uint8Array<ArrayBuffer> | undefined)[]> {
  const marks = files.map(() => crypto.getRandomValues(new Uint8Array(markBytes)));
  const together = await readAll(new Blob(files.flatMap((file, index) => [file, marks[index] ?? ""])));
  const contents = together === undefined ? [] : splitAtMarks(together, files, marks);
  return contents.length === files.length ? contents : Promise.all(files.map(readAll));
}

/** @returns files before the first misplaced marker */
function splitAtMarks(
  together: Uint8Array<ArrayBuffer>,
  files: readonly Blob[],
  marks: readonly Uint8Array[],
): Uint8Array<ArrayBuffer>[] {
  const contents: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const [index, mark] of marks.entries()) {
    const end = at + (files[index]?.size ?? 0);
    if (mark.some((byte, place) => together[end + place] !== byte)) break;
    contents.push(together.subarray(at, end));
    at = end + markBytes;
  }
  return contents;
}

async function readAll(file: Blob): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const content = new Uint8Array(await file.arrayBuffer());
    return content.length === file.size ? content : undefined;
  } catch {
    return undefined;
  }
}

function readAhead(file: Blob, at: number): Promise<Uint8Array> {
  const slice = readSlice(file, at);
  // Awaited later, so a rejection is not unhandled.
  slice.catch(() => {});
  return slice;
}

async function readSlice(file: Blob, at: number): Promise<Uint8Array> {
  const end = Math.min(at + sliceBytes, file.size);
  let slice;
  try {
    slice = new Uint8Array(await file.slice(at, end).arrayBuffer());
  } catch (thrown) {
    throw new HoldfastError("failed", "The file cannot be read.", { cause: thrown });
  }
  if (slice.length === end - at) return slice;
  throw new HoldfastError("failed", "The file changed while it was being read.");
}
