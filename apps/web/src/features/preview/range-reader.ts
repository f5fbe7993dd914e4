/** What a list at the end of a zip may take in all; a frame that wants more wants something else. */
export const rangesBytesMax = 64 * 1024 * 1024;
const rangeBytesMax = 8 * 1024 * 1024;

type Read = (start: number, end: number) => Promise<ArrayBuffer>;

/** Gives a frame the parts of one file that it asks for, as long as it asks for no more than listing a zip takes. */
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
