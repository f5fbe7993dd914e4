import { HoldfastError } from "@holdfast/core/errors";
import * as fc from "fast-check";

/** fast-check's 32-bit range; a larger seed would equal another one. */
const [seedMin, seedMax] = [-(2 ** 31), 2 ** 31 - 1];

/** Seed of all random tests of a run. Tests with several seeds use `seed`, `seed + 1` and so on. */
export const seed = readSeed(process.env["HOLDFAST_SEED"]);

// A failed property prints its seed and the path of the counterexample; `fc.assert` takes both to replay the failure.
fc.configureGlobal({ seed });

export { fc };

/** @returns 1 if the variable is not set, so that failures repeat */
export function readSeed(text: string | undefined): number {
  if (text === undefined) return 1;
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= seedMin && value <= seedMax) return value;
  const range = `an integer from ${seedMin} to ${seedMax}`;
  throw new HoldfastError("failed", `HOLDFAST_SEED is ${JSON.stringify(text)}, but must be ${range}.`);
}
