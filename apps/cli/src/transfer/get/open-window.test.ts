import assert from "node:assert/strict";
import { test } from "node:test";
import { probeCompress } from "@holdfast/codec/codec";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { encodeFrame } from "@holdfast/protocol/frames";
import { fc } from "@holdfast/tools/properties";
import { openWindow } from "./open-window.ts";

function frameOf(plain: Uint8Array): Uint8Array[] {
  const { codec, payload } = probeCompress(plain);
  return encodeFrame({ kind: codec, hash: sha256(plain), size: plain.length, payload });
}

function windowOf(body: Uint8Array, roomBytes: number): { window: SharedArrayBuffer; bodyBytes: number } {
  const window = new SharedArrayBuffer(body.length + roomBytes);
  new Uint8Array(window).set(body);
  return { window, bodyBytes: body.length };
}

function fails(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "failed";
}

test("every block of a body is found with its plain bytes, compressed or not", () => {
  const plains = fc.array(
    fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 2000 }), fc.integer({ min: 1, max: 5000 }).map(zeros)),
  );
  fc.assert(
    fc.property(plains, (all) => {
      const absent = encodeFrame({ kind: "absent", hash: sha256(zeros(1)), size: 0, payload: zeros(0) });
      const body = Buffer.concat([...absent, ...all.flatMap(frameOf), ...absent]);
      const input = windowOf(
        body,
        all.reduce((sum, { length }) => sum + length, 0),
      );
      const opened = openWindow(input).map((block) => {
        return block.ok ? Buffer.from(new Uint8Array(input.window).slice(block.start, block.end)) : undefined;
      });
      assert.deepEqual(
        opened,
        all.map((plain) => Buffer.from(plain)),
      );
    }),
  );
});

test("a block that does not match its hash is distinguished from the others", () => {
  const [good, bad] = [Buffer.from("good"), Buffer.from("bad")];
  const frames = encodeFrame({ kind: "raw", hash: sha256(good), size: 3, payload: bad });
  const opened = openWindow(windowOf(Buffer.concat([...frames, ...frameOf(bad)]), 0));
  assert.deepEqual(
    opened.map(({ ok, hash }) => [ok, hash]),
    [
      [false, sha256(good)],
      [true, sha256(bad)],
    ],
  );
});

test("altered bytes give the right block or a descriptive error", () => {
  const frame = Buffer.concat(frameOf(zeros(3000)));
  assert.throws(() => openWindow(windowOf(frame.subarray(0, frame.length - 1), 9000)), fails);
  assert.throws(() => openWindow(windowOf(frame.subarray(0, 20), 9000)), fails);
  assert.throws(() => openWindow(windowOf(frame, 2999)), fails, "more than fits");
  const changed = fc.tuple(fc.nat(frame.length - 1), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(changed, { minLength: 1 }), (changes) => {
      const body = Buffer.from(frame);
      for (const [at, byte] of changes) body[at] = byte;
      try {
        for (const block of openWindow(windowOf(body, 9000)))
          assert.ok(!block.ok || block.hash === sha256(zeros(3000)));
      } catch (thrown) {
        if (!fails(thrown)) throw thrown;
      }
    }),
  );
});

function zeros(length: number): Uint8Array {
  return new Uint8Array(length);
}
