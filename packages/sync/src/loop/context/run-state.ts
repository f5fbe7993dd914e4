import type { CycleContext } from "./cycle-context.ts";
import { VacatedNames } from "../../scan/vacated-names.ts";
import { ConflictCopies } from "../delays/conflict-copies.ts";
import { EarlierVersions } from "../tracking/earlier-versions.ts";
import { PersistentRefusals } from "../tracking/persistent-refusals.ts";
import { PlanRounds } from "./plan-rounds.ts";
import { UploadDebounce } from "../delays/upload-debounce.ts";
import { QuarantineList } from "../reports/quarantine-list.ts";
import { DebouncedGroup } from "../delays/debounced-group.ts";
import { DelayedDeletions } from "../delays/delayed-deletions.ts";
import { SkippedItems } from "../tracking/skipped-items.ts";
import { DiskRetries } from "../delays/disk-retries.ts";
import { DirtyPathTracker } from "../tracking/dirty-path-tracker.ts";
import { NonDurableItems } from "../tracking/non-durable-items.ts";
import { UnreadableFiles } from "../tracking/unreadable-files.ts";

/**
 * Time for the brakes to find all files of a backup being copied over the folder. It also delays an undo in an editor.
 * A file that keeps switching between two contents is sent twice a minute.
 */
const restoredMs = { quiet: 5_000, most: 30_000 };

/** Facts collected for later cycles of the same run. They survive pauses and are lost at a restart. */
export type RunState = Pick<
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
  | "uploadDebounce"
  | "conflictCopies"
  | "earlierVersions"
  | "vacated"
  | "quarantine"
  | "delayedDeletions"
  | "restoredFiles"
  | "diskRetries"
  | "nonDurable"
  | "planRounds"
  | "persistentRefusals"
>;

export function newRunState(): RunState {
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
    uploadDebounce: new UploadDebounce(),
    conflictCopies: new ConflictCopies(),
    earlierVersions: new EarlierVersions(),
    vacated: new VacatedNames(),
    quarantine: new QuarantineList(),
    delayedDeletions: new DelayedDeletions(),
    restoredFiles: new DebouncedGroup(restoredMs.quiet, restoredMs.most),
    diskRetries: new DiskRetries(),
    nonDurable: new NonDurableItems(),
    planRounds: new PlanRounds(),
    persistentRefusals: new PersistentRefusals(),
  };
}
