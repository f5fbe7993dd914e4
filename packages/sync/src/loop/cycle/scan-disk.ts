import type { NodeId } from "@holdfast/core/ids";
import { knownPathOf, type LocalTree } from "../../model/local-tree.ts";
import { addNotice, addNotices, type Notice } from "../../state/notices.ts";
import { VisibleRows } from "../../model/visible-rows.ts";
import { DiskChanged } from "../../model/disk-changed.ts";
import { sameFingerprint } from "../../model/fingerprints.ts";
import { makeDurable } from "../../execute/durable.ts";
import { makeRecreatedDurable, dropVerifiedModes } from "../../execute/user-changes.ts";
import { selfAndAncestors } from "../../model/tree-paths.ts";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import { Visibility, visibleTrees } from "../../rules/visibility.ts";
import type { Rules } from "../../rules/rules.ts";
import { localChanges } from "../../scan/local-changes.ts";
import { replacedPrivateItems } from "../../scan/replaced-private-items.ts";
import { scan } from "../../scan/scan.ts";
import type { ScanResult } from "../../scan/scan-types.ts";
import type { SinkFor } from "../../scan/block-sink.ts";
import { hasKnownEntry, type DirtyPaths, type StartFolder } from "../../scan/scope.ts";
import { isReadOnly } from "../../model/rights.ts";
import { isLive, type LocalRow } from "../../model/trees.ts";
import { shareAt } from "../../model/enclosing-share.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { checkForeignRules } from "../ignore-rules/foreign-rules.ts";
import { scanInParts, type ScanSummary } from "./scan-parts.ts";
import { previousScanRules, currentScanRules, type ScanRules } from "../ignore-rules/new-rules.ts";
import { checkRoot } from "../access/root.ts";
import { revealedByMoves } from "./revealed-items.ts";

/** `lacked` or `kept`: the disk's support of private modes at the last scan. */
const modesSetting = "private modes";

/**
 * Scans every place that may have changed. Large changes are scanned in parts, each stored before the next one starts.
 * @throws DiskChanged if the root changed during the scan
 * @throws RootMismatch
 */
export async function scanDisk(context: CycleContext, scanRules = currentScanRules(context)): Promise<ScanSummary> {
  const { state, unrecordedChanges, inodeNumbers, vacated } = context;
  const modes = context.missingFeatures.has("private modes") ? "lacked" : "kept";
  const areModesNew = modes === "kept" && state.setting(modesSetting) === "lacked";
  // At the first scan, only the previously fetched rules file is agreed.
  const isFirst = state.intents.size === 0 && (state.local.size === 0 || state.setting("rules") === undefined);
  const summary = await scanInParts(async (startFolders) => {
    const seen = await scanCheckedRoot(context, scanRules, startFolders);
    const shown = new Map([...seen.changes, ...revealedByMoves(state, seen, { ...context, ...seen })]);
    const continued = vacated.observe(state, shown, { ...context, nowMs: context.nowMs() });
    const scanned = { ...seen, changes: continued.changes };
    state.remember(scanned.changes.size);
    noteHidden(context, scanned);
    noteKept(context, scanned);
    const changes = await durableChanges(context, scanned, isFirst);
    const opened = replacedPrivateItems(state, changes, continued.synced, {
      areModesNew,
      unverifiedModes: context.unverifiedModes.ids,
      areNumbersNew: context.missingFeatures.has("stable inodes") && inodeNumbers.areNew,
    });
    state.commit({ local: localChanges(state.local, changes), ...opened });
    const rescan = rescanPaths(context, scanned, changes);
    return { ...scanned, rescan, isUnsettled: hasUnsettled(changes, (id) => context.nonDurable.isRecreated(id)) };
  });
  if (state.setting(modesSetting) !== modes) state.commit({ settings: [[modesSetting, modes]] });
  unrecordedChanges.arePossible = false;
  context.unverifiedModes.ids = dropVerifiedModes(state, context.unverifiedModes.ids, context.boot);
  inodeNumbers.areNew = false;
  return summary;
}

/** Runs before the rows change, because the old path of a missing item is unknown afterwards. */
function noteHidden({ state, nowMs }: CycleContext, { nowHidden }: ScanResult): void {
  for (const [id, to] of nowHidden) {
    const path = state.synced.has(id) ? knownPathOf(state, id) : undefined;
    if (path !== undefined) addNotice(state, { atMs: nowMs(), path, code: "now_hidden", counts: [], to });
  }
}

/** Runs before the rows change. Items deleted in a read-only folder stay on the server, so they return. */
function noteKept({ state, nowMs }: CycleContext, { changes }: Pick<ScanResult, "changes">): void {
  if (state.shares.size === 0) return;
  const isKept = (id: NodeId): boolean => {
    const isGone = changes.has(id) && changes.get(id) === undefined;
    return isGone && state.synced.has(id) && isLive(state, id) && isReadOnly(state, state.remote, id);
  };
  const notices: Notice[] = [];
  const placeOf = ({ parent, name }: LocalRow) => `${parent}/${name}`;
  // An item in another one's place is reported as a conflict.
  const taken = new Set([...changes.values()].flatMap((row) => (row === undefined ? [] : [placeOf(row)])));
  for (const id of changes.keys()) {
    const row = isKept(id) ? state.local.get(id) : undefined;
    if (row === undefined || isKept(row.parent) || taken.has(placeOf(row))) continue;
    const mount = shareAt(state, state.local, row.parent);
    // A missing mount was unmounted, and a waiting share is not synced.
    const isApart = mount === undefined || (changes.has(mount) && changes.get(mount) === undefined);
    const path = isApart || state.shares.get(mount)?.waits === true ? undefined : knownPathOf(state, id);
    if (path !== undefined) notices.push({ atMs: nowMs(), path, code: "not_deleted", counts: [0] });
  }
  addNotices(state, notices);
}

/**
 * Scans under the old rules before new ones apply. Otherwise an item moved to a newly hidden place would count as
 * deleted. New items that the new rules hide are not read.
 */
export async function scanUnderPreviousRules(
  context: CycleContext,
  scanWith: typeof scanDisk = scanDisk,
): Promise<void> {
  const ignoreFile = await checkForeignRules(context);
  if (context.state.local.size === 0) return;
  const scanRules = previousScanRules(context, ignoreFile);
  if (scanRules === undefined) return;
  context.dirty.add("all");
  await scanWith(context, scanRules);
}

export function scanForPreview(context: CycleContext, scanRules = currentScanRules(context)): Promise<ScanSummary> {
  return scanInParts(async (startFolders) => {
    const scanned = await scanRoot(context, scanRules, startFolders);
    // Content that was read counts as unchanging, because a real run scans again until it is.
    const settled = [...scanned.changes].map(
      ([id, row]) => [id, row?.readState === "racy" ? atRest(row) : row] as const,
    );
    context.state.commit({
      local: settled,
      ...replacedPrivateItems(context.state, scanned.changes, undefined, {
        areNumbersNew: context.missingFeatures.has("stable inodes"),
      }),
    });
    return { ...scanned, isUnsettled: hasUnsettled(scanned.changes) };
  });
}

function atRest(row: LocalRow): LocalRow {
  return { ...row, readState: "known" };
}

function hasUnsettled(changes: ScanResult["changes"], waits: (id: NodeId) => boolean = () => false): boolean {
  return changes.entries().some(([id, row]) => row?.readState === "unsettled" && !waits(id));
}

/**
 * Rescans unsettled items at their current paths, because the scan reports old paths of folders moved during it. Items
 * that could not be made durable are included, even if everything else was unreadable.
 */
function rescanPaths(
  { state, nonDurable }: CycleContext,
  scanned: RootScan,
  changes: ScanResult["changes"],
): DirtyPaths {
  if (scanned.rescan === "all") return "all";
  const unsettled = [...changes].flatMap(([id, row]) =>
    row?.readState === "unsettled" && !nonDurable.isRecreated(id) ? [row.parent] : [],
  );
  const folders = new Set([...new Set(unsettled)].flatMap((id) => knownPathOf(state, id) ?? []));
  return new Set([...scanned.rescan, ...[...folders].flatMap(withFoldersAbove)]);
}

interface RootScan extends ScanResult {
  readonly rules: Rules;
}

async function scanCheckedRoot(
  context: CycleContext,
  scanRules: ScanRules,
  startFolders: readonly StartFolder[] | undefined,
): Promise<RootScan> {
  const { device } = context.filesystem;
  if (startFolders === undefined) {
    context.earlyBlocks.beginScan();
    context.progress.beginScan(context.state.unsynced.fresh.size > 0);
  }
  const sinkFor: SinkFor = (folder, sizeBytes) => context.earlyBlocks.sinkFor(folder, sizeBytes);
  const scanned = await scanRoot(
    context,
    scanRules,
    startFolders,
    scanRules.upcoming === undefined ? sinkFor : undefined,
  );
  context.checkStop();
  await checkRoot(context);
  if (context.filesystem.device !== device) throw new DiskChanged("The filesystem of the folder");
  return scanned;
}

async function scanRoot(
  context: CycleContext,
  { settle, upcoming }: ScanRules,
  startFolders: readonly StartFolder[] | undefined,
  sinkFor?: SinkFor,
): Promise<RootScan> {
  const { disk, state, memoryLimits } = context;
  const rules = await settle();
  const { intents, manifests } = state;
  const moreDirtyPaths = (): Promise<DirtyPaths> => context.moreDirtyPaths();
  const isHidden: Rules["hides"] = (path, isFolder) => rules.hides(path, isFolder);
  const tree = withoutParked(visibleTrees(state, new Visibility(state, rules, context.missingFeatures)), state.parked);
  const dirtyPaths = startFolders === undefined ? pathsToScan(context) : "all";
  const startMs = context.nowMs();
  const scanned = await scan(disk, {
    ...context,
    tree,
    rows: state.local,
    bases: state.synced,
    intents,
    isHidden,
    isFree: (path) => rules.isPlain && !context.skipped.isAnyAt(path),
    rootSigns: {
      isCopied: async (path, marker) =>
        marker === state.setting("marker") || (await context.isCopied?.(path, marker)) === true,
      isSyncedHere: (path) => hasKnownEntry(tree, path),
    },
    isPassedOver: (path) => upcoming?.hides(path, false) === true,
    manifests,
    sinkFor,
    // The scan that finds changes to send follows the scan under the old rules.
    progress: upcoming === undefined ? context.progress : undefined,
    dirtyPaths,
    startFolders,
    entriesMax: memoryLimits.entriesMax,
    moreDirtyPaths,
    isTransient: (path) => context.unread.isTransient(path, context.nowMs()),
  });
  if (context.nowMs() >= startMs) return { ...scanned, rules };
  return { ...scanned, rules, changes: withRacyReads(scanned.changes, state.local), rescan: "all" };
}

/** The clock was set back during the scan, so timestamps cannot show which files changed. Read files are read again. */
function withRacyReads(changes: ScanResult["changes"], local: LocalTree["local"]): ScanResult["changes"] {
  const isRead = (id: NodeId, { kind, readState, fingerprint }: LocalRow): boolean => {
    const before = local.get(id);
    const isKnown = before?.readState === "known" && sameFingerprint(before.fingerprint, fingerprint);
    return kind === "file" && readState === "known" && !isKnown;
  };
  const marked = [...changes].map(([id, row]) => {
    const racy = row !== undefined && isRead(id, row) ? { ...row, readState: "racy" as const } : row;
    return [id, racy] as const;
  });
  return new Map(marked);
}

function withoutParked(tree: LocalTree, parked: ReadonlyMap<NodeId, unknown>): LocalTree {
  if (parked.size === 0) return tree;
  const waits = (id: NodeId): boolean => selfAndAncestors(tree, id).some((each) => parked.has(each));
  const local = new VisibleRows(tree.local, (id) => !waits(id));
  return { rootId: tree.rootId, local, childrenOf: (folder) => tree.childrenOf(folder) };
}

/** Returns everything after a failure and once an hour. */
function pathsToScan({ dirty, unrecordedChanges, state }: CycleContext): DirtyPaths {
  const dirtyPaths = dirty.take();
  return unrecordedChanges.arePossible || state.local.size === 0 ? "all" : dirtyPaths;
}

/** While the disk may hold unrecorded changes, all results of the scan are synced before an agreement. */
async function durableChanges(
  context: CycleContext,
  { changes }: ScanResult,
  isFirst: boolean,
): Promise<ScanResult["changes"]> {
  const { state, disk, unrecordedChanges } = context;
  const { rootId, local, parked, intents } = state;
  const seen = new Map(changes);
  const get = (id: NodeId): LocalRow | undefined => (seen.has(id) ? seen.get(id) : local.get(id));
  const table = { rootId, local: { get }, parked };
  const areNumbersNew = context.missingFeatures.has("stable inodes") && context.inodeNumbers.areNew;
  const failures = await makeRecreatedDurable(context, table, changes, areNumbersNew);
  context.nonDurable.noteScan(changes.keys(), failures);
  const unsettled = [...failures.keys()].flatMap((id) => {
    const row = changes.get(id);
    return row === undefined ? [] : [[id, { ...row, readState: "unsettled" }] as const];
  });
  if (!unrecordedChanges.arePossible || isFirst) return new Map([...changes, ...unsettled]);
  // An earlier scan may have found the intended change.
  for (const id of intents.keys()) if (!seen.has(id) && local.has(id)) seen.set(id, local.get(id));
  const durable = await makeDurable(disk, state, table, { seen, areNumbersNew });
  return new Map([...changes, ...durable, ...unsettled]);
}
