/**
 * Bugs that can be planted, so that it is proved that the simulator's oracle sees them. Only tests pass any: `noFaults` is
 * what runs.
 */
export const plantableFaults = [
  "a replacement is not looked at",
  "a deletion is not looked at",
  "errors are deletions",
  "one look is enough",
  "no file is racy",
  "ctime is ignored",
  "a new file is not synced",
  "a folder is not synced",
  "what a person did is not synced",
  "what was read is believed after a power cut",
  "offers are forgotten",
  "a conflict is overwritten",
  "a replacement takes the executable bit along",
  "an edit takes the executable bit along",
  "a restored server is taken for an old cursor",
  "stashed bytes are not looked at again",
  "nothing is parked",
  "deletions have seen everything",
  "a deleted file is unlinked",
  "content is not verified",
  "intents are not kept",
  "splices are against the wrong base",
  "a local block is not verified",
  "the cursor is committed before the rows",
  "the marker of the root is not checked",
  "a new version rests on nothing",
  "a ring goes one by one",
  "an edit loses against a deletion",
  "a copy that is there is made again",
  "a moved file is a new one",
  "a folder goes with all that is in it",
  "a new file goes over what is there",
  "what is replaced is not stashed",
  "what waits aside is forgotten",
  "the local trash is emptied at once",
  "an alias is taken for a name",
  "an alias is not kept before it is given",
  "a read-only share is written to",
  "a share that ended goes with all that is in it",
  "a right of a folder is not heard of",
  "a right of a folder goes with that of its mount",
  "rights are no border for moves",
  "a folder that appears is taken for empty",
  "what comes back from the trash is not heard of",
] as const;

export type Fault = (typeof plantableFaults)[number];
export type Faults = ReadonlySet<Fault>;

export const noFaults: Faults = new Set();
