import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { fromHashHex, sha256 } from "@holdfast/core/hash";
import { limits } from "@holdfast/core/limits";
import { fc } from "@holdfast/tools/properties";
import {
  encodeBatchBody,
  encodeFrame,
  encodeFrameHeader,
  frameHeaderBytes,
  FrameParser,
  findFrames,
  parseFrames,
  readBatchBody,
  readFrames,
} from "./frames.ts";
import type { Frame, FrameKind } from "./frames.ts";

const hash = sha256(new Uint8Array([1]));
const base = sha256(new Uint8Array([2]));

/** Kinds with a payload that the parser accepts. The parser does not decode payloads. */
const frames = fc
  .record({
    kind: fc.constantFrom<FrameKind>("raw", "zstd", "absent", "patch"),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  .map(({ kind, bytes }): Frame => {
    const payload = Uint8Array.from(bytes);
    if (kind === "absent") return { kind, hash, size: 0, payload: new Uint8Array(0) };
    if (kind === "patch") return { kind, hash, size: payload.length + 33, payload, base };
    return { kind, hash, size: kind === "raw" ? payload.length : payload.length + 1, payload };
  });

function bytesOf(list: readonly Frame[]): Uint8Array {
  return Buffer.concat(list.flatMap(encodeFrame));
}

function slicesOf(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const slices: Uint8Array[] = [];
  let position = 0;
  for (const length of [...lengths, bytes.length]) {
    slices.push(bytes.subarray(position, position + length));
    position = Math.min(bytes.length, position + length);
  }
  return slices;
}

/** Returns the frames before the first error, and the error. */
function outcomeOf(slices: readonly Uint8Array[]): { frames: Frame[]; error: string | undefined } {
  const parser = new FrameParser();
  const taken: Frame[] = [];
  try {
    for (const slice of slices) taken.push(...parser.push(slice));
    parser.finish();
    return { frames: taken, error: undefined };
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    return { frames: taken, error: `${thrown.code} ${thrown.message}` };
  }
}

function refusedAs(code: string, part: RegExp): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof HoldfastError && thrown.code === code && part.test(thrown.message);
}

/** Writes a header by hand, because `encodeFrameHeader` rejects invalid ones. */
function rawHeader(code: number, size: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(frameHeaderBytes);
  bytes.writeUInt8(code, 0);
  bytes.set(fromHashHex(hash), 1);
  bytes.writeUInt32BE(size, 33);
  bytes.writeUInt32BE(length, 37);
  return bytes;
}

test("the frame of docs/format.md has the documented bytes", () => {
  const frame: Frame = {
    kind: "raw",
    hash: sha256(Buffer.from("abc")),
    size: 3,
    payload: new Uint8Array(Buffer.from("abc")),
  };
  assert.equal(
    Buffer.from(bytesOf([frame])).toString("hex"),
    "01ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0000000300000003616263",
  );
});

test("frames are decoded as sent from a body in any slices, each on a buffer of its own", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 12 }), lengths, (list, cuts) => {
      const outcome = outcomeOf(slicesOf(bytesOf(list), cuts));
      assert.deepEqual(outcome, { frames: list, error: undefined });
      for (const { payload } of outcome.frames) assert.equal(payload.buffer.byteLength, payload.byteLength);
    }),
  );
});

test("any bytes give frames or a HoldfastError, the same for any slices", () => {
  const damaged = fc
    .tuple(fc.array(frames, { minLength: 1, maxLength: 4 }), fc.nat(), fc.integer({ min: 0, max: 255 }))
    .map(([list, at, value]) => {
      const bytes = Uint8Array.from(bytesOf(list));
      bytes[at % bytes.length] = value;
      return bytes.subarray(0, at % 3 === 0 ? at % bytes.length : bytes.length);
    });
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged);
  const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
  fc.assert(
    fc.property(bytes, lengths, (input, cuts) => {
      const whole = outcomeOf([input]);
      const sliced = outcomeOf(slicesOf(input, cuts));
      assert.equal(sliced.error, whole.error);
      if (whole.error === undefined) assert.deepEqual(sliced.frames, whole.frames);
      assert.deepEqual(foundIn(input), whole.error === undefined ? whole.frames : "refused");
    }),
    { numRuns: 500 },
  );
});

/** Returns the same frames, found in the body. */
function foundIn(body: Uint8Array): unknown {
  try {
    return findFrames(body, { framesMax: 1000 }).map(({ kind, hash: named, size, start, end, base: of }) => {
      const frame = { kind, hash: named, size, payload: body.slice(start, end) };
      return of === undefined ? frame : Object.assign(frame, { base: of });
    });
  } catch (thrown) {
    assert.ok(thrown instanceof HoldfastError && thrown.code === "bad_request", String(thrown));
    return "refused";
  }
}

test("more frames than requested are rejected at the first excess one", () => {
  const body = bytesOf(Array.from({ length: 4 }, () => ({ kind: "raw", hash, size: 1, payload: Uint8Array.of(7) })));
  assert.equal(findFrames(body, { framesMax: 4 }).length, 4);
  assert.equal(findFrames(body.subarray(0, -1), { framesMax: 4, isCut: true }).length, 3);
  assert.equal(findFrames(body.subarray(0, 60), { framesMax: 4, isCut: true }).length, 1);
  assert.throws(() => findFrames(body, { framesMax: 3 }), refusedAs("bad_request", /more than 3 frames/));
});

test("a body truncated anywhere within a frame is rejected", () => {
  const body = bytesOf([{ kind: "raw", hash, size: 3, payload: Uint8Array.of(1, 2, 3) }]);
  for (let length = 1; length < body.length; length += 1) {
    assert.throws(() => parseFrames(body.subarray(0, length)), refusedAs("bad_request", /ends within frame/));
  }
  assert.equal(parseFrames(body).length, 1);
});

test("invalid headers are rejected before any payload is awaited", () => {
  const refused: [number, number, number, RegExp][] = [
    [0, 1, 1, /unknown kind 0/],
    [5, 1, 1, /unknown kind 5/],
    [1, 0, 0, /declares 0 bytes/],
    [1, limits.blockBytesMax + 1, limits.blockBytesMax + 1, /declares 4194305 bytes/],
    [1, 10, 9, /is raw/],
    [2, 10, 10, /not less than/],
    [2, 10, 0, /too few/],
    [3, 0, 1, /absent/],
    [3, 1, 0, /absent/],
    [4, 100, 32, /too few/],
    [4, 100, 100, /not less than/],
  ];
  for (const [code, size, length, part] of refused) {
    assert.throws(() => new FrameParser().push(rawHeader(code, size, length)), refusedAs("bad_request", part));
  }
});

test("senders write no header that receivers reject", () => {
  assert.throws(() => encodeFrameHeader({ kind: "raw", hash, size: 2, length: 1 }), refusedAs("internal", /raw/));
  assert.throws(
    () => encodeFrame({ kind: "patch", hash, size: 99, payload: new Uint8Array(9) }),
    refusedAs("internal", /base/),
  );
});

test("declared sizes and the number of frames are limited, and a failed parser stays failed", () => {
  const parser = new FrameParser({ framesBytesMax: 10 });
  const frame = bytesOf([{ kind: "raw", hash, size: 6, payload: new Uint8Array(6) }]);
  assert.equal(parser.push(frame).length, 1);
  assert.throws(() => parser.push(frame), refusedAs("too_large", /more than 10 bytes/));
  assert.throws(() => parser.push(frame), refusedAs("too_large", /more than 10 bytes/));
  assert.throws(() => parser.finish(), refusedAs("too_large", /more than 10 bytes/));
  const many = bytesOf(
    Array.from({ length: 4 }, () => ({ kind: "absent" as const, hash, size: 0, payload: new Uint8Array(0) })),
  );
  assert.throws(() => parseFrames(many, { framesMax: 3 }), refusedAs("too_large", /more than 3 frames/));
  assert.throws(
    () => parseFrames(rawHeader(1, 4 << 20, 4 << 20), { framesBytesMax: 1 << 20 }),
    refusedAs("too_large", /the frames contain more than/),
  );
});

test("a batch body gives its JSON and its frames, in any slices", async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.array(frames, { maxLength: 4 }), lengths, async (value, list, cuts) => {
      const json: unknown = JSON.parse(JSON.stringify(value));
      const body = Buffer.concat(encodeBatchBody(json, list));
      const read = await readBatchBody(streamOf(slicesOf(body, cuts)));
      assert.deepEqual(read.json, json);
      assert.deepEqual((await Array.fromAsync(read.frames)).flat(), list);
    }),
  );
});

test("a truncated, overlong or non-JSON batch body is rejected", async () => {
  const body = Buffer.concat(encodeBatchBody({ operations: [] }, []));
  for (let length = 0; length < body.length; length += 1) {
    await assert.rejects(readBatchBody(streamOf([body.subarray(0, length)])), refusedAs("bad_request", /incomplete/));
  }
  const long = Buffer.from([0xff, 0xff, 0xff, 0xff]);
  await assert.rejects(readBatchBody(streamOf([long])), refusedAs("too_large", /at most/));
  for (const text of [Buffer.from("{"), Buffer.from([0x22, 0xff, 0x22])]) {
    const bad = Buffer.concat([Buffer.from([0, 0, 0, text.length]), text]);
    await assert.rejects(readBatchBody(streamOf([bad])), refusedAs("bad_request", /not JSON/));
  }
});

test("a reader that stops early ends its source", async () => {
  let ended = false;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield bytesOf([{ kind: "absent", hash, size: 0, payload: new Uint8Array(0) }]);
    } finally {
      ended = true;
    }
  }
  const read = readFrames(source());
  assert.equal((await read.next()).done, false);
  await read.return();
  assert.equal(ended, true);
});

async function* streamOf(slices: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* slices;
}
