/**
 * The postcondition of every encoder.
 * @returns what `encode` gives, if it is shorter than `bytes` and `decode`, the strict decoder, makes exactly them of it.
 *   Whatever one of the two fails at, the block can still go as it is, so that is no error.
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
