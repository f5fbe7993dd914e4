import assert from "node:assert/strict";
import { test } from "node:test";
import { seed } from "@holdfast/tools/properties";
import { storyOf } from "./mix.ts";
import { runStory } from "./story.ts";

/** First seed of each kind of world in the mix. */
const firstSeeds = {
  "one account": 0,
  "one account whose people do more": 10_000_000,
  "two accounts that share with rights of folders": 20_000_000,
  "two accounts that hand folders over": 30_000_000,
};
const storiesOfKind = 100;

for (const [kind, firstSeed] of Object.entries(firstSeeds)) {
  test(`${storiesOfKind} new stories of ${kind} keep every invariant`, async () => {
    const first = firstSeed + (seed % 90_000) * storiesOfKind;
    for (let story = first; story < first + storiesOfKind; story += 1) {
      const { violations, trace } = await runStory(storyOf(story));
      const replay = `npm run soak -- --from ${story} --seeds 1`;
      assert.deepEqual(violations, [], `${replay} shrinks it; its end:\n${trace.slice(-40).join("\n")}`);
    }
  });
}
