import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { readSeed } from "./properties.ts";

function drawWith(seed: string | undefined) {
  const { HOLDFAST_SEED: _, ...environment } = process.env;
  const script = `
    import { fc, seed } from ${JSON.stringify(new URL("./properties.ts", import.meta.url).href)};
    const values = [];
    fc.assert(fc.property(fc.integer(), (value) => void values.push(value)), { numRuns: 20 });
    console.log(JSON.stringify({ seed, values }));
    fc.assert(fc.property(fc.integer(), () => false));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    env: seed === undefined ? environment : { ...environment, HOLDFAST_SEED: seed },
    encoding: "utf8",
  });
  return { drawn: stdout, failure: stderr };
}

test("properties draw the same values with the same seed, and other values with another seed", () => {
  const [first, again, other] = [drawWith("7"), drawWith("7"), drawWith("-8")];
  assert.match(first.drawn, /^\{"seed":7,"values":\[/, first.failure);
  assert.match(other.drawn, /^\{"seed":-8,"values":\[/, other.failure);
  assert.equal(again.drawn, first.drawn);
  assert.notEqual(other.drawn.replace("-8", "7"), first.drawn);
});

test("a failed property prints the seed and path that replay it", () => {
  const { drawn, failure } = drawWith(undefined);
  assert.match(drawn, /^\{"seed":1,/, failure);
  assert.match(failure, /\{ seed: 1, path: "[\d:]+", endOnFailure: true \}/);
});

test("a seed that is not a 32-bit integer is rejected with its variable's name", () => {
  assert.deepEqual([undefined, "-2147483648", "0", "2147483647"].map(readSeed), [1, -2147483648, 0, 2147483647]);
  for (const text of [
    "",
    " ",
    "dice",
    "1.5",
    "1e3",
    "0x10",
    "-",
    "2147483648",
    "-2147483649",
    "99999999999999999999",
  ]) {
    assert.throws(() => readSeed(text), { message: /^HOLDFAST_SEED is "[^"]*", but must be an integer from/ }, text);
  }
  assert.match(drawWith("dice").failure, /HoldfastError: HOLDFAST_SEED is "dice"/);
});
