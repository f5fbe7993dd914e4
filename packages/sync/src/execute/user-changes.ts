import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { mapBounded } from "@holdfast/core/task-group";
import { isPrivateIn, samePrivacy } from "../model/privacy.ts";
import type { LocalTree } from "../model/local-tree.ts";
import { pathOf, type PathTable } from "../model/tree-paths.ts";
import { type LocalRow, samePlace, type SyncedRow } from "../model/trees.ts";
import { failureOf, isInNonDurableFolder, isDifferentItem, syncTogether } from "./durable.ts";
import type { ExecutionContext } from "./execution-context.ts";

const callsAtOnce = 8;

/** The person's items beside what was agreed on. */
export interface DiskAndBase extends PathTable {
  readonly local: LocalTree["local"];
  readonly synced: Pick<ReadonlyMap<NodeId, SyncedRow>, "get">;
  readonly dormant: Pick<ReadonlyMap<NodeId, true>, "has">;
}

/**
 * Syncs a person's changes before they are agreed, because programs seldom sync them. A power failure could otherwise
 * undo them, and the loss would be uploaded.
 *
 * @param ids nodes whose disk rows are about to become the base
 */
export async function makeUserChangesDurable(
  { disk, state }: { readonly disk: ExecutionContext["disk"]; readonly state: DiskAndBase },
  ids: readonly NodeId[],
): Promise<ReadonlyMap<NodeId, HoldfastError>> {
  const failures = await syncTraces(disk, new Map(ids.map((id) => [id, tracesOf(state, id)])));
  const doubtful = ids.filter((id) => !failures.has(id) && goesWithFolder(state, id));
  const failure = new HoldfastError("unavailable", "A folder above is not known to be durable.");
  return new Map([...failures, ...doubtful.map((id) => [id, failure] as const)]);
}

/** True for content of a folder that could not be made durable, even if the content is. */
function goesWithFolder({ rootId, local }: DiskAndBase, id: NodeId): boolean {
  const row = local.get(id);
  if (row === undefined || row.readState === "unsettled") return false;
  return isInNonDurableFolder({ rootId, local }, row.parent);
}

/**
 * Syncs agreed items recreated with the same content, which a power failure could still lose.
 *
 * @param areNumbersNew the disk has assigned inode numbers again since the scan before
 */
export async function makeRecreatedDurable(
  { disk, state }: Pick<ExecutionContext, "disk" | "state">,
  table: PathTable,
  changes: ReadonlyMap<NodeId, LocalRow | undefined>,
  areNumbersNew = false,
): Promise<ReadonlyMap<NodeId, HoldfastError>> {
  const recreated = new Map<NodeId, Traces>();
  for (const [id, row] of changes) {
    const before = { known: state.local.get(id), base: state.synced.get(id), areNumbersNew };
    if (row === undefined || !isRecreated(row, before)) continue;
    const folder = row.parent === table.rootId ? "" : pathOf(table, row.parent);
    // A recreated private folder is synced itself: syncing its parent does not store its mode.
    const isSynced = row.kind === "file" || isPrivateIn(row) || isPrivacyBack(row, before);
    const file = isSynced ? pathOf(table, id) : undefined;
    recreated.set(id, { file, folders: folder === undefined ? [] : [folder] });
  }
  return syncTraces(disk, recreated);
}

interface Before {
  readonly known: LocalRow | undefined;
  readonly base: SyncedRow | undefined;
  readonly areNumbersNew: boolean;
}

function isRecreated(row: LocalRow, { known, base, areNumbersNew }: Before): boolean {
  if (row.readState === "unsettled" || row.content !== base?.content) return false;
  // A failed sync still counts as failed after another scan.
  if (known?.readState === "unsettled") return true;
  // A bit may have been set durably and cleared again. No file time shows that.
  if (known?.executable !== row.executable && row.executable === base.executable) return true;
  if (isPrivacyBack(row, { known, base })) return true;
  const [now, then] = [row.fingerprint, known?.fingerprint];
  return isDifferentItem(now, then, areNumbersNew) || (row.kind === "file" && now.mtimeNs !== then?.mtimeNs);
}

function isPrivacyBack(row: LocalRow, { known, base }: Pick<Before, "known" | "base">): boolean {
  return known !== undefined && !samePrivacy(known, row) && isPrivateIn(row) === isPrivateIn(base);
}

async function syncTraces(
  disk: ExecutionContext["disk"],
  traces: ReadonlyMap<NodeId, Traces>,
): Promise<ReadonlyMap<NodeId, HoldfastError>> {
  const failures = new Map<NodeId, HoldfastError>();
  const files = [...traces.values()].flatMap(({ file }) => (file === undefined ? [] : [file]));
  const folders = new Set([...traces.values()].flatMap((each) => each.folders));
  // Only separate calls show which path failed.
  const together = syncTogether(disk, files.length + folders.size);
  if (together !== undefined && (await failureOf(together())) === undefined) return failures;
  const failed = new Map<string, HoldfastError>();
  const attempt = async (path: string, syncing: Promise<void>): Promise<void> => {
    const failure = await failureOf(syncing);
    if (failure !== undefined) failed.set(path, failure);
  };
  await mapBounded(files, callsAtOnce, (path) => attempt(path, disk.syncFile(path)));
  await mapBounded([...folders], callsAtOnce, (path) => attempt(path, disk.syncFolder(path)));
  for (const [id, { file, folders: above }] of traces) {
    const paths = file === undefined ? above : [file, ...above];
    const failure = paths.map((path) => failed.get(path)).find((each) => each !== undefined);
    if (failure !== undefined) failures.set(id, failure);
  }
  return failures;
}

interface Traces {
  readonly file: string | undefined;
  readonly folders: readonly string[];
}

export function foldersOfChange(rows: DiskAndBase, id: NodeId): readonly string[] {
  return tracesOf(rows, id).folders;
}

/** Paths where the disk differs from the base. */
function tracesOf(rows: DiskAndBase, id: NodeId): Traces {
  const local = rows.local.get(id);
  // Hidden items are not scanned, and their absence is not uploaded.
  const base = rows.dormant.has(id) ? undefined : rows.synced.get(id);
  const isOther =
    local !== undefined &&
    (isPrivateIn(local) !== isPrivateIn(base) ||
      (local.kind === "file" && (base?.content !== local.content || base?.executable !== local.executable)));
  // A file saved under another's name also changes the folder's entries.
  const isNamed = isOther || !samePlace(local, base?.place);
  const places = isNamed ? new Set([local?.parent, base?.place?.parent]) : [];
  return {
    file: isOther ? pathOf(rows, id) : undefined,
    folders: [...places].flatMap((parent) => (parent === undefined ? [] : (pathOfNearest(rows, parent) ?? []))),
  };
}

/** Finds the nearest existing folder, whose entries show that the others are gone. */
function pathOfNearest(table: DiskAndBase, id: NodeId): string | undefined {
  let at: NodeId | undefined = id;
  const passed = new Set<NodeId>();
  while (at !== undefined && at !== table.rootId && table.local.get(at) === undefined && !passed.has(at)) {
    passed.add(at);
    at = table.synced.get(at)?.place?.parent;
  }
  if (at === undefined) return undefined;
  return at === table.rootId ? "" : pathOf(table, at);
}

/** Last system start since which every item that could have lost its mode was checked. */
const trustedSetting = "modes trusted";

/**
 * After a system restart, the disk may hold less than was read, with the same times. Content not made durable must be
 * read again.
 * @param boot identifies this system start; undefined: unknown
 * @returns private files and folders that a power failure may have made public
 */
export function findUnverifiedModes(
  { state }: Pick<ExecutionContext, "state">,
  boot: string | undefined,
): ReadonlySet<NodeId> {
  const unverifiedModes = new Set<NodeId>();
  if (boot !== undefined && state.setting(trustedSetting) === boot) return unverifiedModes;
  const isMarked = boot !== undefined && state.setting("boot") === boot;
  // There may be as many as files, so they are stored in parts, the setting last.
  let doubtful: (readonly [NodeId, LocalRow])[] = [];
  const { unsynced } = state;
  for (const ids of [[...unsynced], unsynced.fresh.after("")]) {
    for (const id of ids) {
      const row = state.local.get(id);
      const base = state.synced.get(id);
      const isAgreed = row?.content === base?.content && row?.readState !== "unsettled";
      if (isPrivateIn(row) && !(isAgreed && isPrivateIn(base))) unverifiedModes.add(id);
      if (isMarked || isAgreed || row?.kind !== "file" || row.readState !== "known") continue;
      doubtful.push([id, { ...row, readState: "racy" }]);
      if (doubtful.length < doubtfulAtOnce) continue;
      state.commit({ local: doubtful });
      doubtful = [];
    }
  }
  state.commit({ local: doubtful, settings: boot === undefined ? [] : [["boot", boot]] });
  return unverifiedModes;
}

/**
 * Records that everything was checked since the system started. Items that could not be checked stay doubtful for later
 * processes.
 * @returns items that could not be checked
 */
export function dropVerifiedModes(
  state: ExecutionContext["state"],
  unverifiedModes: ReadonlySet<NodeId>,
  boot: string | undefined,
): ReadonlySet<NodeId> {
  const unseen = new Set([...unverifiedModes].filter((id) => state.local.get(id)?.readState === "unsettled"));
  const isTrusted = unseen.size === 0 && boot !== undefined;
  if (isTrusted && state.setting(trustedSetting) !== boot) state.commit({ settings: [[trustedSetting, boot]] });
  return unseen;
}

const doubtfulAtOnce = 1000;
