import { type StoryOptions, type StoryResult, tellStory } from "./story.ts";

export interface Shrunk {
  readonly story: StoryOptions;
  readonly result: StoryResult;
}

/** Some minutes: a story that has no end is told a few times only. */
const stepsMax = 3_000_000;

/**
 * Leaves out of a story whatever it can do without and still break the same invariant: devices, rounds, acts and faults, many
 * at once first and one by one in the end (Zeller's ddmin, on the keys of what came to pass).
 * @param tellingsMax how often the story may be told again; one that is very long less often
 */
export async function shrink(story: StoryOptions, tellingsMax = 400): Promise<Shrunk> {
  let best: Shrunk = { story, result: await tellStory(story) };
  const kind = kindOf(best.result.violations[0]);
  if (kind === undefined) return best;
  let left = tellingsMax;
  let steps = 0;
  const attempt = async (candidate: StoryOptions): Promise<boolean> => {
    if (left === 0 || steps > stepsMax) return false;
    left -= 1;
    const result = await tellStory(candidate);
    steps += result.steps;
    const isSame = result.violations.some((violation) => kindOf(violation) === kind);
    if (isSame) best = { story: candidate, result };
    return isSame;
  };
  if ((story.devices ?? 2) > 2) await attempt({ ...story, devices: 2 });
  for (let size = Math.ceil(best.result.happened.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // The last ones first: what comes after the harm was done goes in one piece.
    for (let end = best.result.happened.length; end > 0; end -= size) {
      const { happened } = best.result;
      const some = happened.slice(Math.max(0, Math.min(end, happened.length) - size), end);
      if (some.length > 0) await attempt({ ...best.story, without: [...(best.story.without ?? []), ...some] });
    }
  }
  return best;
}

/** A violation without what is of one story alone: contents, names, numbers. */
function kindOf(violation: string | undefined): string | undefined {
  return violation
    ?.split("\n", 1)[0]
    ?.replaceAll(/ at .*/gu, "")
    .replaceAll(/\b[0-9a-f]{12,}\b/gu, "…")
    .replaceAll(/\b(?:ada|bob|cyd)\b/gu, "…");
}

const silent = /: (?:now|syncFile|syncFolder|syncAll|write) /u;

/** The story in sentences: who does what, what goes wrong, and what the engines do about it. */
export function toProse({ story, result }: Shrunk): string {
  const lines = result.trace.filter((line) => !silent.test(line));
  const start = lines.findIndex((line) => / round \d+: /u.test(line));
  const [firstMicros] = (lines[start] ?? "0").split(" ");
  const told = lines.slice(Math.max(0, start)).map((line) => {
    const space = line.indexOf(" ");
    const seconds = (Number(line.slice(0, space)) - Number(firstMicros)) / 1_000_000;
    return `${seconds.toFixed(4).padStart(10)} s  ${line.slice(space + 1).replace(/^(\w+): /u, "the engine of $1: ")}`;
  });
  const { without = [], ...rest } = story;
  const head = `${JSON.stringify(rest)}, without ${without.length} of its acts and faults`;
  return [head, ...told].join("\n");
}
