import type { NodeId } from "@holdfast/core/ids";
import { knownPathOf, type LocalTree } from "../../model/local-tree.ts";
import { addNotice, addNotices, type Notice } from "../../state/notices.ts";
import { VisibleRows } from "../../model/visible-rows.ts";
import { DiskChanged } from "../../model/disk-changed.ts";
import { sameFingerprint } from "../../model/fingerprints.ts";
import { makeDurable } from "../../execute/durable.ts";
import { makeRenewalsDurable, trustSeen } from "../../execute/person-acts.ts";
import { lineOf } from "../../model/tree-paths.ts";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import { Visibility, visibleTrees } from "../../rules/visibility.ts";
import type { Rules } from "../../rules/rules.ts";
import { localChanges } from "../../scan/local-changes.ts";
import { openedAnew } from "../../scan/opened-anew.ts";
import { scan, type ScanResult } from "../../scan/scan.ts";
import type { TakerIn } from "../../scan/taker.ts";
import { hasKnownEntry, type Suspects, type Top } from "../../scan/scope.ts";
import { isReadOnly } from "../../model/rights.ts";
import { isLive, type LocalRow } from "../../model/trees.ts";
import { shareAt } from "../../model/whereabouts.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { judgeRules } from "../ignore-rules/foreign-rules.ts";
import { inParts, type Looked } from "./look-parts.ts";
import { outgoingTerms, presentTerms, type Terms } from "../ignore-rules/new-rules.ts";
import { checkRoot } from "../access/root.ts";
import { shownByMoves } from "./shown.ts";

/** `lacked` or `kept`: the disk's support of private modes at the last scan. */
const modesSetting = "private modes";

/**
 * Scans every place that may have changed. Large changes are scanned in parts, each stored before the next one starts.
 * @throws DiskChanged if the root changed during the scan
 * @throws RootMismatch
 */
export async function lookAtDisk(context: CycleContext, terms = presentTerms(context)): Promise<Looked> {
  const { state, doubt, numbering, left } = context;
  const modes = context.missingFeatures.has("private modes") ? "lacked" : "kept";
  const areModesNew = modes === "kept" && state.setting(modesSetting) === "lacked";
  // At the first scan, only the previously fetched rules file is agreed.
  const isFirst = state.intents.size === 0 && (state.local.size === 0 || state.setting("rules") === undefined);
  const looked = await inParts(async (tops) => {
    const seen = await lookAtKnownRoot(context, terms, tops);
    const shown = new Map([...seen.changes, ...shownByMoves(state, seen, { ...context, ...seen })]);
    const continued = left.observe(state, shown, { ...context, nowMs: context.nowMs() });
    const look = { ...seen, changes: continued.changes };
    state.remember(look.changes.size);
    noteHidden(context, look);
    noteKept(context, look);
    const changes = await agreeable(context, look, isFirst);
    const opened = openedAnew(state, changes, continued.synced, {
      areModesNew,
      distrusted: context.distrusted.ids,
      areNumbersNew: context.missingFeatures.has("stable inodes") && numbering.isNew,
    });
    state.commit({ local: localChanges(state.local, changes), ...opened });
    const again = againAt(context, look, changes);
    return { ...look, again, isUnsettled: hasUnsettled(changes, (id) => context.undurable.isRenewed(id)) };
  });
  if (state.setting(modesSetting) !== modes) state.commit({ settings: [[modesSetting, modes]] });
  doubt.isOpen = false;
  context.distrusted.ids = trustSeen(state, context.distrusted.ids, context.boot);
  numbering.isNew = false;
  return looked;
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
export async function lookUnderLastRules(context: CycleContext, look: typeof lookAtDisk = lookAtDisk): Promise<void> {
  const ignoreFile = await judgeRules(context);
  if (context.state.local.size === 0) return;
  const terms = outgoingTerms(context, ignoreFile);
  if (terms === undefined) return;
  context.suspicion.add("all");
  await look(context, terms);
}

export function previewDisk(context: CycleContext, terms = presentTerms(context)): Promise<Looked> {
  return inParts(async (tops) => {
    const look = await lookAtRoot(context, terms, tops);
    // Content that was read counts as unchanging, because a real run scans again until it is.
    const settled = [...look.changes].map(([id, row]) => [id, row?.sight === "racy" ? atRest(row) : row] as const);
    context.state.commit({
      local: settled,
      ...openedAnew(context.state, look.changes, undefined, {
        areNumbersNew: context.missingFeatures.has("stable inodes"),
      }),
    });
    return { ...look, isUnsettled: hasUnsettled(look.changes) };
  });
}

function atRest(row: LocalRow): LocalRow {
  return { ...row, sight: "known" };
}

function hasUnsettled(changes: ScanResult["changes"], waits: (id: NodeId) => boolean = () => false): boolean {
  return changes.entries().some(([id, row]) => row?.sight === "unsettled" && !waits(id));
}

/**
 * Rescans unsettled items at their current paths, because the scan reports old paths of folders moved during it. Items
 * that could not be made durable are included, even if everything else was unreadable.
 */
function againAt({ state, undurable }: CycleContext, look: Look, changes: ScanResult["changes"]): Suspects {
  if (look.again === "all") return "all";
  const unsettled = [...changes].flatMap(([id, row]) =>
    row?.sight === "unsettled" && !undurable.isRenewed(id) ? [row.parent] : [],
  );
  const folders = new Set([...new Set(unsettled)].flatMap((id) => knownPathOf(state, id) ?? []));
  return new Set([...look.again, ...[...folders].flatMap(withFoldersAbove)]);
}

interface Look extends ScanResult {
  readonly rules: Rules;
}

async function lookAtKnownRoot(context: CycleContext, terms: Terms, tops: readonly Top[] | undefined): Promise<Look> {
  const { device } = context.filesystem;
  if (tops === undefined) {
    context.early.beginLook();
    context.progress.beginLook(context.state.restless.fresh.size > 0);
  }
  const takerIn: TakerIn = (folder, sizeBytes) => context.early.takerIn(folder, sizeBytes);
  const look = await lookAtRoot(context, terms, tops, terms.coming === undefined ? takerIn : undefined);
  context.checkStop();
  await checkRoot(context);
  if (context.filesystem.device !== device) throw new DiskChanged("The filesystem of the folder");
  return look;
}

async function lookAtRoot(
  context: CycleContext,
  { settle, coming }: Terms,
  tops: readonly Top[] | undefined,
  takerIn?: TakerIn,
): Promise<Look> {
  const { disk, state, portions } = context;
  const rules = await settle();
  const { intents, manifests } = state;
  const moreSuspects = (): Promise<Suspects> => context.moreSuspects();
  const isHidden: Rules["hides"] = (path, isFolder) => rules.hides(path, isFolder);
  const tree = standing(visibleTrees(state, new Visibility(state, rules, context.missingFeatures)), state.parked);
  const suspects = tops === undefined ? whereToLook(context) : "all";
  const startMs = context.nowMs();
  const look = await scan(disk, {
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
    isPassedOver: (path) => coming?.hides(path, false) === true,
    manifests,
    takerIn,
    // The scan that finds changes to send follows the scan under the old rules.
    progress: coming === undefined ? context.progress : undefined,
    suspects,
    tops,
    entriesMax: portions.entriesMax,
    moreSuspects,
    isPassing: (path) => context.unread.isPassing(path, context.nowMs()),
  });
  if (context.nowMs() >= startMs) return { ...look, rules };
  return { ...look, rules, changes: withRacyReads(look.changes, state.local), again: "all" };
}

/** The clock was set back during the scan, so timestamps cannot show which files changed. Read files are read again. */
function withRacyReads(changes: ScanResult["changes"], local: LocalTree["local"]): ScanResult["changes"] {
  const isRead = (id: NodeId, { kind, sight, fingerprint }: LocalRow): boolean => {
    const before = local.get(id);
    const isKnown = before?.sight === "known" && sameFingerprint(before.fingerprint, fingerprint);
    return kind === "file" && sight === "known" && !isKnown;
  };
  const again = [...changes].map(([id, row]) => {
    const racy = row !== undefined && isRead(id, row) ? { ...row, sight: "racy" as const } : row;
    return [id, racy] as const;
  });
  return new Map(again);
}

function standing(tree: LocalTree, parked: ReadonlyMap<NodeId, unknown>): LocalTree {
  if (parked.size === 0) return tree;
  const waits = (id: NodeId): boolean => lineOf(tree, id).some((each) => parked.has(each));
  const local = new VisibleRows(tree.local, (id) => !waits(id));
  return { rootId: tree.rootId, local, childrenOf: (folder) => tree.childrenOf(folder) };
}

/** Returns everything after a failure and once an hour. */
function whereToLook({ suspicion, doubt, state }: CycleContext): Suspects {
  const suspects = suspicion.take();
  return doubt.isOpen || state.local.size === 0 ? "all" : suspects;
}

/** While disk changes are in doubt, all results of the scan are synced before an agreement. */
async function agreeable(
  context: CycleContext,
  { changes }: ScanResult,
  isFirst: boolean,
): Promise<ScanResult["changes"]> {
  const { state, disk, doubt } = context;
  const { rootId, local, parked, intents } = state;
  const seen = new Map(changes);
  const get = (id: NodeId): LocalRow | undefined => (seen.has(id) ? seen.get(id) : local.get(id));
  const table = { rootId, local: { get }, parked };
  const areNumbersNew = context.missingFeatures.has("stable inodes") && context.numbering.isNew;
  const failures = await makeRenewalsDurable(context, table, changes, areNumbersNew);
  context.undurable.noteLook(changes.keys(), failures);
  const unsettled = [...failures.keys()].flatMap((id) => {
    const row = changes.get(id);
    return row === undefined ? [] : [[id, { ...row, sight: "unsettled" }] as const];
  });
  if (!doubt.isOpen || isFirst) return new Map([...changes, ...unsettled]);
  // An earlier scan may have found the intended change.
  for (const id of intents.keys()) if (!seen.has(id) && local.has(id)) seen.set(id, local.get(id));
  const durable = await makeDurable(disk, state, table, { seen, areNumbersNew });
  return new Map([...changes, ...durable, ...unsettled]);
}
