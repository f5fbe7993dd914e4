import type { NodeId } from "@holdfast/core/ids";
import {
  isLive,
  type Offer,
  placeOf,
  type RemoteRow,
  samePlace,
  type SyncedRow,
  syncedVersionsKept,
  type Trees,
} from "../trees.ts";

/** Rows of the synced tree that follow from the other two; undefined: the row goes. */
export type Settlements = ReadonlyMap<NodeId, SyncedRow | undefined>;

/**
 * What both sides agree on is the new base, member by member, and so is what the server has from one of my own offers,
 * even if the disk has moved on since: a lost answer is never a conflict with myself.
 */
export function settle(trees: Trees): Settlements {
  const offers = Map.groupBy(trees.offers, (offer) => offer.nodeId);
  const settled = new Map<NodeId, SyncedRow | undefined>();
  for (const id of new Set([...trees.synced.keys(), ...trees.local.keys()])) {
    const before = trees.synced.get(id);
    const after = settleNode(trees, id, offers.get(id) ?? []);
    if (!sameSynced(before, after)) settled.set(id, after);
  }
  return settled;
}

function settleNode(trees: Trees, id: NodeId, offers: readonly Offer[]): SyncedRow | undefined {
  const synced = trees.synced.get(id);
  const local = trees.local.get(id);
  const row = trees.remote.get(id);
  const remote = isLive(trees, id) ? row : undefined;
  // What lies below something in the trash comes back with it, and must then be known as deleted here.
  if (remote === undefined) return local === undefined && row?.trashed !== false ? undefined : synced;
  if (local === undefined) return synced;
  if (local.kind !== remote.kind) return synced;
  const isSeen = local.sight !== "unsettled";
  const contentAgreed = (isSeen && local.content === remote.content) || isMine(remote, offers);
  const placeAgreed = samePlace(local, remote) || offers.some((offer) => samePlace(offer.place, remote));
  const executableAgreed = isSeen && (local.executable === remote.executable || contentAgreed);
  const base = synced ?? { kind: remote.kind, place: undefined, content: undefined, executable: false, versionIds: [] };
  if (synced === undefined && !contentAgreed && !placeAgreed) return undefined;
  return {
    kind: remote.kind,
    place: placeAgreed ? placeOf(remote) : base.place,
    content: contentAgreed ? remote.content : base.content,
    executable: executableAgreed ? remote.executable : base.executable,
    versionIds: contentAgreed ? withVersion(base.versionIds, remote.versionId) : base.versionIds,
  };
}

function isMine(remote: RemoteRow, offers: readonly Offer[]): boolean {
  return (
    remote.operationId !== null &&
    offers.some((offer) => offer.operationId === remote.operationId && offer.content === remote.content)
  );
}

function withVersion(versionIds: readonly string[], versionId: string | null): readonly string[] {
  if (versionId === null || versionIds[0] === versionId) return versionIds;
  return [versionId, ...versionIds.filter((other) => other !== versionId)].slice(0, syncedVersionsKept);
}

function sameSynced(one: SyncedRow | undefined, other: SyncedRow | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    samePlace(one.place, other.place) &&
    one.content === other.content &&
    one.executable === other.executable &&
    one.versionIds.length === other.versionIds.length &&
    one.versionIds[0] === other.versionIds[0]
  );
}
