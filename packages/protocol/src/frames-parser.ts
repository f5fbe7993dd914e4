import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes, toHashHex } from "@holdfast/core/hash-hex";
import { limits } from "@holdfast/core/limits";
import { decodeFrameHeader, frameHeaderBytes, headerProblem } from "./frames-header.ts";
import type { Frame, FrameHeader } from "./frames-header.ts";

export interface FrameOptions {
  /** Maximum sum of the declared sizes; default: 64 MiB. */
  readonly framesBytesMax?: number;
  /** Maximum number of frames; default: 10,000. */
  readonly framesMax?: number;
  /** Name of the body in messages. */
  readonly field?: string;
  /**
   * Returns memory of exactly this size, which receives the payload of a raw or zstd frame; default: a new buffer.
   * Earlier content does not matter.
   */
  readonly place?: (lengthBytes: number) => Uint8Array<ArrayBuffer>;
}

/**
 * Parses frames from slices of any length. Holds at most one unfinished frame, and copies each byte once. After an
 * error, every call fails. All errors are HoldfastError: bad_request, or too_large above a limit.
 */
export class FrameParser {
  readonly #bytesMax: number;
  readonly #framesMax: number;
  readonly #field: string;
  readonly #place: (lengthBytes: number) => Uint8Array<ArrayBuffer>;
  readonly #header = new Uint8Array(frameHeaderBytes);
  #headerFilled = 0;
  #pending: { header: FrameHeader; payload: Uint8Array<ArrayBuffer>; filled: number } | undefined;
  #frames = 0;
  #bytes = 0;
  #failure: HoldfastError | undefined;

  constructor(options: FrameOptions = {}) {
    this.#bytesMax = options.framesBytesMax ?? limits.requestFramesBytesMax;
    this.#framesMax = options.framesMax ?? limits.requestFramesMax;
    this.#field = options.field ?? "frames";
    this.#place = options.place ?? ownMemory;
  }

  /** @returns frames that end in `slice`, which the caller may reuse */
  push(slice: Uint8Array): Frame[] {
    if (this.#failure !== undefined) throw this.#failure;
    const frames: Frame[] = [];
    for (let position = 0; position < slice.length;) {
      position = this.#pending === undefined ? this.#fillHeader(slice, position) : this.#fillPayload(slice, position);
      const frame = this.#takeFrame();
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  /** Called at the end of the input. @throws HoldfastError bad_request if a frame is incomplete */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pending === undefined && this.#headerFilled === 0) return;
    this.#fail("bad_request", `the body ends within frame ${this.#frames}`);
  }

  #fillHeader(slice: Uint8Array, position: number): number {
    const end = Math.min(slice.length, position + frameHeaderBytes - this.#headerFilled);
    this.#header.set(slice.subarray(position, end), this.#headerFilled);
    this.#headerFilled += end - position;
    if (this.#headerFilled === frameHeaderBytes) this.#startPayload();
    return end;
  }

  #startPayload(): void {
    this.#headerFilled = 0;
    const header = this.#decodeHeader();
    const problem = headerProblem(header);
    if (problem !== undefined) this.#fail("bad_request", `frame ${this.#frames} ${problem}`);
    this.#frames += 1;
    this.#bytes += header.size;
    if (this.#frames > this.#framesMax) this.#fail("too_large", `there are more than ${this.#framesMax} frames`);
    if (this.#bytes > this.#bytesMax) {
      this.#fail(
        "too_large",
        `the frames contain more than ${this.#bytesMax} bytes when uncompressed; send them in several requests`,
      );
    }
    const place = header.kind === "raw" || header.kind === "zstd" ? this.#place : ownMemory;
    this.#pending = { header, payload: place(header.length), filled: 0 };
  }

  #decodeHeader(): FrameHeader {
    const header = decodeFrameHeader(this.#header);
    if (header !== undefined) return header;
    return this.#fail("bad_request", `frame ${this.#frames} is of the unknown kind ${this.#header[0]}`);
  }

  #fillPayload(slice: Uint8Array, position: number): number {
    const pending = this.#pending;
    if (pending === undefined) return position;
    const end = Math.min(slice.length, position + pending.payload.length - pending.filled);
    pending.payload.set(slice.subarray(position, end), pending.filled);
    pending.filled += end - position;
    return end;
  }

  #takeFrame(): Frame | undefined {
    const pending = this.#pending;
    if (pending === undefined || pending.filled < pending.payload.length) return undefined;
    this.#pending = undefined;
    const { kind, hash, size } = pending.header;
    if (kind !== "patch") return { kind, hash, size, payload: pending.payload };
    const base = toHashHex(pending.payload.subarray(0, hashBytes));
    return { kind, hash, size, base, payload: pending.payload.slice(hashBytes) };
  }

  #fail(code: "bad_request" | "too_large", problem: string): never {
    this.#pending = undefined;
    this.#failure = new HoldfastError(code, `The frames cannot be read: ${problem}.`, { field: this.#field });
    throw this.#failure;
  }
}

function ownMemory(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(lengthBytes);
}

/** Parses a whole body in memory. @throws HoldfastError as `FrameParser` */
export function parseFrames(bytes: Uint8Array, options: FrameOptions = {}): Frame[] {
  const parser = new FrameParser(options);
  const frames = parser.push(bytes);
  parser.finish();
  return frames;
}

/** Yields complete frames, those of one slice together. @throws HoldfastError as `FrameParser` */
export async function* readFrames(
  source: AsyncIterable<Uint8Array>,
  options: FrameOptions = {},
): AsyncGenerator<Frame[], void, undefined> {
  const parser = new FrameParser(options);
  for await (const slice of source) {
    const frames = parser.push(slice);
    if (frames.length > 0) yield frames;
  }
  parser.finish();
}
