import { ofCommand } from "./variables-of-command.ts";

/** Beside the settings of the server, which have their names from its options. */
const ofServer = ["HOLDFAST_CONFIG", "HOLDFAST_KEY_ENCRYPTION_KEY", "HOLDFAST_NEW_KEY_ENCRYPTION_KEY"];

/** How tests and benchmarks of this project are told to run longer, or with what; commands that they start inherit them. */
export const ofTests: readonly string[] = [
  "HOLDFAST_ALONE_DEEDS",
  "HOLDFAST_BENCH_PROFILE",
  "HOLDFAST_BENCH_STATEMENTS",
  "HOLDFAST_ENDURANCE_MINUTES",
  "HOLDFAST_KILL_ROUNDS",
  "HOLDFAST_LONG",
  "HOLDFAST_PREVIEWS",
  "HOLDFAST_RANSOM_FILES",
  "HOLDFAST_REQUIRE_COMPONENTS",
  "HOLDFAST_REWIND_RUNS",
  "HOLDFAST_REWIND_SEED",
  "HOLDFAST_ROUNDS",
  "HOLDFAST_RUNS",
  "HOLDFAST_SEED",
  "HOLDFAST_SPIED_CALLS",
  "HOLDFAST_STORM_DEEDS",
  "HOLDFAST_STORM_ROUNDS",
  "HOLDFAST_TEST_BROWSER",
  "HOLDFAST_TEST_SCREENSHOTS",
  "HOLDFAST_TRANSFER_FILES",
  "HOLDFAST_UPLOAD_RUNS",
  "HOLDFAST_WRITE_DOCS",
];

/** Of these names those that nothing here reads, in their order. */
export async function unknownVariables(names: readonly string[]): Promise<string[]> {
  const { optionSchemas } = await import("@holdfast/server/config/options");
  const options = Object.keys(optionSchemas).map((name) => `HOLDFAST_${name.toUpperCase()}`);
  const known = new Set([...ofCommand, ...ofServer, ...ofTests, ...options]);
  return names.filter((name) => !known.has(name));
}
