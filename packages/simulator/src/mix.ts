import type { Lack } from "@holdfast/sync/model/lacks";
import type { StoryOptions } from "./story.ts";

const troubleRates = [0, 0.02, 0.05, 0.1, 0.2];
/** As network filesystems are, and as FAT. */
export const poorDisks: readonly (readonly Lack[])[] = [
  ["exchange"],
  ["exchange", "hard links"],
  ["exchange", "hard links", "executable bits", "symbolic links", "stable inodes", "fine times", "all names"],
];

const foldings = ["none", "first", "none", "all"] as const;

/**
 * Of two accounts; every third time nobody gets more than the right to read. What moves into another space is another node
 * there, so nothing is asked of its identity.
 */
function sharing(seed: number): Partial<StoryOptions> {
  const shares = seed % 3 === 0 ? ("read_only" as const) : true;
  return { shares, confusableNames: false, foldsCase: "none", isWatchful: false };
}

/** From this seed on people do more, so that the stories of the seeds before it stay as they are. */
const firstVersatile = 10_000_000;

/** Also what is hidden from some devices: where it counts as new once it is wanted again, nothing is asked of its identity. */
function versatile(seed: number): Partial<StoryOptions> {
  const hides = seed % 2 === 1 && seed % 5 !== 2 && seed < firstRights;
  return { isVersatile: true, ...(hides && { isSelective: true, isWatchful: false, confusableNames: false }) };
}

/** From this seed on all stories are of people who share, with rights of their own at folders below. */
const firstRights = 20_000_000;

/** From this seed on they also give folders away, put them back to how they were, share with groups, and share files alone. */
const firstHandingOver = 30_000_000;

/** From this seed on each is of one account again, whose people also take rights from others on their devices. */
const firstSecretive = 40_000_000;

/** From this seed on whether a disk keeps who may read says nothing of what else it keeps. */
const firstIndependent = 43_000_000;

function lackedModes(seed: number, lacks: readonly Lack[]): readonly Lack[] {
  const isLacked = seed < firstIndependent ? lacks.includes("executable bits") : seed % 13 < 4;
  return isLacked ? ["private modes"] : [];
}

/** The story of a seed in a long run: every kind of world in turn. */
export function storyOf(seed: number): StoryOptions {
  const lacks = seed % 5 === 3 ? (poorDisks[seed % poorDisks.length] ?? []) : [];
  return {
    seed,
    devices: seed % 3 === 0 ? 3 : 2,
    troubleRate: troubleRates[seed % troubleRates.length] ?? 0,
    restores: seed % 7 === 0,
    mishaps: seed % 4 === 0,
    confusableNames: seed % 3 === 1,
    lacks,
    foldsCase: foldings[seed % foldings.length] ?? "none",
    isVolatile: seed % 2 === 1,
    // A file that has no number is another one once it was moved and edited.
    isWatchful: seed % 11 < 4 && !lacks.includes("stable inodes"),
    // As where a million files are: each look and each plan sees a part of what is new.
    ...(seed % 8 < 3 && { engine: { portions: { entriesMax: 1 + (seed % 3), freshMax: 1 + (seed % 5) } } }),
    ...(seed % 5 === 2 && seed < firstSecretive && sharing(seed)),
    ...(seed >= firstVersatile && versatile(seed)),
    ...(seed >= firstRights &&
      seed < firstSecretive && { ...sharing(seed), rights: true, lacks: [], isVersatile: seed % 2 === 0 }),
    ...(seed >= firstHandingOver && seed < firstSecretive && { handsOver: true }),
    ...(seed >= firstSecretive && { isSecretive: true, lacks: [...lacks, ...lackedModes(seed, lacks)] }),
  };
}
