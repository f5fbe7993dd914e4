/**
 * Postcondition of every encoder.
 * @returns the result of `encode` if it is shorter than `bytes` and the strict `decode` restores them. Any failure is
 * no error, because the block can be sent uncompressed.
 */
export function checkedEncoding(
  bytes: Uint8Array,
  encode: () => Uint8Array,
  decode: (payload: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  try {
    const payload = encode();
    if (payload.length >= bytes.length) return undefined;
    return Buffer.compare(decode(payload), bytes) === 0 ? payload : undefined;
  } catch {
    return undefined;
  }
}
