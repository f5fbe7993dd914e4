import assert from "node:assert/strict";
import { test } from "node:test";
import { type StoryOptions, tellStory } from "./story.ts";

const kinds: Readonly<Record<string, Omit<StoryOptions, "seed">>> = {
  "two accounts share folders with each other": { shares: true, troubleRate: 0, devices: 3 },
  "two accounts share folders while much goes wrong": { shares: true, troubleRate: 0.1, devices: 3 },
  "rights differ from folder to folder, change, end and come back": {
    shares: true,
    rights: true,
    troubleRate: 0,
    devices: 3,
  },
  "rights change while much goes wrong": { shares: true, rights: true, troubleRate: 0.1, devices: 2, expires: true },
  "nobody gets more than the right to read": { shares: "read_only", troubleRate: 0.05, devices: 2 },
};

for (const [what, kind] of Object.entries(kinds)) {
  test(`${what}: every invariant holds`, async () => {
    for (let seed = 1; seed <= 12; seed += 1) {
      const story = { ...kind, seed };
      const { violations, trace } = await tellStory(story);
      const replay = `tellStory(${JSON.stringify(story)})`;
      assert.deepEqual(violations, [], `${replay} broke an invariant; its end:\n${trace.slice(-40).join("\n")}`);
    }
  });
}
