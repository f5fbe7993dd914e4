import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { type PlainHeader, tarBlockBytes, type TarEntry } from "./write-tar.ts";

export interface ReadTarEntry extends TarEntry {
  /** Offset of the content in bytes. */
  readonly offset: number;
  /** Content, which must be read before the next entry is requested, or not at all. */
  readonly content: AsyncGenerator<Uint8Array, void, undefined>;
}

/** Enough for a path, a link's target, and their keys. */
const paxBytesMax = 2 * limits.pathBytesMax + 4096;

/**
 * Reads a tar as written by `write-tar.ts`: files, folders and symbolic links, in the formats ustar and pax. Rejects
 * other entries, wrong checksums and data after the end, with the position.
 * @throws HoldfastError failed; unreachable for a truncated tar
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadTarEntry, void, undefined> {
  const reader = new ByteReader(source);
  try {
    for (;;) {
      const at = reader.offset;
      const header = await reader.take(tarBlockBytes);
      if (isZeros(header)) return await readEnd(reader);
      const plain = parseHeader(header, at);
      const { entry, header: own } =
        plain.type === "x" ? await readPax(reader, plain.sizeBytes, at) : { entry: {}, header: plain };
      const whole = { ...toEntry(own, at), ...entry };
      const { offset } = reader;
      assertEntry(whole, at);
      const content = reader.content(whole.sizeBytes);
      yield { ...whole, offset, content };
      for await (const _ of content);
      await reader.take((tarBlockBytes - (whole.sizeBytes % tarBlockBytes)) % tarBlockBytes);
    }
  } finally {
    await reader.close();
  }
}

/** Checks the second block of zeros, and that only zeros follow. */
async function readEnd(reader: ByteReader): Promise<void> {
  if (!isZeros(await reader.take(tarBlockBytes))) throw bad(reader.offset, "one block of zeros stands alone");
  for await (const piece of reader.rest()) if (!isZeros(piece)) throw bad(reader.offset, "there is data after its end");
}

async function readPax(reader: ByteReader, sizeBytes: number, at: number) {
  if (sizeBytes > paxBytesMax) throw bad(at, `its pax header has ${sizeBytes} bytes`);
  const records = await reader.take(sizeBytes);
  await reader.take((tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes);
  const header = parseHeader(await reader.take(tarBlockBytes), at);
  if (header.type === "x") throw bad(at, "one pax header follows another");
  return { entry: parsePax(records, at, header), header };
}

function parseHeader(header: Buffer, at: number): PlainHeader {
  const magic = header.toString("latin1", 257, 263);
  if (magic !== "ustar\0" && magic !== "ustar ") throw bad(at, "a tar header is missing");
  const sum = header.reduce((total, byte, place) => total + (place >= 148 && place < 156 ? 0x20 : byte), 0);
  if (sum !== octalAt(header, 148, 8, at)) throw bad(at, "the checksum of its header is wrong");
  const prefix = magic === "ustar\0" ? textAt(header, 345, 155, at) : "";
  const name = textAt(header, 0, 100, at);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    link: textAt(header, 157, 100, at),
    mode: octalAt(header, 100, 8, at) & 0o777,
    sizeBytes: octalAt(header, 124, 12, at),
    seconds: octalAt(header, 136, 12, at),
    type: String.fromCharCode(header[156] ?? 0),
  };
}

const kinds: Readonly<Record<string, TarEntry["kind"]>> = { "0": "file", "\0": "file", "5": "folder", "2": "symlink" };

function toEntry({ name, link, mode, sizeBytes, seconds, type }: PlainHeader, at: number): TarEntry {
  const kind = kinds[type];
  if (kind === undefined)
    throw bad(at, `${JSON.stringify(name)} has a type that is not allowed in an archive (${JSON.stringify(type)})`);
  const path = kind === "folder" ? name.replace(/\/$/, "") : name;
  return { path, kind, mode, mtimeMicros: seconds * 1e6, sizeBytes, ...(kind === "symlink" ? { target: link } : {}) };
}

function parsePax(records: Buffer, at: number, { type }: PlainHeader): Partial<TarEntry> {
  const fields: { -readonly [Key in keyof TarEntry]?: TarEntry[Key] } = {};
  for (let begin = 0; begin < records.length;) {
    const space = records.indexOf(0x20, begin);
    const digits = records.toString("latin1", begin, space);
    const length = /^[1-9]\d{0,5}$/.test(digits) && space !== -1 ? Number(digits) : 0;
    const equals = records.indexOf(0x3d, space);
    const end = begin + length;
    if (length === 0 || end > records.length || equals === -1 || equals >= end || records[end - 1] !== 0x0a)
      throw bad(at, "its pax header cannot be read");
    const value = utf8(records.subarray(equals + 1, end - 1), at);
    Object.assign(fields, paxField(records.toString("latin1", space + 1, equals), value, { at, type }));
    begin = end;
  }
  return fields;
}

function paxField(key: string, value: string, { at, type }: { at: number; type: string }): Partial<TarEntry> {
  if (key === "path") return { path: type === "5" ? value.replace(/\/$/, "") : value };
  if (key === "linkpath") return { target: value };
  if (key === "size" && /^\d{1,16}$/.test(value)) return { sizeBytes: Number(value) };
  if (key === "mtime" && /^-?\d{1,15}(?:\.\d{1,9})?$/.test(value))
    return { mtimeMicros: Math.round(Number(value) * 1e6) };
  if (key === "size" || key === "mtime") throw bad(at, `the ${key} of its pax header is not a number`);
  // Ignores owners, other times and further pax keys.
  return {};
}

function assertEntry({ path, kind, sizeBytes }: TarEntry, at: number): void {
  if (path.includes("\0") || Buffer.byteLength(path) > 2 * limits.pathBytesMax) throw bad(at, "its path is not valid");
  if (kind !== "file" && sizeBytes > 0) throw bad(at, `${JSON.stringify(path)} is a ${kind} with content`);
  if (sizeBytes > limits.fileBytesMax) throw bad(at, `${JSON.stringify(path)} declares ${sizeBytes} bytes`);
}

function textAt(header: Buffer, from: number, length: number, at: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return utf8(end === -1 ? field : field.subarray(0, end), at);
}

function octalAt(header: Buffer, from: number, length: number, at: number): number {
  const text = header.toString("latin1", from, from + length).replaceAll(/^[ ]+|[ \0]+$/g, "");
  if (text !== "" && !/^[0-7]{1,12}$/.test(text)) throw bad(at, "a number in its header is not valid");
  return text === "" ? 0 : Number.parseInt(text, 8);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array, at: number): string {
  try {
    return decoder.decode(bytes);
  } catch (thrown) {
    throw new HoldfastError("failed", `Byte ${at} of the archive: a name is not UTF-8.`, { cause: thrown });
  }
}

function bad(at: number, why: string): HoldfastError {
  return new HoldfastError("failed", `This is not a Holdfast archive, or it is damaged: at byte ${at}, ${why}.`);
}

function isZeros(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Reads bytes from pieces of any length, and holds one piece in memory. */
class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Buffer = Buffer.alloc(0);
  offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @throws HoldfastError unreachable if the source ends earlier */
  async take(count: number): Promise<Buffer> {
    const taken: Buffer[] = [];
    for (let left = count; left > 0;) {
      const piece = await this.#next(left);
      if (piece === undefined) throw this.#cut();
      taken.push(piece);
      left -= piece.length;
    }
    return taken.length === 1 ? (taken[0] as Buffer) : Buffer.concat(taken);
  }

  async *content(sizeBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = sizeBytes; left > 0;) {
      const piece = await this.#next(left);
      if (piece === undefined) throw this.#cut();
      left -= piece.length;
      yield piece;
    }
  }

  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let piece = await this.#next(Infinity); piece !== undefined; piece = await this.#next(Infinity)) yield piece;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** Returns at most `max` bytes. */
  async #next(max: number): Promise<Buffer | undefined> {
    while (this.#piece.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#piece = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    }
    const piece = this.#piece.subarray(0, Math.min(max, this.#piece.length));
    this.#piece = this.#piece.subarray(piece.length);
    this.offset += piece.length;
    return piece;
  }

  #cut(): HoldfastError {
    const message = `The archive is incomplete: it stops at byte ${this.offset}. Export or copy it again.`;
    return new HoldfastError("unreachable", message);
  }
}
