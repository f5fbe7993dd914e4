import { readZipDirectory, type ZipEntry } from "../zip/zip-directory.ts";
import { officeFailure } from "./office-failure.ts";

export interface OfficeText {
  readonly text: string;
  /** Longer than the limit: the end is missing. */
  readonly isCut: boolean;
}

export interface OfficePart extends OfficeText {
  /** Elements that may still be kept of all parts of the file. */
  readonly elements: { left: number };
}

/** Zip with the parts of a document (Open Packaging Conventions). */
export interface OfficePackage {
  /**
   * @param mayCut returns the beginning of a long part
   * @returns undefined if absent
   * @throws Error office_damaged, office_encrypted, or office_large without `mayCut`
   */
  readonly text: (path: string, mayCut?: boolean) => Promise<OfficePart | undefined>;
  /** @returns undefined if absent @throws Error like `text` */
  readonly bytes: (path: string) => Promise<Uint8Array<ArrayBuffer> | undefined>;
}

interface PackageLimits {
  readonly partBytesMax: number;
  /** Sum of all parts that are read. */
  readonly unpackedBytesMax: number;
}

const limits: PackageLimits = { partBytesMax: 32 * 1024 * 1024, unpackedBytesMax: 128 * 1024 * 1024 };

/** About a thousand pages. */
const elementsMax = 500_000;

const localMark = 0x04034b50;
const localBytes = 30;

/**
 * Ignores the declared sizes of the parts: stops unpacking at the limits.
 * @throws Error office_damaged or office_encrypted
 */
export async function openPackage(
  file: ArrayBuffer,
  { partBytesMax, unpackedBytesMax }: PackageLimits = limits,
): Promise<OfficePackage> {
  const bytes = new Uint8Array(file);
  if (isCompoundFile(bytes)) throw officeFailure(isEncryptedCompoundFile(bytes) ? "encrypted" : "damaged");
  const entries = await readEntries(bytes);
  let leftBytes = unpackedBytesMax;
  const elements = { left: elementsMax };
  const unpack = async (path: string, mayCut: boolean) => {
    const entry = entries.get(path.toLowerCase());
    if (entry === undefined) return undefined;
    const part = await unpackEntry(bytes, entry, Math.min(partBytesMax, leftBytes));
    leftBytes -= part.content.length;
    if (part.isCut && !mayCut) throw officeFailure("large");
    return part;
  };
  return {
    text: async (path, mayCut = false) => {
      const part = await unpack(path, mayCut);
      return part && { text: new TextDecoder().decode(part.content), isCut: part.isCut, elements };
    },
    bytes: async (path) => (await unpack(path, false))?.content,
  };
}

/** Container of older formats (`.doc`), and of encrypted documents. */
const compoundMark = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

function isCompoundFile(bytes: Uint8Array): boolean {
  return compoundMark.every((byte, at) => bytes[at] === byte);
}

/** The directory of the container is UTF-16 at an even position. */
function isEncryptedCompoundFile(bytes: Uint8Array): boolean {
  return new TextDecoder("utf-16le").decode(bytes).includes("EncryptedPackage");
}

/** @returns entries by their paths in lower case, because names of parts ignore the case */
async function readEntries(bytes: Uint8Array): Promise<ReadonlyMap<string, ZipEntry>> {
  const read = (start: number, end: number) => Promise.resolve(bytes.subarray(start, end));
  const { entries } = await readZipDirectory(bytes.length, read).catch(() => {
    throw officeFailure("damaged");
  });
  return new Map(entries.map((entry) => [entry.path.toLowerCase(), entry]));
}

interface Unpacked {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly isCut: boolean;
}

function unpackEntry(bytes: Uint8Array, entry: ZipEntry, bytesMax: number): Promise<Unpacked> | Unpacked {
  if (entry.isEncrypted) throw officeFailure("encrypted");
  const packed = packedOf(bytes, entry);
  if (entry.method === 8) return inflate(packed, bytesMax);
  if (entry.method !== 0) throw officeFailure("damaged");
  return { content: packed.slice(0, bytesMax), isCut: packed.length > bytesMax };
}

/** The local header repeats the name, and has another extra field than the directory. */
function packedOf(bytes: Uint8Array, { headerAt, packedBytes }: ZipEntry): Uint8Array {
  if (headerAt + localBytes > bytes.length) throw officeFailure("damaged");
  const header = new DataView(bytes.buffer, bytes.byteOffset + headerAt, localBytes);
  if (header.getUint32(0, true) !== localMark) throw officeFailure("damaged");
  const start = headerAt + localBytes + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + packedBytes > bytes.length) throw officeFailure("damaged");
  return bytes.subarray(start, start + packedBytes);
}

/** Browsers unpack one piece at a time, without a limit, and deflate expands up to 1,032 times. */
const packedPieceBytes = 16 * 1024;

async function inflate(packed: Uint8Array, bytesMax: number): Promise<Unpacked> {
  const reader = piecesOf(packed).pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      pieces.push(value);
      length += value.length;
      if (length > bytesMax) break;
    }
  } catch {
    throw officeFailure("damaged");
  }
  const isCut = length > bytesMax;
  if (isCut) await reader.cancel();
  return { content: joined(pieces, Math.min(length, bytesMax)), isCut };
}

function piecesOf(packed: Uint8Array): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream<BufferSource>(
    {
      pull: (controller) => {
        if (at >= packed.length) {
          controller.close();
          return;
        }
        controller.enqueue(packed.slice(at, at + packedPieceBytes));
        at += packedPieceBytes;
      },
    },
    { highWaterMark: 0 },
  );
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece.subarray(0, length - at), at);
    at += Math.min(piece.length, length - at);
  }
  return whole;
}
