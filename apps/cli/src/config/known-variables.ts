import { ofCommand } from "./variables-of-command.ts";

/** Variables of the server that are not options. */
const ofServer = ["HOLDFAST_CONFIG", "HOLDFAST_KEY_ENCRYPTION_KEY", "HOLDFAST_NEW_KEY_ENCRYPTION_KEY"];

/** For tests and benchmarks of this project, whose commands inherit them. */
export const ofTests: readonly string[] = [
  "HOLDFAST_ALONE_DEEDS",
  "HOLDFAST_BENCH_PROFILE",
  "HOLDFAST_BENCH_STATEMENTS",
  "HOLDFAST_ENDURANCE_MINUTES",
  "HOLDFAST_KILL_ROUNDS",
  "HOLDFAST_LONG",
  "HOLDFAST_PATIENCE",
  "HOLDFAST_PREVIEWS",
  "HOLDFAST_RANSOM_FILES",
  "HOLDFAST_REQUIRE_COMPONENTS",
  "HOLDFAST_REWIND_PATH",
  "HOLDFAST_REWIND_RUNS",
  "HOLDFAST_ROUNDS",
  "HOLDFAST_RUNS",
  "HOLDFAST_SEED",
  "HOLDFAST_SPIED_CALLS",
  "HOLDFAST_STORM_DEEDS",
  "HOLDFAST_STORM_ROUNDS",
  "HOLDFAST_TEST_BROWSER",
  "HOLDFAST_TEST_LOCK",
  "HOLDFAST_TEST_SCREENSHOTS",
  "HOLDFAST_TEST_SHARDS",
  "HOLDFAST_TEST_SPAWN",
  "HOLDFAST_TRANSFER_FILES",
  "HOLDFAST_UPLOAD_RUNS",
  "HOLDFAST_WRITE_DOCS",
];

/** @returns variables that nothing reads, each with the probable intended name */
export async function unknownVariables(
  names: readonly string[],
): Promise<{ readonly name: string; readonly meant: string | undefined }[]> {
  const [{ optionSchemas }, { fileVariables }] = await Promise.all([
    import("@holdfast/server/base/config/options"),
    import("@holdfast/server/base/config/file-values"),
  ]);
  const options = Object.keys(optionSchemas).map((name) => `HOLDFAST_${name.toUpperCase()}`);
  const offered = [...ofCommand, ...ofServer, ...options, ...fileVariables()];
  const known = new Set([...offered, ...ofTests]);
  return names
    .filter((name) => !known.has(name))
    .map((name) => ({ name, meant: synonyms[name] ?? nearest(name, offered) }));
}

/** Names that other servers use. */
const synonyms: Readonly<Record<string, string>> = {
  HOLDFAST_PORT: "HOLDFAST_LISTEN",
  HOLDFAST_HOST: "HOLDFAST_LISTEN",
  HOLDFAST_BIND: "HOLDFAST_LISTEN",
  HOLDFAST_ADDRESS: "HOLDFAST_LISTEN",
};

const farthest = 2;
const charactersMax = 100;

function nearest(name: string, known: readonly string[]): string | undefined {
  if (name.length > charactersMax) return undefined;
  const near = known
    .map((each) => ({ each, distance: distanceOf(name, each) }))
    .filter(({ each, distance }) => distance <= farthest && distance < each.length - "HOLDFAST_".length);
  return near.toSorted((one, other) => one.distance - other.distance)[0]?.each;
}

/** Edit distance: insertions, deletions, substitutions and swaps of neighboring letters. */
function distanceOf(from: string, to: string): number {
  let [before, last] = [[] as number[], Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let row = 1; row <= from.length; row += 1) {
    const next = [row];
    for (let at = 1; at <= to.length; at += 1) {
      const isSame = from[row - 1] === to[at - 1];
      const isSwapped = row > 1 && at > 1 && from[row - 1] === to[at - 2] && from[row - 2] === to[at - 1];
      next[at] = Math.min(
        (last[at] ?? 0) + 1,
        (next[at - 1] ?? 0) + 1,
        (last[at - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[at - 2] ?? 0) + 1 : Infinity,
      );
    }
    [before, last] = [last, next];
  }
  return last[to.length] ?? 0;
}
