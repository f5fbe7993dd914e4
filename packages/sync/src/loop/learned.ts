import type { CycleContext } from "./cycle-context.ts";
import { LeftPlaces } from "../scan/left-places.ts";
import { ConflictCopies } from "./conflict-copies.ts";
import { EarlierVersions } from "./earlier-versions.ts";
import { LastingRefusals } from "./lasting-refusals.ts";
import { Rounds } from "./portions.ts";
import { QuietAges } from "./quiet-age.ts";
import { Quarantine } from "./shares.ts";
import { RestingDeletions } from "./resting-deletions.ts";
import { Skipped } from "./skipped.ts";
import { StubbornChanges } from "./stubborn-changes.ts";
import { Suspicion } from "./suspicion.ts";
import { Undurable } from "./undurable.ts";
import { UnreadFiles } from "./unread.ts";

/** What one run of the engine learns in a cycle for those after it, through pauses too. No start after it knows anything of it. */
export type Learned = Pick<
  CycleContext,
  | "freeing"
  | "times"
  | "doubt"
  | "filesystem"
  | "numbering"
  | "suspicion"
  | "skipped"
  | "unread"
  | "distrusted"
  | "quietAges"
  | "copies"
  | "earlier"
  | "left"
  | "quarantine"
  | "resting"
  | "stubborn"
  | "undurable"
  | "rounds"
  | "lasting"
>;

export function nothingLearned(): Learned {
  return {
    freeing: { last: undefined, kept: new Set() },
    times: { nextExpiryMs: 0 },
    doubt: { isOpen: true },
    filesystem: { device: undefined },
    numbering: { isNew: true },
    suspicion: new Suspicion(),
    skipped: new Skipped(),
    unread: new UnreadFiles(),
    distrusted: { ids: new Set() },
    quietAges: new QuietAges(),
    copies: new ConflictCopies(),
    earlier: new EarlierVersions(),
    left: new LeftPlaces(),
    quarantine: new Quarantine(),
    resting: new RestingDeletions(),
    stubborn: new StubbornChanges(),
    undurable: new Undurable(),
    rounds: new Rounds(),
    lasting: new LastingRefusals(),
  };
}
