import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRangeReader, rangesBytesMax } from "./range-reader.ts";

test("a frame can read ranges of its file, up to a total limit", async () => {
  const asked: number[] = [];
  const size = 10 * rangesBytesMax;
  const read = makeRangeReader(size, (start, end) => {
    asked.push(start);
    return Promise.resolve(new ArrayBuffer(end - start));
  });
  assert.equal((await read(size - 5, size)).byteLength, 5);
  assert.equal((await read(7, 7)).byteLength, 0);
  const tooMuch = [
    [5, 4],
    [0, size + 1],
    [0, rangesBytesMax],
  ] as const;
  for (const [start, end] of tooMuch) await assert.rejects(read(start, end), RangeError);
  assert.deepEqual(asked, [size - 5], "nothing else is read");
  const piece = 4 * 1024 * 1024;
  for (let given = piece; given < rangesBytesMax; given += piece) await read(0, piece);
  await assert.rejects(read(0, piece), RangeError);
});
