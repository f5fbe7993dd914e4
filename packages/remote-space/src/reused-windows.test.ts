import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { ArrivedBlock } from "@holdfast/sync-ports/ports";
import { type RequestMemory, ReusedWindows } from "./reused-windows.ts";

function blockIn(window: ArrayBufferLike, start: number): ArrivedBlock {
  return { hash: sha256(Buffer.of(start)), bytes: new Uint8Array(window, start, 10), isProved: true };
}

function releasesOf(memory: RequestMemory, blocks: readonly (ArrivedBlock | HoldfastError)[]) {
  return [...memory.releasable(blocks)].map(({ release }) => release ?? assert.fail("cannot be released"));
}

test("a window is reused when each of its blocks is released by its own call", () => {
  const windows = new ReusedWindows(100);
  const memory = windows.ofRequest();
  const window = memory.take(60);
  const twice = blockIn(window, 0);
  const [first, again, last] = releasesOf(memory, [twice, twice, blockIn(window, 20)]);
  last?.();
  first?.();
  first?.();
  assert.notEqual(windows.ofRequest().take(60), window, "a block that came twice is still read once");
  again?.();
  assert.equal(windows.ofRequest().take(60), window);
  assert.notEqual(windows.ofRequest().take(60), window, "in use again");
  again?.();
  assert.notEqual(windows.ofRequest().take(60), window, "a late call takes it from its next request");
});

test("a window without returned blocks, such as one of compressed blocks, is reused immediately", () => {
  const windows = new ReusedWindows(100);
  const memory = windows.ofRequest();
  const window = memory.take(100);
  const decoded = blockIn(new ArrayBuffer(20), 0);
  assert.deepEqual([...memory.releasable([decoded])], [decoded]);
  assert.equal(windows.ofRequest().take(100), window);
});

test("a window is not reused while its blocks are in use, after an error, or if they are never released", () => {
  const windows = new ReusedWindows(100);
  const memory = windows.ofRequest();
  const [broken, whole] = [memory.take(40), memory.take(40)];
  const error = new HoldfastError("damaged", "Block lost.");
  const handing = memory.releasable([blockIn(broken, 0), blockIn(whole, 0), error, blockIn(whole, 20)]);
  const [one, two] = [handing.next().value, handing.next().value];
  assert.ok(one !== undefined && two !== undefined);
  assert.throws(() => handing.next(), error);
  two.release?.();
  const next = windows.ofRequest();
  assert.ok(![broken, whole].includes(next.take(40)), "a block that was not handed over counts as read");
  one.release?.();
  assert.equal(next.take(40), broken);
});

test("an unusually large window is not kept", () => {
  const windows = new ReusedWindows(100);
  const memory = windows.ofRequest();
  const window = memory.take(101);
  assert.equal(window.byteLength, 101);
  for (const release of releasesOf(memory, [blockIn(window, 0)])) release();
  assert.equal(windows.ofRequest().take(10).byteLength, 100);
});
