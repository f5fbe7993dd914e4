import type { WaitingChange } from "../../brakes/brakes.ts";
import { overrideMethods } from "../access/override-methods.ts";
import { knownPathOf } from "../../model/local-tree.ts";
import { samePrivacy } from "../../model/privacy.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { deletedWith, shareOf } from "../../model/enclosing-share.ts";
import type { NodeId } from "@holdfast/core/ids";
import { joinPath, markerPath } from "@holdfast/sync-ports/paths";
import type { LocalOperation, RemoteOperation } from "../../plan/plan-types.ts";
import type { LocalDisk } from "@holdfast/sync-ports/ports";
import { fetchRemote } from "../../remote/fetch.ts";
import { pathsToFree } from "../../state/exclusion.ts";
import { readRules } from "../ignore-rules/read-rules.ts";
import { copiesToFree } from "../../execute/free-space.ts";
import { noteScan } from "../cycle/cycle.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { decide } from "../cycle/decide.ts";
import { withFirstRules } from "../ignore-rules/first-rules.ts";
import { bytesOfLocal, bytesOfRemote } from "../reports/progress.ts";
import { forgetOther } from "../access/root.ts";
import type { Problem } from "../reports/problems.ts";
import { DelayedDeletions } from "../delays/delayed-deletions.ts";
import { problemsOfShares } from "../cycle/shares.ts";
import { dryRunLocal, dryRunRemote } from "./dry-run.ts";
import { scanUnderPreviousRules, scanForPreview } from "../cycle/scan-disk.ts";

export interface Preview {
  readonly side: "here" | "server";
  readonly what: "create" | "change" | "move" | "delete" | "set executable" | "set private" | "copy aside";
  /** After the change; for a deletion, the current path. */
  readonly path: string;
  readonly from?: string;
  /** Number of files deleted with a folder on the server. */
  readonly files?: number;
  /** Downloaded or uploaded file, including blocks that need no transfer. */
  readonly bytes?: number;
  /** Original path of a conflicted copy. */
  readonly of?: string;
}

export interface PreviewedRun {
  readonly changes: readonly Preview[];
  /** Local changes that the server would reject for lack of permission or space. Not in `changes`. */
  readonly rejected: readonly Problem[];
  /** Changes that would be held. Not in `changes`. */
  readonly waiting: readonly WaitingChange[];
}

interface PreviewOptions {
  readonly approvesWaiting?: boolean;
  /** Free space of this account's quota. */
  readonly freeBytes?: number | undefined;
}

/** More cycles than an undisturbed run needs. */
const cyclesMax = 100;

/**
 * Lists the changes of a run in order, if nothing changes meanwhile. Only the state changes, so pass a copy.
 * @param approvesWaiting held changes count as approved, as when such a run starts
 */
export async function previewRun(
  given: CycleContext,
  { approvesWaiting = false, freeBytes = Infinity }: PreviewOptions = {},
): Promise<PreviewedRun> {
  const memoryLimits = { ...given.memoryLimits, freshMax: Infinity };
  const previewed = {
    ...given,
    memoryLimits,
    disk: withoutSyncs(given.disk),
    delayedDeletions: new DelayedDeletions(0),
  };
  const { state, brakes } = previewed;
  if (approvesWaiting) brakes.approve(brakes.waiting().map(({ id }) => id));
  state.forgetRefusals(Infinity);
  // A folder that the run would create has no marker.
  const marker = await given.disk.stat(markerPath);
  if (marker !== undefined) await forgetOther(given, marker);
  await fetchRemote(previewed);
  const context = { ...previewed, disk: await withFirstRules(previewed) };
  await scanUnderPreviousRules(context, scanForPreview);
  const { rules } = await readRules(context.disk, state);
  const freed = await copiesToFree(context, pathsToFree(state), rules);
  const previews: Preview[] = freed.map(({ path }) => ({ side: "here", what: "delete", path }));
  const scanned = await scanForPreview(context);
  noteScan(context, scanned);
  // The freed files still exist.
  state.commit({ local: freed.map(({ id }) => [id, undefined]), synced: freed.map(({ id }) => [id, undefined]) });
  const rejected: Problem[] = [];
  const room = { freeBytes };
  for (let cycle = 0; cycle < cyclesMax; cycle += 1) {
    const { local, remote, waiting } = (await decide(context, scanned)).plan;
    if (local.length + remote.length === 0) {
      rejected.push(...problemsOfShares(state, waiting));
      break;
    }
    for (const operation of local) previews.push(...previewHere(context, operation));
    for (const operation of remote) {
      const isWithoutRoom = lacksRoom(context, operation, room);
      const preview = previewThere(context, operation);
      if (isWithoutRoom) rejected.push({ path: preview.path, code: "quota", message: withoutRoom });
      else previews.push(preview);
    }
  }
  return { changes: previews, rejected, waiting: brakes.waiting() };
}

const withoutRoom = "There is not enough space in your quota. 'holdfast df' shows what uses it.";

/** Reserves free space for an upload's growth if it fits. Only the owner of a shared folder knows its free space. */
function lacksRoom({ state }: CycleContext, { op, id }: RemoteOperation, room: { freeBytes: number }): boolean {
  const sizeBytes = bytesOfRemote(state, op, id);
  const growthBytes = sizeBytes - (state.remote.get(id)?.sizeBytes ?? 0);
  if (sizeBytes === 0 || growthBytes <= 0 || isShared(state, id)) return false;
  if (growthBytes > room.freeBytes) return true;
  room.freeBytes -= growthBytes;
  return false;
}

function isShared(state: CycleContext["state"], id: NodeId): boolean {
  const rows = { get: (at: NodeId) => state.local.get(at) ?? state.remote.get(at) };
  return shareOf(state, rows, id) !== undefined;
}

/** Foreseen changes are not on the disk. */
function withoutSyncs(disk: LocalDisk): LocalDisk {
  const nothing = (): Promise<void> => Promise.resolve();
  return overrideMethods(disk, { syncFile: nothing, syncFolder: nothing, syncAll: nothing });
}

const here: Readonly<Record<LocalOperation["op"], Preview["what"]>> = {
  create: "create",
  replace: "change",
  move: "move",
  set: "set executable",
  delete: "delete",
  park: "move",
  copy_aside: "copy aside",
};

const there: Readonly<Record<RemoteOperation["op"], Preview["what"]>> = {
  mkdir: "create",
  symlink: "create",
  create: "create",
  put: "change",
  move: "move",
  set: "set executable",
  delete: "delete",
};

function whatOf(operation: LocalOperation | RemoteOperation, usual: Preview["what"]): Preview["what"] {
  if (operation.op !== "set") return usual;
  const before = "local" in operation ? operation.local : operation.base;
  return samePrivacy(operation, before) ? usual : "set private";
}

function previewHere({ state, makeNodeId }: CycleContext, operation: LocalOperation): Preview[] {
  const before = pathOfNode(state, operation.id);
  dryRunLocal(state, operation, makeNodeId);
  if (operation.op === "park") return [];
  const after = operation.op === "delete" ? before : pathOfNode(state, operation.id);
  const path = after ?? operation.id;
  const what = whatOf(operation, here[operation.op]);
  if (operation.op === "copy_aside") {
    const copy = joinPath(knownPathOf(state, operation.parent) ?? "", operation.name);
    return [{ side: "here", what, path: copy, of: before ?? path }];
  }
  return [{ side: "here", what, path, ...movedFrom(what, before), ...sized(bytesOfLocal(operation)) }];
}

function previewThere({ state }: CycleContext, operation: RemoteOperation): Preview {
  const { id, op } = operation;
  const path = pathOfNode(state, id) ?? id;
  const what = whatOf(operation, there[op]);
  const nowhere = new Map<NodeId, never>();
  const before = pathOfNode({ rootId: state.rootId, local: nowhere, synced: nowhere, remote: state.remote }, id);
  const bytes = bytesOfRemote(state, op, id);
  const files = op === "delete" && state.remote.get(id)?.kind === "folder" ? deletedWith(state, id).files : undefined;
  dryRunRemote(state, operation);
  return {
    side: "server",
    what,
    path,
    ...movedFrom(what, before),
    ...(files === undefined ? {} : { files }),
    ...sized(bytes),
  };
}

function movedFrom(what: Preview["what"], before: string | undefined): Pick<Preview, "from"> {
  return what === "move" && before !== undefined ? { from: before } : {};
}

function sized(bytes: number): Pick<Preview, "bytes"> {
  return bytes === 0 ? {} : { bytes };
}
