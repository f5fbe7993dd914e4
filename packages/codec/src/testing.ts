import { hash } from "node:crypto";

/** Returns compressible text: hexadecimal SHA-256 of `seed`0, `seed`1, … in sequence. It compresses to half. */
export function hexText(seed: string, length: number): Buffer {
  const parts: string[] = [];
  for (let index = 0; index * 64 < length; index += 1) parts.push(hash("sha256", `${seed}${index}`));
  return Buffer.from(parts.join("").slice(0, length));
}

/**
 * Returns prefixes of `text` with outputs around `outputBytes`: the shortest that reaches them, and `spread` on both
 * sides, byte by byte. An output grows by a byte or two with each second byte of hexadecimal text, so it meets most
 * numbers.
 */
export function beginningsAround(
  text: Uint8Array,
  outputBytes: number,
  outputLengthOf: (beginning: Uint8Array) => number,
  spread = 12,
): Uint8Array[] {
  let least = 1;
  for (let most = text.length; least < most;) {
    const middle = (least + most) >> 1;
    if (outputLengthOf(text.subarray(0, middle)) < outputBytes) least = middle + 1;
    else most = middle;
  }
  const from = Math.max(1, least - spread);
  const to = Math.min(text.length, least + spread);
  return Array.from({ length: to - from + 1 }, (_, index) => text.subarray(0, from + index));
}
