/** An entry of a tar (POSIX 1003.1-2001, pax), with the data of its header. */
export interface TarEntry {
  /** Names with `/` between them, without a trailing slash. */
  readonly path: string;
  readonly kind: "file" | "folder" | "symlink";
  readonly mode: number;
  readonly mtimeMicros: number;
  /** Size of a file; otherwise 0. */
  readonly sizeBytes: number;
  /** Target of a link. */
  readonly target?: string | undefined;
}

export const tarBlockBytes = 512;
/** Two blocks of zeros. A tar without them is truncated. */
export const tarEnd: Uint8Array = new Uint8Array(2 * tarBlockBytes);

const types = { file: "0", folder: "5", symlink: "2" } as const;
/** Maximum of eleven octal digits: 8 GiB, and times from 1970 to 2242. */
const octalMax = 0o77777777777;
const plainText = /^[\x20-\x7e]*$/;

/**
 * Returns everything before the content: the header, preceded by a pax header if the plain one cannot hold the values.
 */
export function tarHeader(entry: TarEntry): Uint8Array[] {
  const path = entry.kind === "folder" ? `${entry.path}/` : entry.path;
  const records = paxRecords(entry, path);
  const own = plainHeader({
    name: plainName(path),
    link: plainName(entry.target ?? ""),
    mode: entry.mode,
    sizeBytes: entry.sizeBytes > octalMax ? 0 : entry.sizeBytes,
    seconds: secondsOf(entry.mtimeMicros),
    type: types[entry.kind],
  });
  if (records.length === 0) return [own];
  const head = plainHeader({ name: "pax", link: "", mode: 0o644, sizeBytes: records.length, seconds: 0, type: "x" });
  return [head, records, tarPadding(records.length), own];
}

/** Returns the padding after content of this size. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes);
}

function paxRecords({ mtimeMicros, sizeBytes, target }: TarEntry, path: string): Buffer {
  const records: string[] = [];
  if (!fits(path)) records.push(record("path", path));
  if (target !== undefined && !fits(target)) records.push(record("linkpath", target));
  if (sizeBytes > octalMax) records.push(record("size", String(sizeBytes)));
  if (secondsOf(mtimeMicros) * 1e6 !== mtimeMicros) records.push(record("mtime", decimalTime(mtimeMicros)));
  return Buffer.from(records.join(""));
}

function fits(text: string): boolean {
  return text.length <= 100 && plainText.test(text);
}

/** Name for programs that do not support pax. */
function plainName(text: string): string {
  return plainText.test(text) ? text.slice(0, 100) : text.replaceAll(/[^\x20-\x7e]/gu, "_").slice(0, 100);
}

/** The record's length includes its own digits. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length += 1;
  return `${length} ${key}=${value}\n`;
}

function secondsOf(micros: number): number {
  return Math.min(Math.max(Math.floor(micros / 1e6), 0), octalMax);
}

function decimalTime(micros: number): string {
  const sign = micros < 0 ? "-" : "";
  const digits = String(Math.abs(micros)).padStart(7, "0");
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Fields of a plain header. */
export interface PlainHeader {
  readonly name: string;
  readonly link: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly seconds: number;
  readonly type: string;
}

function plainHeader({ name, link, mode, sizeBytes, seconds, type }: PlainHeader): Buffer {
  const header = Buffer.alloc(tarBlockBytes);
  header.write(name, 0, "latin1");
  header.write(octal(mode, 7), 100, "latin1");
  header.write(octal(0, 7), 108, "latin1");
  header.write(octal(0, 7), 116, "latin1");
  header.write(octal(sizeBytes, 11), 124, "latin1");
  header.write(octal(seconds, 11), 136, "latin1");
  // Spaces replace the checksum while it is computed.
  header.write("        ", 148, "latin1");
  header.write(type, 156, "latin1");
  header.write(link, 157, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148, "latin1");
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
