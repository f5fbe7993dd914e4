import { isUtf8 } from "node:buffer";

/**
 * In a name that is invalid UTF-8, each undecodable byte becomes a lone surrogate, U+DC00 plus the byte (PEP 383).
 * Names stay distinct and reversible, and are never valid node names.
 */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  let name = "";
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((each) => at + each <= bytes.length && isUtf8(bytes.subarray(at, at + each)));
    name +=
      length === undefined
        ? String.fromCharCode(escapeBase + (bytes[at] ?? 0))
        : bytes.toString("utf8", at, at + length);
    at += length ?? 1;
  }
  return name;
}

/** Bytes of a path, ending with NUL. The caller has checked that the path contains none. */
export function nativeBytes(path: string): Uint8Array {
  if (path.isWellFormed()) return Buffer.from(`${path}\0`, "utf8");
  const parts: Uint8Array[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    const isEscape = code >= escapeBase + 0x80 && code <= escapeBase + 0xff;
    parts.push(isEscape ? Uint8Array.of(code - escapeBase) : Buffer.from(character, "utf8"));
  }
  return Buffer.concat([...parts, Uint8Array.of(0)]);
}

const escapeBase = 0xdc00;
