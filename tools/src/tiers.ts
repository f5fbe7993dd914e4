import { test, type TestContext } from "node:test";

export const isLongTier: boolean = process.env["HOLDFAST_TEST_SPAWN"] === "1";

/** Databases for the accounts of a test server. The long tier repeats the server's tests on several. */
export const testShards: number = Number(process.env["HOLDFAST_TEST_SHARDS"] ?? 1);

/** Defines a test of the long tier in a gate file whose fixtures it shares. */
export const longTest: (name: string, run: (t: TestContext) => void | Promise<void>) => void = isLongTier
  ? (name, run) => void test(name, run)
  : () => {};
