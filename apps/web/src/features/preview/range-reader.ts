/** Total for a zip's directory. A frame that reads more is misbehaving. */
export const rangesBytesMax = 64 * 1024 * 1024;
const rangeBytesMax = 8 * 1024 * 1024;

type Read = (start: number, end: number) => Promise<ArrayBuffer>;

/** Limited to what listing a zip needs. */
export function makeRangeReader(sizeBytes: number, read: Read): Read {
  let leftBytes = rangesBytesMax;
  return async (start, end) => {
    if (start === end) return new ArrayBuffer();
    const bytes = end - start;
    if (start > end || end > sizeBytes || bytes > rangeBytesMax || bytes > leftBytes)
      throw new RangeError(`The frame asks for ${start} to ${end} of ${sizeBytes} bytes.`);
    leftBytes -= bytes;
    return read(start, end);
  };
}
