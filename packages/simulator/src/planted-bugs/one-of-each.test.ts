import { plantedBugs, type PlantedBug } from "./planted-bugs.ts";
import { hunt } from "./testing-hunt.ts";

/** Each breaks another invariant, and its story is short. The long tier hunts all bugs, which takes minutes. */
const bugs: readonly PlantedBug[] = [
  "a new file is not synced",
  "intents are not kept",
  "a local block is not verified",
  "a copy that is there is made again",
  "a restored server is taken for an old cursor",
  "a right of a folder goes with that of its mount",
];

hunt(Object.fromEntries(bugs.map((bug) => [bug, plantedBugs[bug]])));
