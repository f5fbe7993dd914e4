import type { ReadRange } from "./asked-bytes.ts";

export interface TestEntry {
  readonly name: string | Buffer;
  readonly contentBytes?: number;
  readonly isEncrypted?: boolean;
  /** Seconds in an extra field. */
  readonly stamp?: number;
}

interface TestZip {
  readonly comment?: string;
  readonly isFar?: boolean;
  readonly contentBytes?: number;
}

/** Makes a zip of which only the directory is real. */
export function zipOf(entries: readonly TestEntry[], { comment = "", isFar, contentBytes = 10 }: TestZip = {}): Buffer {
  const content = Buffer.alloc(contentBytes, 1);
  const list = Buffer.concat(entries.map(listed));
  const isMany = isFar === true || entries.length > 0xffff;
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const at of [8, 10]) end.writeUInt16LE(isMany ? 0xffff : entries.length, at);
  end.writeUInt32LE(isMany ? 0xffff_ffff : list.length, 12);
  end.writeUInt32LE(isMany ? 0xffff_ffff : content.length, 16);
  end.writeUInt16LE(comment.length, 20);
  const far = isMany ? farEnd(entries.length, list.length, content.length) : Buffer.alloc(0);
  return Buffer.concat([content, list, far, end, Buffer.from(comment)]);
}

export function readerOf(zip: Buffer) {
  const facts = { bytesRead: 0, requests: 0 };
  const read: ReadRange = (start, end) => {
    facts.bytesRead += end - start;
    facts.requests += 1;
    return Promise.resolve(new Uint8Array(zip.subarray(start, end)));
  };
  return { read, facts };
}

function listed({ name, contentBytes = 0, isEncrypted, stamp }: TestEntry): Buffer {
  const path = Buffer.from(name as string);
  const isLarge = contentBytes > 0xffff_fffe;
  const extras: Buffer[] = [];
  if (isLarge) {
    const far = Buffer.alloc(12);
    far.writeUInt16LE(1, 0);
    far.writeUInt16LE(8, 2);
    far.writeBigUInt64LE(BigInt(contentBytes), 4);
    extras.push(far);
  }
  if (stamp !== undefined) {
    const time = Buffer.alloc(9);
    time.writeUInt16LE(0x5455, 0);
    time.writeUInt16LE(5, 2);
    time.writeUInt8(1, 4);
    time.writeInt32LE(stamp, 5);
    extras.push(time);
  }
  const extra = Buffer.concat(extras);
  const head = Buffer.alloc(46);
  head.writeUInt32LE(0x02014b50, 0);
  head.writeUInt16LE(isEncrypted === true ? 1 : 0, 8);
  head.writeUInt16LE((12 << 11) | (30 << 5) | 5, 12);
  head.writeUInt16LE(((2024 - 1980) << 9) | (2 << 5) | 29, 14);
  head.writeUInt32LE(isLarge ? 0xffff_ffff : contentBytes, 24);
  head.writeUInt16LE(path.length, 28);
  head.writeUInt16LE(extra.length, 30);
  return Buffer.concat([head, path, extra]);
}

function farEnd(count: number, listBytes: number, listAt: number): Buffer {
  const far = Buffer.alloc(76);
  far.writeUInt32LE(0x06064b50, 0);
  far.writeBigUInt64LE(44n, 4);
  for (const at of [24, 32]) far.writeBigUInt64LE(BigInt(count), at);
  far.writeBigUInt64LE(BigInt(listBytes), 40);
  far.writeBigUInt64LE(BigInt(listAt), 48);
  far.writeUInt32LE(0x07064b50, 56);
  far.writeBigUInt64LE(BigInt(listAt + listBytes), 64);
  far.writeUInt32LE(1, 72);
  return far;
}
