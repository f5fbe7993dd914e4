import type { StoryOptions } from "./story.ts";

const troubleRates = [0, 0.02, 0.05, 0.1, 0.2];
const foldings = ["none", "first", "none", "all"] as const;

/** The story of a seed in a long run: every kind of world in turn. */
export function storyOf(seed: number): StoryOptions {
  return {
    seed,
    devices: seed % 3 === 0 ? 3 : 2,
    troubleRate: troubleRates[seed % troubleRates.length] ?? 0,
    restores: seed % 7 === 0,
    mishaps: seed % 4 === 0,
    confusableNames: seed % 3 === 1,
    foldsCase: foldings[seed % foldings.length] ?? "none",
    isVolatile: seed % 2 === 1,
  };
}
