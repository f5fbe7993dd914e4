import type { NodeId } from "@holdfast/core/ids";
import { applyBatch } from "./apply-batch.ts";
import type { Failures } from "./failures.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { pathOf, pathOfNode } from "../model/tree-paths.ts";
import type { LocalOperation } from "../plan/plan-types.ts";
import { type LocalTree, rowsBelow } from "../model/local-tree.ts";
import { isLive, type LocalRow, type RemoteRow, type SyncedRow } from "../model/trees.ts";
import { endedMounts } from "../shares/share-visibility.ts";
import { shareOf } from "../model/enclosing-share.ts";
import { addNotice } from "../state/notices.ts";

interface Ending {
  readonly operations: readonly LocalOperation[];
  readonly failures: Failures;
}

type OnDone = (operation: LocalOperation, path: string) => void;

/**
 * Removes the local copies of ended shares. Unchanged files go to the local trash, changed and new ones to the
 * quarantine. Unreadable items are left to the next scan.
 * @param tree without hidden items, which stay untouched
 * @param isKeeper the folder holds items of no tree and stays as an ordinary folder
 */
export async function endShares(
  context: ExecutionContext,
  tree: LocalTree,
  isKeeper: (path: string) => boolean,
  onDone: OnDone = () => undefined,
): Promise<Ending> {
  const operations: LocalOperation[] = [];
  const failures: Failures = new Map();
  const act = async (some: readonly LocalOperation[]): Promise<boolean> => {
    const paths = some.map(({ id }) => pathOfNode(context.state, id) ?? "");
    const failed: Failures = some.length === 0 ? new Map() : await applyBatch(context, some);
    for (const [at, operation] of some.entries()) if (!failed.has(operation)) onDone(operation, paths[at] ?? "");
    operations.push(...some);
    for (const [operation, failure] of failed) failures.set(operation, failure);
    return failed.size === 0;
  };
  for (const mount of endedMounts(context.state)) {
    context.state.commit(comeBack(context, new Set([...rowsBelow(context.state, mount)].map(([id]) => id))));
    const files = [...rowsBelow(tree, mount)].filter(([, { kind }]) => kind !== "folder");
    const known = files.filter(([, { readState }]) => readState === "known");
    const going = known.map(([id, local]) => awayWith(context, mount, id, local));
    const path = tree.local.has(mount) ? pathOf(context.state, mount) : undefined;
    const isEmpty = await act(going);
    if (path !== undefined)
      noteEnded(
        context,
        path,
        going.filter((operation) => !failures.has(operation)),
      );
    if (isEmpty && known.length === files.length && (await act(foldersToGo(context, tree, { mount, isKeeper })))) {
      forget(context, mount);
    }
  }
  return { operations, failures };
}

function noteEnded({ state, nowMs }: ExecutionContext, path: string, gone: readonly LocalOperation[]): void {
  const countOf = (into: string): number => gone.filter((each) => each.op === "delete" && each.into === into).length;
  addNotice(state, { atMs: nowMs(), path, code: "share_ended", counts: [countOf("trash"), countOf("quarantine")] });
}

function awayWith({ state }: ExecutionContext, mount: NodeId, id: NodeId, local: LocalRow): LocalOperation {
  const into = isUnchanged(state, mount, id, local) ? "trash" : "quarantine";
  return { op: "delete", id, local, into };
}

/**
 * Compares with the server's row in that folder, which may be mounted again or in another share by now. Content that
 * arrived during a crash has no base yet but counts as the server's.
 */
function isUnchanged(state: ExecutionContext["state"], mount: NodeId, id: NodeId, { content }: LocalRow): boolean {
  const target = state.shares.get(mount)?.target;
  const there = shareOf(state, state.remote, id);
  const isMounted = there !== undefined && state.shares.get(there)?.target === target;
  const isInFolder = isMounted || foldersAbove(state, id).some((folder) => folder === target && isLive(state, folder));
  return isInFolder && [state.synced.get(id)?.content, state.remote.get(id)?.content].includes(content);
}

/** Lists the folders above on the server. Moves may briefly create a cycle, which ends the list. */
function foldersAbove({ remote }: ExecutionContext["state"], id: NodeId): readonly NodeId[] {
  const passed = new Set<NodeId>();
  for (let at = remote.get(id)?.parent; at !== undefined && !passed.has(at); at = remote.get(at)?.parent)
    passed.add(at);
  return [...passed];
}

/** Moves into the share that have not reached the server are undone. */
function comeBack(
  { state }: ExecutionContext,
  ids: ReadonlySet<NodeId>,
): Parameters<ExecutionContext["state"]["commit"]>[0] {
  const from = [...state.departures].filter(([, to]) => ids.has(to)).map(([id]) => [id, undefined] as const);
  return { departures: from, synced: from };
}

/** Returns the deepest folders first, without those that still hold something. */
function foldersToGo(
  { state }: ExecutionContext,
  tree: LocalTree,
  { mount, isKeeper }: { readonly mount: NodeId; readonly isKeeper: (path: string) => boolean },
): LocalOperation[] {
  const paths = new Map<NodeId, string>();
  for (const id of [mount, ...[...rowsBelow(tree, mount)].map(([below]) => below)]) {
    const path = tree.local.has(id) ? pathOf(state, id) : undefined;
    if (path !== undefined) paths.set(id, path);
  }
  const kept = [...paths.values()].filter(isKeeper);
  const stays = (path: string): boolean => kept.some((each) => `${each}/`.startsWith(`${path}/`));
  const going = [...paths].filter(([, path]) => !stays(path)).toSorted(([, one], [, other]) => (one < other ? 1 : -1));
  return going.flatMap(([id]): LocalOperation[] => {
    const local = state.local.get(id);
    return local === undefined ? [] : [{ op: "delete", id, local, into: "trash" }];
  });
}

/** A folder that stays for its hidden content counts as deleted by the server. */
function forget({ state }: ExecutionContext, mount: NodeId): void {
  const remote: [NodeId, RemoteRow | undefined][] = [];
  const synced: [NodeId, SyncedRow | undefined][] = [];
  const gone = new Set<NodeId>();
  const waiting = [mount];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const row = state.remote.get(id);
    const isHere = state.local.has(id);
    if (row !== undefined) remote.push([id, isHere ? { ...row, trashed: true } : undefined]);
    if (!isHere) synced.push([id, undefined]);
    gone.add(id);
    for (const child of state.childrenOf(id)) if (state.remote.get(child)?.parent === id) waiting.push(child);
  }
  const offers = state.offers.filter(({ nodeId }) => gone.has(nodeId));
  state.commit({
    remote,
    synced,
    shares: [[mount, undefined]],
    rights: [...gone].flatMap((id) => (state.rights.has(id) ? [[id, undefined] as const] : [])),
    offers: offers.map(({ operationId }) => [operationId, undefined] as const),
  });
}
