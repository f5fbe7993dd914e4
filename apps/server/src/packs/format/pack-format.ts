import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";

/** 16 random bytes, new for each sealing. */
export type PackId = string & { readonly __brand: "PackId" };

/** Unencrypted; see docs/format.md, "Packs". */
export interface PackHeader {
  readonly packId: PackId;
  readonly epoch: number;
  /** Stored bytes, including the tag of 16 bytes. */
  readonly storedLengths: Uint32Array;
  readonly footerLength: number;
}

export interface FooterEntry {
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** Plain bytes of the block. */
  readonly sizeBytes: number;
  readonly codec: "raw" | "zstd";
}

export const packFormatVersion = 1;
export const fixedHeaderBytes = 38;
export const tagBytes = 16;
/** Hash, plain size, codec. */
export const footerEntryBytes = hashBytes + 4 + 1;
export const codecCodes = { footer: 0, raw: 1, zstd: 2 } as const;
const magic = Buffer.from("hf-pack\n", "latin1");

/** Returns the key of the pack's object. The first folder distributes packs over 256 folders. */
export function packKey(packId: PackId): string {
  return `packs/${packId.slice(0, 2)}/${packId}`;
}

/** Represents unknown lost packs; sorts before all ids. */
export const lostPackId = "00000000-0000-0000-0000-000000000000" as PackId;

export const packPrefix = "packs/";
export const packKeyPattern =
  /^packs\/([0-9a-f]{2})\/(\1[0-9a-f]{6}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

export function packIdOfKey(key: string): PackId | undefined {
  return packKeyPattern.exec(key)?.[2] as PackId | undefined;
}

export function packIdOf(bytes: Uint8Array): PackId {
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as PackId;
}

export function packIdBytes(packId: PackId): Uint8Array {
  return Buffer.from(packId.replaceAll("-", ""), "hex");
}

export function headerLength(recordCount: number): number {
  return fixedHeaderBytes + 4 * recordCount;
}

export function footerLength(recordCount: number): number {
  return footerEntryBytes * recordCount + tagBytes;
}

export function writeHeader(pack: Uint8Array, header: PackHeader): void {
  const view = new DataView(pack.buffer, pack.byteOffset, pack.byteLength);
  pack.set(magic);
  view.setUint16(8, packFormatVersion);
  pack.set(packIdBytes(header.packId), 10);
  view.setUint32(26, header.epoch);
  view.setUint32(30, header.storedLengths.length);
  view.setUint32(34, header.footerLength);
  for (const [index, length] of header.storedLengths.entries()) view.setUint32(fixedHeaderBytes + 4 * index, length);
}

/** Limited by `limits.packRecordsMax`. @throws HoldfastError damaged */
export function readHeaderLength(start: Uint8Array): number {
  if (start.length < fixedHeaderBytes) throw damaged(`it has ${start.length} bytes, fewer than a header`);
  if (magic.compare(start, 0, magic.length) !== 0) throw damaged("it does not have the header of a pack");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = view.getUint16(8);
  if (version !== packFormatVersion) {
    throw damaged(`it has format version ${version}; this version of Holdfast supports ${packFormatVersion}`);
  }
  const count = view.getUint32(30);
  if (count < 1 || count > limits.packRecordsMax) throw damaged(`its header declares ${count} records`);
  return headerLength(count);
}

/**
 * Checks every number against the size of the object.
 * @param start at least the header
 * @throws HoldfastError damaged
 */
export function parseHeader(start: Uint8Array, packBytes: number): PackHeader {
  const length = readHeaderLength(start);
  if (start.length < length) throw damaged("it ends inside its header");
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const storedLengths = new Uint32Array(view.getUint32(30));
  let end = length;
  for (let index = 0; index < storedLengths.length; index += 1) {
    const stored = view.getUint32(fixedHeaderBytes + 4 * index);
    if (stored <= tagBytes || stored > limits.blockBytesMax + tagBytes)
      throw damaged(`record ${index} has ${stored} bytes`);
    storedLengths[index] = stored;
    end += stored;
  }
  const footer = view.getUint32(34);
  if (footer !== footerLength(storedLengths.length)) throw damaged(`its footer has ${footer} bytes`);
  if (end + footer !== packBytes) throw damaged(`it has ${packBytes} bytes, but its header declares ${end + footer}`);
  return { packId: packIdOf(start.subarray(10, 26)), epoch: view.getUint32(26), storedLengths, footerLength: footer };
}

/** The last offset is the footer's. */
export function recordOffsets(storedLengths: ArrayLike<number>): number[] {
  let offset = headerLength(storedLengths.length);
  const offsets = [offset];
  for (let index = 0; index < storedLengths.length; index += 1) offsets.push((offset += storedLengths[index] ?? 0));
  return offsets;
}

/** @throws HoldfastError damaged */
export function parseFooter(plain: Uint8Array, count: number): FooterEntry[] {
  if (plain.length !== count * footerEntryBytes) throw damaged(`its footer lists ${plain.length} bytes`);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  return Array.from({ length: count }, (_, index) => {
    const at = index * footerEntryBytes;
    const sizeBytes = view.getUint32(at + hashBytes);
    const code = view.getUint8(at + hashBytes + 4);
    if (sizeBytes < 1 || sizeBytes > limits.blockBytesMax)
      throw damaged(`record ${index} declares ${sizeBytes} uncompressed bytes`);
    if (code !== codecCodes.raw && code !== codecCodes.zstd) throw damaged(`record ${index} has the codec ${code}`);
    return { hash: plain.slice(at, at + hashBytes), sizeBytes, codec: code === codecCodes.raw ? "raw" : "zstd" };
  });
}

export function writeFooterEntry(footer: Uint8Array, index: number, entry: FooterEntry): void {
  const at = index * footerEntryBytes;
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  footer.set(entry.hash, at);
  view.setUint32(at + hashBytes, entry.sizeBytes);
  view.setUint8(at + hashBytes + 4, codecCodes[entry.codec]);
}

function damaged(problem: string): HoldfastError {
  return new HoldfastError("damaged", `The pack cannot be read: ${problem}.`);
}
