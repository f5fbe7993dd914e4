import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";

/** `end`: offset after the last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const rangeHeaderBytesMax = 8192;

/**
 * Parts in the order of the request unless some overlap; never more bytes than the file. undefined: the whole file,
 * without a valid header or for another unit (RFC 9110, 14.2).
 * @throws HoldfastError `range` with `size` if no part is in the file, or for too many parts
 */
export function parseRange(header: string | undefined, sizeBytes: number): readonly ByteRange[] | undefined {
  if (header === undefined) return undefined;
  const set = /^bytes=([\d ,\t-]+)$/i.exec(header.slice(0, rangeHeaderBytesMax + 1).trim())?.[1];
  if (set === undefined || header.length > rangeHeaderBytesMax) return undefined;
  const specs = set
    .split(",")
    .map((spec) => spec.trim())
    .filter((spec) => spec !== "");
  if (specs.length > limits.downloadRangesMax) {
    throw unsatisfiable(`A download takes at most ${limits.downloadRangesMax} ranges.`, sizeBytes);
  }
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const range = readSpec(spec, sizeBytes);
    if (range === "invalid") return undefined;
    if (range !== "outside") ranges.push(range);
  }
  if (ranges.length === 0) {
    if (specs.length === 0) return undefined;
    throw unsatisfiable(`The file has ${sizeBytes} bytes; none of the requested ranges is inside it.`, sizeBytes);
  }
  return coalesce(ranges);
}

function readSpec(spec: string, sizeBytes: number): ByteRange | "invalid" | "outside" {
  const match = /^(\d{0,16})-(\d{0,16})$/.exec(spec);
  const [, first = "", last = ""] = match ?? [];
  if (match === null || (first === "" && last === "")) return "invalid";
  if (first === "") {
    const start = Math.max(0, sizeBytes - Number(last));
    return start < sizeBytes ? { start, end: sizeBytes } : "outside";
  }
  const start = Number(first);
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (last !== "" && Number(last) < start) return "invalid";
  return start < sizeBytes ? { start, end } : "outside";
}

/** Merges overlapping parts only. Clients expect all others as separate parts, even adjacent ones. */
function coalesce(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.toSorted((left, right) => left.start - right.start);
  const merged: ByteRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before !== undefined && range.start < before.end) {
      merged[merged.length - 1] = { start: before.start, end: Math.max(before.end, range.end) };
    } else merged.push(range);
  }
  return merged.length === ranges.length ? ranges : merged;
}

function unsatisfiable(message: string, sizeBytes: number): HoldfastError {
  return new HoldfastError("range", message, { field: "Range", body: { size: sizeBytes } });
}

export function formatContentRange({ start, end }: ByteRange, sizeBytes: number): string {
  return `bytes ${start}-${end - 1}/${sizeBytes}`;
}
