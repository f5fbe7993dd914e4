import type { CycleContext } from "./cycle-context.ts";
import { VacatedNames } from "../../scan/vacated-names.ts";
import { ConflictCopies } from "../delays/conflict-copies.ts";
import { EarlierVersions } from "../tracking/earlier-versions.ts";
import { LastingRefusals } from "../tracking/lasting-refusals.ts";
import { Rounds } from "./portions.ts";
import { QuietAges } from "../delays/quiet-age.ts";
import { QuarantineList } from "../reports/quarantine-list.ts";
import { QuietGroup } from "../delays/quiet-group.ts";
import { RestingDeletions } from "../delays/resting-deletions.ts";
import { SkippedItems } from "../tracking/skipped-items.ts";
import { StubbornChanges } from "../delays/stubborn-changes.ts";
import { DirtyPathTracker } from "../tracking/dirty-path-tracker.ts";
import { NonDurableItems } from "../tracking/non-durable-items.ts";
import { UnreadableFiles } from "../tracking/unreadable-files.ts";

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
  | "unrecordedChanges"
  | "filesystem"
  | "inodeNumbers"
  | "dirty"
  | "skipped"
  | "unread"
  | "unverifiedModes"
  | "quietAges"
  | "copies"
  | "earlier"
  | "vacated"
  | "quarantine"
  | "resting"
  | "restored"
  | "stubborn"
  | "nonDurable"
  | "rounds"
  | "lasting"
>;

export function nothingLearned(): Learned {
  return {
    freeing: { last: undefined, kept: new Set() },
    times: { nextExpiryMs: 0 },
    unrecordedChanges: { arePossible: true },
    filesystem: { device: undefined },
    inodeNumbers: { areNew: true },
    dirty: new DirtyPathTracker(),
    skipped: new SkippedItems(),
    unread: new UnreadableFiles(),
    unverifiedModes: { ids: new Set() },
    quietAges: new QuietAges(),
    copies: new ConflictCopies(),
    earlier: new EarlierVersions(),
    vacated: new VacatedNames(),
    quarantine: new QuarantineList(),
    resting: new RestingDeletions(),
    restored: new QuietGroup(restoredMs.quiet, restoredMs.most),
    stubborn: new StubbornChanges(),
    nonDurable: new NonDurableItems(),
    rounds: new Rounds(),
    lasting: new LastingRefusals(),
  };
}
