import { HoldfastError } from "@holdfast/core/errors";
import * as fc from "fast-check";

/** fast-check keeps seeds in 32 bits; a larger seed would be folded into another one. */
const [seedMin, seedMax] = [-(2 ** 31), 2 ** 31 - 1];

/** The seed of all random tests of a run. Tests that need several seeds use `seed`, `seed + 1` and so on. */
export const seed = readSeed(process.env["HOLDFAST_SEED"]);

// A property that fails prints its seed and the path to the counterexample; `fc.assert` takes both to replay the failure.
fc.configureGlobal({ seed });

export { fc };

/** @returns 1 if the variable is not set, so that a test that fails fails again */
export function readSeed(text: string | undefined): number {
  if (text === undefined) return 1;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= seedMin && value <= seedMax) return value;
  const range = `an integer from ${seedMin} to ${seedMax}`;
  throw new HoldfastError("failed", `HOLDFAST_SEED is ${JSON.stringify(text)}, but must be ${range}.`);
}
