import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { encodeFrame } from "./frames-header.ts";
import type { Frame } from "./frames-header.ts";
import { readFrames } from "./frames-parser.ts";
import type { FrameOptions } from "./frames-parser.ts";
import { parseJson } from "./parse-json.ts";

/** A body of type `application/vnd.holdfast.batch`: u32 big-endian length of the JSON, the JSON, then frames. */
export interface BatchBody {
  /** Parsed, but not checked against a schema. */
  readonly json: unknown;
  /** Must be read to the end. Only then is the body known to be complete. */
  readonly frames: AsyncGenerator<Frame[], void, undefined>;
}

export interface BatchOptions extends FrameOptions {
  /** Awaited before JSON of this size is parsed. */
  readonly admitJson?: (sizeBytes: number) => Promise<void>;
}

/** Returns the parts of a body in order. Payloads are not copied. */
export function encodeBatchBody(json: unknown, frames: readonly Frame[]): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(json));
  if (text.length > limits.requestJsonBytesMax) {
    throw new HoldfastError("too_large", `The JSON of a batch has at most ${limits.requestJsonBytesMax} bytes.`);
  }
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, text.length);
  return [length, text, ...frames.flatMap(encodeFrame)];
}

/**
 * Reads the JSON, and leaves the frames in the source.
 * @throws HoldfastError bad_request for a truncated body or invalid JSON, too_large for more than 16 MiB of JSON
 */
export async function readBatchBody(source: AsyncIterable<Uint8Array>, options: BatchOptions = {}): Promise<BatchBody> {
  const slices = source[Symbol.asyncIterator]();
  const front = new FrontReader(slices);
  const length = await front.take(4);
  const jsonBytes = new DataView(length.buffer).getUint32(0);
  if (jsonBytes > limits.requestJsonBytesMax) {
    throw new HoldfastError("too_large", `The JSON of a batch has at most ${limits.requestJsonBytesMax} bytes.`, {
      field: "body",
    });
  }
  const bytes = await front.take(jsonBytes);
  await options.admitJson?.(jsonBytes);
  const json = parseJson(bytes, "body");
  return { json, frames: readFrames(front.rest(), options) };
}

/** Reads exact lengths from the start of a stream, and passes on the rest. */
class FrontReader {
  readonly #slices: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array(0);

  constructor(slices: AsyncIterator<Uint8Array>) {
    this.#slices = slices;
  }

  /** Collects bytes before allocating, so that a declared length alone uses no memory. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const gathered: Uint8Array[] = [];
    let have = 0;
    while (have < count) {
      if (this.#left.length === 0) await this.#refill();
      // A copy even of a Buffer, whose `slice` does not copy: the source may reuse its memory.
      const part = Uint8Array.from(this.#left.subarray(0, count - have));
      this.#left = this.#left.subarray(part.length);
      gathered.push(part);
      have += part.length;
    }
    return join(gathered, count);
  }

  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (this.#left.length > 0) yield this.#left;
      for (let step = await this.#slices.next(); step.done !== true; step = await this.#slices.next()) yield step.value;
    } finally {
      await this.#slices.return?.();
    }
  }

  async #refill(): Promise<void> {
    const step = await this.#slices.next();
    if (step.done === true)
      throw new HoldfastError("bad_request", "The body of the batch is incomplete.", { field: "body" });
    this.#left = step.value;
  }
}

function join(parts: readonly Uint8Array[], count: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
