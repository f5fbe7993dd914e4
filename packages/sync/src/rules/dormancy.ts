import type { NodeId } from "@holdfast/core/ids";
import type { MissingFeatures } from "../model/missing-features.ts";
import {
  type IndexedTrees,
  isLive,
  type LocalRow,
  type Offer,
  type SyncedRow,
  unnumberedInode,
} from "../model/trees.ts";
import type { Rules } from "./rules.ts";
import { Visibility } from "./visibility.ts";

export interface DormancyChange {
  readonly local: ReadonlyMap<NodeId, LocalRow | undefined>;
  readonly synced: ReadonlyMap<NodeId, SyncedRow | undefined>;
  /** true: when included again, the base counts only if the item exists on both sides */
  readonly dormant: ReadonlyMap<NodeId, true | undefined>;
}

/**
 * Nodes hidden on all sides become dormant with their base. Nodes hidden on one side only were being moved: they lose
 * their base, and the local item gets its own id. A hidden item therefore never counts as deleted.
 */
export function applyRules(
  trees: IndexedTrees,
  rules: Rules,
  { makeNodeId, missingFeatures }: { readonly makeNodeId: () => NodeId; readonly missingFeatures: MissingFeatures },
): DormancyChange {
  const visibility = new Visibility(trees, rules, missingFeatures);
  const local = new Map<NodeId, LocalRow | undefined>();
  const synced = new Map<NodeId, SyncedRow | undefined>();
  const dormant = new Map<NodeId, true | undefined>();
  for (const id of onDiskOrInBase(trees)) {
    const row = trees.local.get(id);
    const base = trees.synced.get(id);
    const onDisk = row === undefined ? undefined : visibility.hidesLocal(id);
    const onServer = isLive(trees, id) ? visibility.hidesRemote(id) : undefined;
    const inBase = base === undefined ? undefined : visibility.hidesSynced(id);
    const sides = new Set([onDisk, onServer, inBase].filter((hidden) => hidden !== undefined));
    if (sides.size > 1) {
      if (base !== undefined) synced.set(id, undefined);
      if (row !== undefined && onServer !== undefined && onDisk !== onServer)
        part(trees, local, { id, row, isHidden: onDisk === true, makeNodeId });
    } else if (base !== undefined && inBase === true) {
      dormant.set(id, true);
      // The folder may move while dormant, so only its path identifies it.
      if (row?.kind === "folder")
        local.set(id, { ...(local.get(id) ?? row), fingerprint: { ...row.fingerprint, inode: unnumberedInode } });
    } else if (row !== undefined && onDisk === true) local.set(id, undefined);
  }
  return { local, synced, dormant };
}

function* onDiskOrInBase({ local, synced }: IndexedTrees): Generator<NodeId> {
  yield* local.keys();
  for (const id of synced.keys()) if (!local.has(id)) yield id;
}

/** Separated from the server's node, a hidden item is forgotten and a visible one is new. */
function part(
  trees: IndexedTrees,
  local: Map<NodeId, LocalRow | undefined>,
  { id, row, isHidden, makeNodeId }: { id: NodeId; row: LocalRow; isHidden: boolean; makeNodeId: () => NodeId },
): void {
  const fresh = isHidden ? undefined : makeNodeId();
  if (fresh !== undefined) local.set(fresh, local.get(id) ?? row);
  local.set(id, undefined);
  for (const child of trees.childrenOf(id)) {
    const below = local.has(child) ? local.get(child) : trees.local.get(child);
    if (below?.parent === id) local.set(child, fresh === undefined ? undefined : { ...below, parent: fresh });
  }
}

/**
 * Runs after a scan. A dormant node that becomes visible keeps its base only if it exists on both sides; otherwise it
 * is new.
 */
export function wake(
  trees: Pick<IndexedTrees, "rootId" | "remote" | "local" | "synced"> & { readonly dormant: ReadonlyMap<NodeId, true> },
  visibility: Visibility,
): Omit<DormancyChange, "local"> {
  const synced = new Map<NodeId, SyncedRow | undefined>();
  const dormant = new Map<NodeId, true | undefined>();
  for (const id of trees.dormant.keys()) {
    if (trees.synced.has(id) && visibility.hidesSynced(id)) continue;
    dormant.set(id, undefined);
    if (!trees.local.has(id) || !isLive(trees, id)) synced.set(id, undefined);
  }
  return { synced, dormant };
}

/**
 * Removes offers for nodes that count as new when visible again. Their results would create a base, and missing local
 * items would count as deleted.
 */
export function voidOffers(
  offers: readonly Offer[],
  isNew: (id: NodeId) => boolean,
): readonly (readonly [string, undefined])[] {
  return offers.flatMap(({ operationId, nodeId }) => (isNew(nodeId) ? [[operationId, undefined] as const] : []));
}
