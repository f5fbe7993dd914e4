import { HoldfastError } from "@holdfast/core/errors";

export interface ZipReader {
  /** @returns fewer bytes at the end of the zip */
  read(position: number, length: number): Promise<Buffer>;
  readonly sizeBytes: number;
}

/** Enough for more than a million files. */
const directoryBytesMax = 512 * 1024 * 1024;
const endBytes = 22;
const largeEndBytes = 56;
const locatorBytes = 20;
const recordBytes = 46;
const headerBytes = 30;
const unknown = 0xffff_ffff;

/**
 * Returns the offset of each entry's header by path. Supports Holdfast's zips: stored, and without a comment (APPNOTE
 * 6.3.10).
 * @throws HoldfastError failed for anything else, or a truncated zip
 */
export async function readZipDirectory(zip: ZipReader): Promise<Map<string, number>> {
  const { start, length } = await findDirectory(zip);
  const directory = await readWhole(zip, start, length);
  const entries = new Map<string, number>();
  for (let at = 0; at < directory.length;) {
    if (at + recordBytes > directory.length || directory.readUInt32LE(at) !== 0x0201_4b50) throw noZip();
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((from) => directory.readUInt16LE(at + from));
    const nameEnd = at + recordBytes + (nameLength ?? 0);
    const extraEnd = nameEnd + (extraLength ?? 0);
    if (extraEnd > directory.length) throw noZip();
    const offset = directory.readUInt32LE(at + 42);
    const path = directory.toString("utf8", at + recordBytes, nameEnd);
    entries.set(path, offset === unknown ? largeOffset(directory.subarray(nameEnd, extraEnd)) : offset);
    at = extraEnd + (commentLength ?? 0);
  }
  return entries;
}

/** @param header offset of the entry's header @throws HoldfastError failed */
export async function contentStart(zip: ZipReader, header: number): Promise<number> {
  const bytes = await readWhole(zip, header, headerBytes);
  // Only a stored entry can be read from its middle.
  if (bytes.readUInt32LE(0) !== 0x0403_4b50 || bytes.readUInt16LE(8) !== 0) throw noZip();
  return header + headerBytes + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
}

async function findDirectory(zip: ZipReader): Promise<{ start: number; length: number }> {
  const at = zip.sizeBytes - endBytes;
  const end = await readWhole(zip, at, endBytes);
  if (end.readUInt32LE(0) !== 0x0605_4b50) throw noZip();
  const [length, start] = [end.readUInt32LE(12), end.readUInt32LE(16)];
  if (start !== unknown && length !== unknown) return { start, length };
  const locator = await readWhole(zip, at - locatorBytes, locatorBytes);
  if (locator.readUInt32LE(0) !== 0x0706_4b50) throw noZip();
  const large = await readWhole(zip, Number(locator.readBigUInt64LE(8)), largeEndBytes);
  if (large.readUInt32LE(0) !== 0x0606_4b50) throw noZip();
  return { length: Number(large.readBigUInt64LE(40)), start: Number(large.readBigUInt64LE(48)) };
}

/** Reads the "ZIP64 extended information", in which both sizes precede the offset. */
function largeOffset(extra: Buffer): number {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1 && length >= 24 && at + 28 <= extra.length) {
      return Number(extra.readBigUInt64LE(at + 20));
    }
    at += 4 + length;
  }
  throw noZip();
}

async function readWhole(zip: ZipReader, position: number, length: number): Promise<Buffer> {
  if (position < 0 || length > directoryBytesMax || position + length > zip.sizeBytes) throw noZip();
  const bytes = await zip.read(position, length);
  if (bytes.length < length) throw noZip();
  return bytes;
}

function noZip(): HoldfastError {
  return new HoldfastError("failed", "The server sent an incomplete zip file for the folder. Try again.");
}
