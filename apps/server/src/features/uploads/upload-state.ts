import { HoldfastError } from "@holdfast/core/errors";
import type { ContentRange } from "./content-range.ts";

export interface UploadState {
  /** Number of durable bytes, the only offset at which a piece may begin. */
  readonly durable: number;
  readonly total: number | null;
  /** Set after the commit. */
  readonly nodeId: string | null;
}

export interface UploadAsk {
  /** undefined: the body is the whole file. */
  readonly range: ContentRange | undefined;
  /** undefined for a chunked body, whose end determines it. */
  readonly contentLengthBytes: number | undefined;
}

export type UploadStep =
  /** Committed: respond with its node. */
  | { readonly do: "show" }
  /** Respond with the durable offset. */
  | { readonly do: "report" }
  /** Every byte is durable: commit. */
  | { readonly do: "finish"; readonly total: number }
  /** `end` is null if the piece ends with the body, as does the file if its total is unknown. */
  | { readonly do: "append"; readonly start: number; readonly end: number | null; readonly total: number | null };

/**
 * Complete state machine of an upload. Decides before the body is read, so that a rejected request takes nothing over.
 * @throws HoldfastError `offset` with `size`, the offset at which to continue; `bad_request` that names Content-Range
 */
export function nextStep(state: UploadState, ask: UploadAsk): UploadStep {
  if (state.nodeId !== null) return { do: "show" };
  if (ask.range === undefined) return wholeFile(state, ask);
  return ask.range.kind === "query" ? question(state, ask.range, ask) : piece(state, ask.range, ask);
}

export function isComplete({ durable, total }: UploadState): boolean {
  return durable === total;
}

function wholeFile({ durable, total }: UploadState, { contentLengthBytes }: UploadAsk): UploadStep {
  if (durable > 0)
    throw badRange("Part of this upload already exists: use Content-Range to specify which bytes the body contains.");
  if (contentLengthBytes === undefined) return { do: "append", start: 0, end: null, total };
  assertTotal(total, contentLengthBytes);
  if (contentLengthBytes === 0) return { do: "finish", total: 0 };
  return { do: "append", start: 0, end: contentLengthBytes, total: contentLengthBytes };
}

function question(
  state: UploadState,
  range: Extract<ContentRange, { kind: "query" }>,
  { contentLengthBytes = 0 }: UploadAsk,
): UploadStep {
  if (contentLengthBytes > 0) throw badRange("A Content-Range without positions requires an empty body.");
  assertTotal(state.total, range.total);
  const total = state.total ?? range.total;
  if (total !== null && total < state.durable) {
    throw badRange(`The file cannot have ${total} bytes: ${state.durable} were already received.`);
  }
  return total === state.durable ? { do: "finish", total } : { do: "report" };
}

function piece(
  { durable, total: knownTotal }: UploadState,
  { start, end, total }: Extract<ContentRange, { kind: "piece" }>,
  { contentLengthBytes }: UploadAsk,
): UploadStep {
  assertTotal(knownTotal, total);
  if (knownTotal !== null && end > knownTotal) {
    throw badRange(`The file has ${knownTotal} bytes, and this piece would end at ${end}.`);
  }
  if (start !== durable) {
    throw new HoldfastError("offset", `The next piece must start at byte ${durable}, not ${start}.`, {
      field: "Content-Range",
      body: { size: durable },
    });
  }
  if (contentLengthBytes !== undefined && contentLengthBytes !== end - start) {
    throw badRange(`Content-Range declares ${end - start} bytes, but the body has ${contentLengthBytes}.`);
  }
  return { do: "append", start, end, total: knownTotal ?? total };
}

function assertTotal(known: number | null, said: number | null): void {
  if (known === null || said === null || known === said) return;
  throw badRange(
    `This upload was declared with ${known} bytes, and now with ${said}. Start a new upload for another file.`,
  );
}

export function badRange(message: string): HoldfastError {
  return new HoldfastError("bad_request", message, { field: "Content-Range" });
}
