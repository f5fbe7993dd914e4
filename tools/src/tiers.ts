import { test, type TestContext } from "node:test";

export const isLongTier: boolean = process.env["HOLDFAST_TEST_SPAWN"] === "1";

/** A test that only the long tier runs, in a file of the gate whose fixtures it shares. */
export const longTest: (name: string, run: (t: TestContext) => void | Promise<void>) => void = isLongTier
  ? (name, run) => void test(name, run)
  : () => {};
