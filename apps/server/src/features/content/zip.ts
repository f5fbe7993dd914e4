import { crc32 } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";

/** A folder's name gets a trailing slash. */
export interface ZipEntry {
  /** Names separated by `/`, none at the ends. */
  readonly path: string;
  readonly kind: "file" | "folder" | "symlink";
  readonly mode: number;
  readonly mtimeMs: number;
  readonly sizeBytes: number;
  /** For a link, its target. A piece is valid only until the next is requested. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Numbers from these values on use 64 bits. Tests use lower values. */
export interface ZipLimits {
  readonly bytes: number;
  readonly entries: number;
}

const formatLimits: ZipLimits = { bytes: 0xffff_ffff, entries: 0xffff };

/**
 * Streams an uncompressed zip (APPNOTE 6.3.10), with only the directory at the end in memory. Claims to be from Unix,
 * so that backslashes and colons in names are kept; Windows programs replace them. A damaged file ends at the damage
 * with a deliberately wrong checksum, so that no program accepts it, and is last in the directory; the function throws
 * after the complete zip.
 * @throws HoldfastError damaged with the names of such files after the last byte; other errors immediately
 */
export async function* makeZip(
  entries: AsyncIterable<ZipEntry>,
  limits = formatLimits,
): AsyncGenerator<Uint8Array, void, undefined> {
  const records = { whole: [] as Buffer[], damaged: [] as Buffer[] };
  const damaged: string[] = [];
  let offset = 0;
  for await (const entry of entries) {
    const start = { ...entry, offset };
    const isLarge = entry.sizeBytes >= limits.bytes || offset >= limits.bytes;
    const head = localHeader(entry, entry.sizeBytes >= limits.bytes);
    yield head;
    const sum: Sum = { crc: 0, sizeBytes: 0 };
    const failure = yield* summed(entry, sum);
    if (failure !== undefined) {
      sum.crc = ~sum.crc >>> 0;
      damaged.push(entry.path);
    }
    const tail = descriptor(sum, entry.sizeBytes >= limits.bytes);
    yield tail;
    records[failure === undefined ? "whole" : "damaged"].push(directoryRecord(start, sum, isLarge));
    offset += head.length + sum.sizeBytes + tail.length;
  }
  const directory = [...records.whole, ...records.damaged];
  yield* directory;
  const sizeBytes = directory.reduce((total, record) => total + record.length, 0);
  yield directoryEnd({ entries: directory.length, sizeBytes, offset }, limits);
  if (damaged.length > 0) throw damagedError(damaged);
}

interface Sum {
  crc: number;
  sizeBytes: number;
}

/** Passes the content on. @returns the error if the stored content is damaged */
async function* summed({ content, path }: ZipEntry, sum: Sum): AsyncGenerator<Uint8Array, HoldfastError | undefined> {
  try {
    for await (const piece of content) {
      sum.crc = crc32(piece, sum.crc);
      sum.sizeBytes += piece.length;
      yield piece;
    }
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "damaged") throw thrown;
    if (sum.sizeBytes > 0) return thrown;
  }
  // Programs do not check an empty file's checksum.
  const sentence = Buffer.from(`${path} is damaged on the server and could not be read.\n`);
  Object.assign(sum, { crc: crc32(sentence), sizeBytes: sentence.length });
  yield sentence;
  return damagedError([path]);
}

function damagedError(paths: readonly string[]): HoldfastError {
  const some = paths.slice(0, 20).join(", ");
  const message = `Damaged and incomplete in the zip: ${some}${paths.length > 20 ? ", …" : ""}. Restore them from a backup, or upload them again.`;
  return new HoldfastError("damaged", message);
}

const utf8Names = 1 << 11;
const sizesFollow = 1 << 3;
const versionPlain = 20;
const versionLarge = 45;
const madeByUnix = (3 << 8) | 63;
const fileTypes = { file: 0o100000, symlink: 0o120000, folder: 0o040000 };
const unknown = 0xffff_ffff;

function localHeader(entry: ZipEntry, isLarge: boolean): Buffer {
  const name = nameOf(entry);
  const extra = Buffer.concat([timeExtra(entry.mtimeMs), isLarge ? largeExtra([0, 0]) : Buffer.alloc(0)]);
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x0403_4b50, 0);
  head.writeUInt16LE(isLarge ? versionLarge : versionPlain, 4);
  writeCommon(head, 6, entry);
  if (isLarge) head.writeUInt32LE(unknown, 18);
  if (isLarge) head.writeUInt32LE(unknown, 22);
  head.writeUInt16LE(name.length, 26);
  head.writeUInt16LE(extra.length, 28);
  return Buffer.concat([head, name, extra]);
}

/** Writes flags, method (0: stored) and time, which both kinds of header have. */
function writeCommon(header: Buffer, at: number, { mtimeMs }: ZipEntry): void {
  const { date, time } = dosTime(mtimeMs);
  header.writeUInt16LE(utf8Names | sizesFollow, at);
  header.writeUInt16LE(time, at + 4);
  header.writeUInt16LE(date, at + 6);
}

function descriptor({ crc, sizeBytes }: Sum, isLarge: boolean): Buffer {
  const tail = Buffer.alloc(isLarge ? 24 : 16);
  tail.writeUInt32LE(0x0807_4b50, 0);
  tail.writeUInt32LE(crc, 4);
  if (isLarge) {
    tail.writeBigUInt64LE(BigInt(sizeBytes), 8);
    tail.writeBigUInt64LE(BigInt(sizeBytes), 16);
  } else {
    tail.writeUInt32LE(sizeBytes, 8);
    tail.writeUInt32LE(sizeBytes, 12);
  }
  return tail;
}

function directoryRecord(entry: ZipEntry & { readonly offset: number }, { crc, sizeBytes }: Sum, isLarge: boolean) {
  const name = nameOf(entry);
  const large = isLarge ? largeExtra([sizeBytes, sizeBytes, entry.offset]) : Buffer.alloc(0);
  const extra = Buffer.concat([timeExtra(entry.mtimeMs), large]);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x0201_4b50, 0);
  head.writeUInt16LE(madeByUnix, 4);
  head.writeUInt16LE(isLarge ? versionLarge : versionPlain, 6);
  writeCommon(head, 8, entry);
  head.writeUInt32LE(crc, 16);
  head.writeUInt32LE(isLarge ? unknown : sizeBytes, 20);
  head.writeUInt32LE(isLarge ? unknown : sizeBytes, 24);
  head.writeUInt16LE(name.length, 28);
  head.writeUInt16LE(extra.length, 30);
  head.writeUInt32LE(((fileTypes[entry.kind] | entry.mode) << 16) >>> 0, 38);
  head.writeUInt32LE(isLarge ? unknown : entry.offset, 42);
  return Buffer.concat([head, name, extra]);
}

function directoryEnd(
  { entries, sizeBytes, offset }: { readonly entries: number; readonly sizeBytes: number; readonly offset: number },
  limits: ZipLimits,
): Buffer {
  const isLarge = entries >= limits.entries || sizeBytes >= limits.bytes || offset >= limits.bytes;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(isLarge ? 0xffff : entries, 8);
  end.writeUInt16LE(isLarge ? 0xffff : entries, 10);
  end.writeUInt32LE(isLarge ? unknown : sizeBytes, 12);
  end.writeUInt32LE(isLarge ? unknown : offset, 16);
  if (!isLarge) return end;
  const large = Buffer.alloc(56 + 20);
  large.writeUInt32LE(0x0606_4b50, 0);
  large.writeBigUInt64LE(44n, 4);
  large.writeUInt16LE(madeByUnix, 12);
  large.writeUInt16LE(versionLarge, 14);
  for (const [index, number] of [entries, entries, sizeBytes, offset].entries()) {
    large.writeBigUInt64LE(BigInt(number), 24 + 8 * index);
  }
  large.writeUInt32LE(0x0706_4b50, 56);
  large.writeBigUInt64LE(BigInt(offset + sizeBytes), 64);
  large.writeUInt32LE(1, 72);
  return Buffer.concat([large, end]);
}

function nameOf({ path, kind }: ZipEntry): Buffer {
  return Buffer.from(kind === "folder" ? `${path}/` : path);
}

/** "ZIP64 extended information": values that the header marks as unknown. */
function largeExtra(numbers: readonly number[]): Buffer {
  const extra = Buffer.alloc(4 + 8 * numbers.length);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(8 * numbers.length, 2);
  for (const [index, number] of numbers.entries()) extra.writeBigUInt64LE(BigInt(number), 4 + 8 * index);
  return extra;
}

/**
 * "Extended timestamp": seconds since 1970 in 31 bits, which all programs read alike. Other times use only the DOS
 * time.
 */
function timeExtra(mtimeMs: number): Buffer {
  const seconds = Math.floor(mtimeMs / 1000);
  if (seconds < 0 || seconds > 0x7fff_ffff) return Buffer.alloc(0);
  const extra = Buffer.alloc(9);
  extra.writeUInt16LE(0x5455, 0);
  extra.writeUInt16LE(5, 2);
  extra.writeUInt8(1, 4);
  extra.writeInt32LE(seconds, 5);
  return extra;
}

/** Uses UTC, because readers do not know the server's time zone. Resolution: two seconds, from 1980 to 2107. */
function dosTime(mtimeMs: number): { date: number; time: number } {
  const from = Date.UTC(1980, 0, 1);
  const at = new Date(Math.min(Math.max(mtimeMs, from), Date.UTC(2107, 11, 31, 23, 59, 58)));
  return {
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
  };
}
