import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";

/** Header of a resumable upload: a piece, or (only a total) a query for the durable offset. A total of `*` is null. */
export type ContentRange =
  | {
      readonly kind: "piece";
      readonly start: number;
      /** Offset after the last byte. */ readonly end: number;
      readonly total: number | null;
    }
  | { readonly kind: "query"; readonly total: number | null };

const contentRangePattern = /^bytes[ \t]+(?:(\d{1,16})-(\d{1,16})|\*)\/(?:(\d{1,16})|\*)$/i;

/** @throws HoldfastError `bad_request` for an invalid value; `too_large` for a total above the largest file */
export function parseContentRange(text: string): ContentRange {
  const match = contentRangePattern.exec(text.slice(0, 100).trim());
  if (match === null || text.length > 100) throw badContentRange();
  const [first, last, total] = match.slice(1).map((digits) => (digits === undefined ? null : Number(digits)));
  if (!isPosition(first) || !isPosition(last) || !isPosition(total)) throw badContentRange();
  if (Math.max(total ?? 0, (last ?? -1) + 1) > limits.fileBytesMax) {
    throw new HoldfastError("too_large", `A file has at most ${limits.fileBytesMax} bytes.`, {
      field: "Content-Range",
    });
  }
  if (first === null || last === null) return { kind: "query", total };
  if (last < first || (total !== null && last >= total)) throw badContentRange();
  return { kind: "piece", start: first, end: last + 1, total };
}

function isPosition(value: number | null | undefined): value is number | null {
  return value === null || Number.isSafeInteger(value);
}

function badContentRange(): HoldfastError {
  return new HoldfastError(
    "bad_request",
    "Content-Range must look like bytes 0-5242879/10737418240; the total can be *, and bytes */* requests the state.",
    { field: "Content-Range" },
  );
}
