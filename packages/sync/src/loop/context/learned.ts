import type { CycleContext } from "./cycle-context.ts";
import { LeftPlaces } from "../../scan/left-places.ts";
import { ConflictCopies } from "../delays/conflict-copies.ts";
import { EarlierVersions } from "../tracking/earlier-versions.ts";
import { LastingRefusals } from "../tracking/lasting-refusals.ts";
import { Rounds } from "./portions.ts";
import { QuietAges } from "../delays/quiet-age.ts";
import { QuarantineList } from "../reports/quarantine-list.ts";
import { QuietGroup } from "../delays/quiet-group.ts";
import { RestingDeletions } from "../delays/resting-deletions.ts";
import { Skipped } from "../tracking/skipped.ts";
import { StubbornChanges } from "../delays/stubborn-changes.ts";
import { Suspicion } from "../tracking/suspicion.ts";
import { Undurable } from "../tracking/undurable.ts";
import { UnreadFiles } from "../tracking/unread.ts";

/**
 * Time for the brakes to find all files of a backup being copied over the folder. It also delays an undo in an editor.
 * A file that keeps switching between two contents is sent twice a minute.
 */
const restoredMs = { quiet: 5_000, most: 30_000 };

/** Facts collected for later cycles of the same run. They survive pauses and are lost at a restart. */
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
  | "restored"
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
    quarantine: new QuarantineList(),
    resting: new RestingDeletions(),
    restored: new QuietGroup(restoredMs.quiet, restoredMs.most),
    stubborn: new StubbornChanges(),
    undurable: new Undurable(),
    rounds: new Rounds(),
    lasting: new LastingRefusals(),
  };
}
