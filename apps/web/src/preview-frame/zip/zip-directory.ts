import type { ReadRange } from "./asked-bytes.ts";
import { decodeName } from "./zip-names.ts";

export interface ZipEntry {
  /** Path as written, with '/'. Folders end with '/'. */
  readonly path: string;
  /** Declared size. */
  readonly contentBytes: number;
  readonly changedMs: number | undefined;
  readonly isEncrypted: boolean;
  /** 0: stored, 8: deflate. */
  readonly method: number;
  /** Declared compressed size, without Zip64. */
  readonly packedBytes: number;
  /** Position of the local header in the file, without Zip64. */
  readonly headerAt: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  readonly isCut: boolean;
}

export const entriesMax = 100_000;
/** Usual names need a tenth of this. */
const directoryBytesMax = 32 * 1024 * 1024;
const pieceBytes = 1024 * 1024;

const endMark = 0x06054b50;
const endBytes = 22;
const commentBytesMax = 0xffff;
const farEndMark = 0x06064b50;
const farEndBytes = 56;
const farLocatorMark = 0x07064b50;
const farLocatorBytes = 20;
const entryMark = 0x02014b50;
const entryBytes = 46;

interface Place {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  /** Bytes prepended to the zip. */
  readonly shift: number;
}

/**
 * Reads nothing but the directory at the end, at most 32 MiB. The number of steps is bounded by its bytes.
 * @throws Error zip_damaged, zip_split, or the error of `read`
 */
export async function readZipDirectory(sizeBytes: number, read: ReadRange): Promise<ZipDirectory> {
  const { start, end, count, shift } = await findPlace(sizeBytes, read);
  const entries: ZipEntry[] = [];
  const readEnd = Math.min(end, start + directoryBytesMax);
  const window = makeWindow(read, start, readEnd);
  let at = start;
  while (at < end && entries.length < entriesMax) {
    if (!window.has(at, entryBytes) && !(await window.load(at, entryBytes))) break;
    const head = window.view(at, entryBytes);
    if (head.getUint32(0, true) !== entryMark) throw damaged();
    const restBytes = head.getUint16(28, true) + head.getUint16(30, true) + head.getUint16(32, true);
    if (at + entryBytes + restBytes > end) throw damaged();
    if (!window.has(at, entryBytes + restBytes) && !(await window.load(at, entryBytes + restBytes))) break;
    entries.push(readEntry(window.view(at, entryBytes), window.view(at + entryBytes, restBytes), shift));
    at += entryBytes + restBytes;
  }
  const isCut = at < end;
  // 16-bit counts wrap around.
  if (!isCut && entries.length % 0x1_0000 !== count % 0x1_0000) throw damaged();
  return { entries, isCut };
}

async function findPlace(sizeBytes: number, read: ReadRange): Promise<Place> {
  const tailStart = Math.max(0, sizeBytes - endBytes - commentBytesMax - farLocatorBytes);
  const tail = viewOf(await read(tailStart, sizeBytes));
  const at = findEnd(tail);
  if (at === undefined) throw damaged();
  const [disk, firstDisk] = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];
  const near = {
    count: tail.getUint16(at + 10, true),
    bytes: tail.getUint32(at + 12, true),
    offset: tail.getUint32(at + 16, true),
  };
  const isFar = near.count === 0xffff || near.bytes === 0xffff_ffff || near.offset === 0xffff_ffff;
  const locator = at - farLocatorBytes;
  if (isFar && locator >= 0 && tail.getUint32(locator, true) === farLocatorMark)
    return findFarPlace(read, tailStart + locator, farOffset(tail, locator + 8));
  if (disk !== 0 || firstDisk !== 0) throw new Error("zip_split");
  return placeBefore(tailStart + at, near);
}

/** Last end record whose comment fits into the file. */
function findEnd(tail: DataView): number | undefined {
  for (let at = tail.byteLength - endBytes; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== endMark) continue;
    if (at + endBytes + tail.getUint16(at + 20, true) <= tail.byteLength) return at;
  }
  return undefined;
}

/**
 * Finds the Zip64 end record. With data prepended to the zip, it is not at its declared offset but directly before the
 * locator.
 * @param locatorAt start of the locator
 */
async function findFarPlace(read: ReadRange, locatorAt: number, writtenAt: number): Promise<Place> {
  for (const at of [writtenAt, locatorAt - farEndBytes]) {
    if (at < 0 || at + farEndBytes > locatorAt) continue;
    const far = viewOf(await read(at, at + farEndBytes));
    if (far.byteLength < farEndBytes || far.getUint32(0, true) !== farEndMark) continue;
    if (far.getUint32(16, true) !== 0 || far.getUint32(20, true) !== 0) throw new Error("zip_split");
    return placeBefore(at, { count: farOffset(far, 32), bytes: farOffset(far, 40), offset: farOffset(far, 48) });
  }
  throw damaged();
}

/** Computes the start from the end, because the declared offset is too small if a program is prepended. */
function placeBefore(end: number, { count, bytes, offset }: { count: number; bytes: number; offset: number }): Place {
  const start = end - bytes;
  if (start < 0 || offset > start) throw damaged();
  return { start, end, count, shift: start - offset };
}

function readEntry(head: DataView, rest: DataView, shift: number): ZipEntry {
  const flags = head.getUint16(8, true);
  const nameBytes = head.getUint16(28, true);
  const name = new Uint8Array(rest.buffer, rest.byteOffset, nameBytes);
  const extra = new DataView(rest.buffer, rest.byteOffset + nameBytes, head.getUint16(30, true));
  const written = head.getUint32(24, true);
  const fields = extraFields(extra);
  const far = fields.get(0x0001);
  const contentBytes =
    written === 0xffff_ffff && far !== undefined && far.byteLength >= 8 ? farOffset(far, 0) : written;
  const stamp = fields.get(0x5455);
  const hasStamp = stamp !== undefined && stamp.byteLength >= 5 && (stamp.getUint8(0) & 1) === 1;
  const changedMs = hasStamp
    ? stamp.getInt32(1, true) * 1000
    : timeOf(head.getUint16(14, true), head.getUint16(12, true));
  return {
    path: decodeName(name, (flags & 0x0800) !== 0),
    contentBytes,
    changedMs,
    isEncrypted: (flags & 1) === 1,
    method: head.getUint16(10, true),
    packedBytes: head.getUint32(20, true),
    headerAt: head.getUint32(42, true) + shift,
  };
}

function extraFields(extra: DataView): Map<number, DataView> {
  const fields = new Map<number, DataView>();
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const length = extra.getUint16(at + 2, true);
    if (at + 4 + length > extra.byteLength) break;
    fields.set(extra.getUint16(at, true), new DataView(extra.buffer, extra.byteOffset + at + 4, length));
    at += 4 + length;
  }
  return fields;
}

/** DOS times lack a time zone. The viewer's is assumed. */
function timeOf(date: number, time: number): number | undefined {
  const [year, month, day] = [1980 + (date >> 9), (date >> 5) & 15, date & 31];
  if (month < 1 || month > 12 || day < 1) return undefined;
  return new Date(year, month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2).getTime();
}

/** Inexact numbers become MAX_SAFE_INTEGER. */
function farOffset(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

/** Reads ahead, so that entries need no request each. */
function makeWindow(read: ReadRange, start: number, end: number) {
  let bytes: Uint8Array = new Uint8Array();
  let from = start;
  return {
    has: (at: number, length: number) => at >= from && at + length <= from + bytes.length,
    /** @returns false beyond the end */
    load: async (at: number, length: number): Promise<boolean> => {
      if (at + length > end) return false;
      bytes = await read(at, Math.min(end, Math.max(at + pieceBytes, at + length)));
      from = at;
      if (bytes.length < length) throw damaged();
      return true;
    },
    view: (at: number, length: number) => new DataView(bytes.buffer, bytes.byteOffset + at - from, length),
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(): Error {
  return new Error("zip_damaged");
}
