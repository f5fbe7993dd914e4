import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes, toHashHex } from "@holdfast/core/hash-hex";
import type { HashHex } from "@holdfast/core/ids";
import { decodeFrameHeader, type FrameKind, frameHeaderBytes, headerProblem } from "./frames-header.ts";

/** A frame with its position in a body. */
export interface FramePlace {
  readonly kind: FrameKind;
  readonly hash: HashHex;
  /** Plain bytes of the block. */
  readonly size: number;
  /** Start of the payload; for a patch, after the hash of its base. */
  readonly start: number;
  readonly end: number;
  /** Only for a patch. */
  readonly base: HashHex | undefined;
}

/**
 * Finds frames in a body in memory without copying. For a truncated body, returns the complete frames. @throws
 * HoldfastError bad_request for an invalid frame, or more than `framesMax`
 */
export function findFrames(
  body: Uint8Array,
  { framesMax, isCut = false }: { readonly framesMax: number; readonly isCut?: boolean },
): FramePlace[] {
  const places: FramePlace[] = [];
  for (let position = 0; position < body.length;) {
    const start = position + frameHeaderBytes;
    if (isCut && start > body.length) break;
    const header = start <= body.length ? decodeFrameHeader(body.subarray(position, start)) : undefined;
    const problem = header === undefined ? "ends too soon or is of an unknown kind" : headerProblem(header);
    if (header === undefined || problem !== undefined) throw unreadable(`frame ${places.length} ${problem}`);
    const end = start + header.length;
    if (isCut && end > body.length) break;
    if (end > body.length) throw unreadable(`the body ends within frame ${places.length}`);
    if (places.length === framesMax) throw unreadable(`there are more than ${framesMax} frames`);
    const { kind, hash, size } = header;
    const baseBytes = kind === "patch" ? hashBytes : 0;
    const base = kind === "patch" ? toHashHex(body.subarray(start, start + hashBytes)) : undefined;
    places.push({ kind, hash, size, start: start + baseBytes, end, base });
    position = end;
  }
  return places;
}

/** Returns the incomplete frame at the end of a truncated body. */
export function findCutFrame(
  body: Uint8Array,
  whole: readonly FramePlace[],
): Pick<FramePlace, "kind" | "hash" | "size" | "start"> | undefined {
  const position = whole.at(-1)?.end ?? 0;
  const start = position + frameHeaderBytes;
  const header = start <= body.length ? decodeFrameHeader(body.subarray(position, start)) : undefined;
  if (header === undefined || headerProblem(header) !== undefined) return undefined;
  return { kind: header.kind, hash: header.hash, size: header.size, start };
}

function unreadable(problem: string): HoldfastError {
  return new HoldfastError("bad_request", `The frames cannot be read: ${problem}.`, { field: "frames" });
}
