import { storyOf } from "./mix.ts";
import { shrink, toProse } from "./shrink.ts";
import { runStory } from "./story.ts";

export interface Finding {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly prose: string;
}

process.on("message", (seed: number) => {
  void runSeed(seed).then((finding) => process.send?.({ seed, finding }));
});

async function runSeed(seed: number): Promise<Finding | undefined> {
  const { violations } = await runStory(storyOf(seed));
  return violations.length === 0 ? undefined : { seed, violations, prose: toProse(await shrink(storyOf(seed))) };
}
