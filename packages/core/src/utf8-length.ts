/** Whether a text has more bytes than that in UTF-8. An unpaired surrogate counts as the three of its replacement. */
export function exceedsBytes(text: string, bytesMax: number): boolean {
  // A unit of UTF-16 becomes one byte at least and three at most.
  if (text.length * 3 <= bytesMax) return false;
  return text.length > bytesMax || utf8Bytes(text) > bytesMax;
}

/** Bytes of a text in UTF-8. Counted here, since to encode it only to know its length costs ten times as much. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // The pair has four bytes and counts two units: the second adds nothing.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) index += 1;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
