import { runStory, type StoryOptions, type StoryResult } from "./story.ts";

export interface Shrunk {
  readonly story: StoryOptions;
  readonly result: StoryResult;
}

/** Steps of some minutes, so that an endless story runs only a few times. */
const stepsMax = 3_000_000;

/**
 * Removes everything from a story that is not needed to break the same invariant: devices, rounds, acts and faults,
 * many at first and single ones in the end (Zeller's ddmin on the keys of events).
 * @param runsMax number of repetitions; fewer for very long stories
 */
export async function shrink(story: StoryOptions, runsMax = 400): Promise<Shrunk> {
  let best: Shrunk = { story, result: await runStory(story) };
  const kind = kindOf(best.result.violations[0]);
  if (kind === undefined) return best;
  let left = runsMax;
  let steps = 0;
  const attempt = async (candidate: StoryOptions): Promise<boolean> => {
    if (left === 0 || steps > stepsMax) return false;
    left -= 1;
    const result = await runStory(candidate);
    steps += result.steps;
    const isSame = result.violations.some((violation) => kindOf(violation) === kind);
    if (isSame) best = { story: candidate, result };
    return isSame;
  };
  if ((story.devices ?? 2) > 2) await attempt({ ...story, devices: 2 });
  for (let size = Math.ceil(best.result.happened.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // From the end, so that everything after the failure is removed together.
    for (let end = best.result.happened.length; end > 0; end -= size) {
      const { happened } = best.result;
      const some = happened.slice(Math.max(0, Math.min(end, happened.length) - size), end);
      if (some.length > 0) await attempt({ ...best.story, without: [...(best.story.without ?? []), ...some] });
    }
  }
  return best;
}

/** Returns a violation without details of its story: contents, names, numbers. */
function kindOf(violation: string | undefined): string | undefined {
  return violation
    ?.split("\n", 1)[0]
    ?.replaceAll(/ at .*/gu, "")
    .replaceAll(/\b[0-9a-f]{12,}\b/gu, "…")
    .replaceAll(/\b(?:ada|bob|cyd)\b/gu, "…");
}

const silent = /: (?:now|syncFile|syncFolder|syncAll|write) /u;

export function toProse({ story, result }: Shrunk): string {
  const lines = result.trace.filter((line) => !silent.test(line));
  const start = lines.findIndex((line) => / round \d+: /u.test(line));
  const [firstMicros] = (lines[start] ?? "0").split(" ");
  const shown = lines.slice(Math.max(0, start)).map((line) => {
    const space = line.indexOf(" ");
    const seconds = (Number(line.slice(0, space)) - Number(firstMicros)) / 1_000_000;
    return `${seconds.toFixed(4).padStart(10)} s  ${line.slice(space + 1).replace(/^(\w+): /u, "the engine of $1: ")}`;
  });
  const { without = [], ...rest } = story;
  const head = `${JSON.stringify(rest)}, without ${without.length} of its acts and faults`;
  return [head, ...shown].join("\n");
}
