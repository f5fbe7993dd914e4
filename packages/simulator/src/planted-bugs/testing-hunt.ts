import assert from "node:assert/strict";
import { test } from "node:test";
import { runStory, type StoryOptions } from "../story.ts";
import type { PlantedBug } from "./planted-bugs.ts";
import { plantedIn } from "./testing-planted.ts";

interface Story {
  readonly runStory: typeof runStory;
}

type Kind = Omit<StoryOptions, "seed">;

/** Finds most bugs. */
const usual: Kind = { troubleRate: 0.1 };
/** Many acts and faults: processes crash with much in progress. */
const wild: Kind = { troubleRate: 0.25, devices: 3, actsPerRound: 12 };
const busy: Kind = { troubleRate: 0.1, devices: 3, actsPerRound: 12 };

const crowded: Kind = { troubleRate: 0, devices: 3, actsPerRound: 20 };

/** Rights differ by folder and change, without faults. */
const sharing: Kind = { troubleRate: 0, actsPerRound: 12, shares: true, rights: true };

/** Stories that show a bug more often than the usual one. */
const kinds: Partial<Record<PlantedBug, Kind>> = {
  "errors are deletions": { ...wild, rounds: 2 },
  "one look is enough": { ...busy, isWatchful: true },
  "offers are forgotten": wild,
  "a restored server is taken for an old cursor": { ...usual, restores: true, rounds: 2 },
  "nothing is parked": busy,
  "intents are not kept": wild,
  "a local block is not verified": { ...wild, rounds: 1 },
  "the cursor is committed before the rows": { ...wild, rounds: 2 },
  "the marker of the root is not checked": { ...usual, mishaps: true, actsPerRound: 12, rounds: 2 },
  "a new version rests on nothing": busy,
  "a moved file is a new one": { ...usual, isWatchful: true },
  "a new file goes over what is there": busy,
  "a folder goes with all that is in it": busy,
  "a ring goes one by one": { ...busy, rounds: 2 },
  "deletions have seen everything": { ...crowded, rounds: 2 },
  "what waits aside is forgotten": { ...busy, rounds: 2 },
  "a read-only share is written to": { ...usual, shares: "read_only" },
  "a share that ended goes with all that is in it": { ...busy, shares: true },
  "an alias is taken for a name": { ...usual, confusableNames: true, foldsCase: "first" },
  "an alias is not kept before it is given": { ...wild, confusableNames: true, foldsCase: "first" },
  "a right of a folder is not heard of": sharing,
  "a right of a folder goes with that of its mount": { ...sharing, rounds: 1 },
  "rights are no border for moves": { ...sharing, actsPerRound: 8, rounds: 1 },
  "a folder that appears is taken for empty": { ...sharing, handsOver: true, rounds: 1 },
  "what comes back from the trash is not heard of": { ...sharing, handsOver: true },
  "who may read is what the server says": { ...usual, isSecretive: true },
  "what a person did is not synced": { ...usual, isVolatile: true, rounds: 1 },
  "a deletion is not looked at": { ...usual, rounds: 1 },
  "a new file is not synced": { ...usual, rounds: 1 },
  "a replacement takes the executable bit along": { ...usual, actsPerRound: 12, rounds: 2 },
  "a copy that is there is made again": { ...usual, actsPerRound: 12, rounds: 1 },
};
/**
 * Seed that last showed the bug and is tried first. All others follow, so a story that changes with the engine breaks
 * no test.
 */
const lastShown: Partial<Record<PlantedBug, number>> = {
  "an alias is not kept before it is given": 226,
  "a right of a folder goes with that of its mount": 82,
  "rights are no border for moves": 16,
  "intents are not kept": 39,
  "a folder goes with all that is in it": 28,
  "the marker of the root is not checked": 7,
  "a replacement is not looked at": 14,
  "nothing is parked": 13,
  "the cursor is committed before the rows": 15,
  "a new version rests on nothing": 10,
  "one look is enough": 10,
  "a share that ended goes with all that is in it": 8,
  "a replacement takes the executable bit along": 3,
  "a new file goes over what is there": 6,
  "a right of a folder is not heard of": 6,
  "errors are deletions": 4,
  "a deletion is not looked at": 4,
  "a deleted file is unlinked": 4,
  "a local block is not verified": 4,
  "offers are forgotten": 4,
  "a folder that appears is taken for empty": 4,
  "no file is racy": 4,
  "ctime is ignored": 3,
  "a moved file is a new one": 4,
  "a read-only share is written to": 3,
  "what is replaced is not stashed": 2,
  "a folder is not synced": 2,
  "what waits aside is forgotten": 21,
  "the local trash is emptied at once": 2,
  "content is not verified": 2,
  "a conflict is overwritten": 2,
  "a copy that is there is made again": 2,
  "a ring goes one by one": 2,
  "an edit loses against a deletion": 2,
  "a restored server is taken for an old cursor": 3,
  "deletions have seen everything": 2,
  "an alias is taken for a name": 2,
  "what a person did is not synced": 2,
};
/** Too rare in stories; not-durable.test.ts has its own test. */
const rare: PlantedBug = "what was read is believed after a power cut";
/** The first successful seed is usually among the first 15. */
const seedsMax = 80;
/** An error of an outdated patch instead of the bug. */
const broken = /^the engine of \w+ broke: (?:Reference|Syntax|Type)Error/;

export function hunt(bugs: Partial<Record<PlantedBug, unknown>>): void {
  for (const bug of Object.keys(bugs) as PlantedBug[]) {
    if (bug === rare) continue;
    test(`the oracle finds the planted bug: ${bug}`, async (context) => {
      const { runStory: runPlanted } = await plantedIn<Story>(bug, "story.ts");
      for (const seed of [lastShown[bug] ?? 1, ...seeds]) {
        const story = { devices: seed % 4 === 0 ? 3 : 2, ...(kinds[bug] ?? usual), seed };
        const { violations } = await runPlanted(story);
        assert.ok(!violations.some((each) => broken.test(each)), violations.join("\n"));
        // A story that fails without the bug proves nothing.
        if (violations.length === 0 || (await runStory(story)).violations.length > 0) continue;
        const isKnown = seed === (lastShown[bug] ?? 1);
        context.diagnostic(`seed ${seed}${isKnown ? "" : ", which lastShown does not name"}: ${violations[0] ?? ""}`);
        return;
      }
      assert.fail(`${seedsMax} stories with this bug kept every invariant`);
    });
  }
}

const seeds = Array.from({ length: seedsMax }, (_, index) => index + 1);
