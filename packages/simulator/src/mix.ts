import type { DiskFeature } from "@holdfast/sync/model/missing-features";
import type { StoryOptions } from "./story.ts";

const troubleRates = [0, 0.02, 0.05, 0.1, 0.2];
/** Like network filesystems and FAT. */
export const poorDisks: readonly (readonly DiskFeature[])[] = [
  ["exchange"],
  ["exchange", "hard links"],
  ["exchange", "hard links", "executable bits", "symbolic links", "stable inodes", "fine times", "all names"],
];

const foldings = ["none", "first", "none", "all"] as const;

/**
 * Two accounts; in every third story nobody gets more than read access. An item moved to another space is a new node,
 * so its identity is not checked.
 */
function sharing(seed: number): Partial<StoryOptions> {
  const shares = seed % 3 === 0 ? ("read_only" as const) : true;
  return { shares, confusableNames: false, foldsCase: "none", isWatchful: false };
}

/** From this seed people do more. Stories of earlier seeds stay unchanged. */
const firstVersatile = 10_000_000;

/** Includes hidden items, whose identity is not checked, because they count as new when included again. */
function versatile(seed: number): Partial<StoryOptions> {
  const hides = seed % 2 === 1 && seed % 5 !== 2 && seed < firstRights;
  return { isVersatile: true, ...(hides && { isSelective: true, isWatchful: false, confusableNames: false }) };
}

/** From this seed all stories have shares with separate rights at folders below. */
const firstRights = 20_000_000;

/** From this seed people also transfer and rewind folders, share with groups, and share single files. */
const firstHandingOver = 30_000_000;

/** From this seed stories have one account again, and people also make items private. */
const firstSecretive = 40_000_000;

/** From this seed a disk's support of private modes is independent of its other features. */
const firstIndependent = 43_000_000;

function lackedModes(seed: number, missingFeatures: readonly DiskFeature[]): readonly DiskFeature[] {
  const isLacked = seed < firstIndependent ? missingFeatures.includes("executable bits") : seed % 13 < 4;
  return isLacked ? ["private modes"] : [];
}

/** Returns the story of a seed in a long run, which covers every kind of world in turn. */
export function storyOf(seed: number): StoryOptions {
  const missingFeatures = seed % 5 === 3 ? (poorDisks[seed % poorDisks.length] ?? []) : [];
  return {
    seed,
    devices: seed % 3 === 0 ? 3 : 2,
    troubleRate: troubleRates[seed % troubleRates.length] ?? 0,
    restores: seed % 7 === 0,
    mishaps: seed % 4 === 0,
    confusableNames: seed % 3 === 1,
    missingFeatures,
    foldsCase: foldings[seed % foldings.length] ?? "none",
    isVolatile: seed % 2 === 1,
    // A file without a number counts as another one after a move and an edit.
    isWatchful: seed % 11 < 4 && !missingFeatures.includes("stable inodes"),
    // Each scan and each plan covers a part of the new items, as with a million files.
    ...(seed % 8 < 3 && { engine: { memoryLimits: { entriesMax: 1 + (seed % 3), freshMax: 1 + (seed % 5) } } }),
    ...(seed % 5 === 2 && seed < firstSecretive && sharing(seed)),
    ...(seed >= firstVersatile && versatile(seed)),
    ...(seed >= firstRights &&
      seed < firstSecretive && { ...sharing(seed), rights: true, missingFeatures: [], isVersatile: seed % 2 === 0 }),
    ...(seed >= firstHandingOver && seed < firstSecretive && { handsOver: true }),
    ...(seed >= firstSecretive && {
      isSecretive: true,
      missingFeatures: [...missingFeatures, ...lackedModes(seed, missingFeatures)],
    }),
  };
}
