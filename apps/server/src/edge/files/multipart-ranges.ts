import { type ByteRange, formatContentRange } from "../exchange/ranges.ts";

/** A multipart/byteranges body (RFC 9110, 14.6). Its length is known before the content is read. */
export function multipartOf(ranges: readonly ByteRange[], sizeBytes: number, type: string, boundary: string) {
  const heads = ranges.map((range, index) =>
    Buffer.from(
      `${index === 0 ? "" : "\r\n"}--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: ${formatContentRange(range, sizeBytes)}\r\n\r\n`,
    ),
  );
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const partsBytes = ranges.reduce(
    (sum, range, index) => sum + (heads[index]?.length ?? 0) + range.end - range.start,
    0,
  );
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    sizeBytes: partsBytes + end.length,
    async *body(read: (range: ByteRange) => AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
      for (const [index, range] of ranges.entries()) {
        yield heads[index] ?? Buffer.alloc(0);
        yield* read(range);
      }
      yield end;
    },
  };
}
