import { HoldfastError } from "@holdfast/core/errors";
import { hashBytes, toHashHex } from "@holdfast/core/hash-hex";
import { limits } from "@holdfast/core/limits";
import { decodeFrameHeader, frameHeaderBytes, headerProblem } from "./frames-header.ts";
import type { Frame, FrameHeader } from "./frames-header.ts";

export interface FrameOptions {
  /** What the declared sizes may sum to; 64 MiB unless told. */
  readonly framesBytesMax?: number;
  /** How many frames may come; 10,000 unless told. */
  readonly framesMax?: number;
  /** Names the body in messages. */
  readonly field?: string;
  /**
   * Gives the memory, of exactly so many bytes, into which the payload of a raw or zstd frame is written as it comes; a
   * buffer of its own unless told. What it held before does not matter.
   */
  readonly place?: (lengthBytes: number) => Uint8Array<ArrayBuffer>;
}

/**
 * Takes frames from slices of any length. It holds one unfinished frame and nothing else, and copies each byte once.
 * After an error it stays failed. All its errors are HoldfastError: bad_request, or too_large beyond a limit.
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

  /** @returns the frames that end within `slice`, which the caller may reuse afterwards */
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

  /** Call it when the input has ended. @throws HoldfastError bad_request if it ended within a frame */
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

/** All frames of a body that is in memory. @throws HoldfastError as `FrameParser` */
export function parseFrames(bytes: Uint8Array, options: FrameOptions = {}): Frame[] {
  const parser = new FrameParser(options);
  const frames = parser.push(bytes);
  parser.finish();
  return frames;
}

/** Yields the frames as they become whole, those of one slice together. @throws HoldfastError as `FrameParser` */
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
