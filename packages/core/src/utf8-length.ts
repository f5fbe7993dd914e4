/** True if a text has more UTF-8 bytes. An unpaired surrogate counts as the three bytes of its replacement. */
export function exceedsBytes(text: string, bytesMax: number): boolean {
  // A UTF-16 unit becomes one to three bytes.
  if (text.length * 3 <= bytesMax) return false;
  return text.length > bytesMax || utf8Bytes(text) > bytesMax;
}

/** Counts the UTF-8 bytes of a text. Encoding it to get the length would take ten times as long. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A surrogate pair has four bytes and counts as two units, so the second adds nothing.
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) index += 1;
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
