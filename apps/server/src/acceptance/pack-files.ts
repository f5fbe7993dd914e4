import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { basename, join } from "node:path";

/** Packs in a store's folder: id (32 hex digits) to path. */
export function findPackFiles(store: string): Map<string, string> {
  const packs = new Map<string, string>();
  for (const entry of readdirSync(store, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && path.includes("/objects/packs/")) packs.set(basename(path).replaceAll("-", ""), path);
  }
  return packs;
}

/** Packs in the default store of a data folder: id (32 hex digits) to size in bytes. */
export function listPackFiles(dataFolder: string): Map<string, number> {
  const files = findPackFiles(join(dataFolder, "store"));
  return new Map([...files].map(([pack, path]) => [pack, statSync(path).size]));
}

export interface PackLayout {
  readonly records: readonly { readonly start: number; readonly length: number }[];
  readonly footerStart: number;
  readonly sizeBytes: number;
}

export function readPackLayout(path: string): PackLayout {
  const bytes = readFileSync(path);
  const count = bytes.readUInt32BE(30);
  const records = [];
  let start = 38 + 4 * count;
  for (let index = 0; index < count; index += 1) {
    const length = bytes.readUInt32BE(38 + 4 * index);
    records.push({ start, length });
    start += length;
  }
  return { records, footerStart: start, sizeBytes: bytes.length };
}

/** Flips one bit, like a bad disk. */
export function flipByte(path: string, offset: number): void {
  const file = openSync(path, "r+");
  try {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, offset);
    byte[0] = byte[0]! ^ 0x10;
    writeSync(file, byte, 0, 1, offset);
  } finally {
    closeSync(file);
  }
}
