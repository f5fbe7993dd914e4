import type { NodeId } from "@holdfast/core/ids";
import { nextBasePrivacy, samePrivacy } from "../model/privacy.ts";
import {
  type Intent,
  isLive,
  type LocalRow,
  type Offer,
  placeOf,
  type RemoteRow,
  samePlace,
  type SyncedRow,
  syncedVersionsKept,
  type Trees,
} from "../model/trees.ts";

export interface Settlement {
  /** Derived from the other two trees; undefined: removed. */
  readonly synced: ReadonlyMap<NodeId, SyncedRow | undefined>;
  /** Offers and intents with known results. */
  readonly answered: readonly Offer[];
  readonly seen: readonly NodeId[];
}

/**
 * Agreed values become the new base, and also results of own offers, even if the disk has changed since. A lost
 * response is therefore never a conflict.
 */
export function settle(trees: Trees): Settlement {
  const offers = Map.groupBy(trees.offers, (offer) => offer.nodeId);
  const synced = new Map<NodeId, SyncedRow | undefined>();
  for (const id of new Set([
    ...trees.synced.keys(),
    ...trees.local.keys(),
    ...offers.keys(),
    ...trees.intents.keys(),
  ])) {
    const before = trees.synced.get(id);
    const after = settleNode(trees, id, offers.get(id) ?? []);
    if (!sameSynced(before, after)) synced.set(id, after);
  }
  const seen = [...trees.intents.keys()].filter((id) => trees.local.get(id)?.readState !== "unsettled");
  return { synced, seen, answered: trees.offers.filter((offer) => isAnswered(trees.remote.get(offer.nodeId), offer)) };
}

function settleNode(trees: Trees, id: NodeId, offers: readonly Offer[]): SyncedRow | undefined {
  const local = trees.local.get(id);
  const row = trees.remote.get(id);
  const remote = isLive(trees, id) ? row : undefined;
  const begun = afterIntent(trees, id);
  const synced = row === undefined ? begun : offers.reduce((base, offer) => take(base, row, offer), begun);
  // Content below a trashed item returns with it, and must then count as deleted here.
  if (remote === undefined) return local === undefined && row?.trashed !== false ? undefined : synced;
  if (local === undefined || local.kind !== remote.kind) return synced;
  const isSeen = local.readState !== "unsettled";
  const contentAgreed = isSeen && local.content === remote.content;
  const placeAgreed = samePlace(local, remote);
  const executableAgreed = isSeen && local.executable === remote.executable;
  if (synced === undefined && !contentAgreed && !placeAgreed) return undefined;
  const base = synced ?? blank(remote.kind);
  return {
    kind: remote.kind,
    place: placeAgreed ? placeOf(remote) : base.place,
    content: contentAgreed ? remote.content : base.content,
    executable: executableAgreed ? remote.executable : base.executable,
    ...(isSeen ? nextBasePrivacy(local, remote, base) : isPrivateIn(base)),
    versionIds: contentAgreed ? withVersion(base.versionIds, remote.versionId) : base.versionIds,
  };
}

/** Agrees on disk changes that follow the server, even after a crash before they were recorded. */
function afterIntent(trees: Trees, id: NodeId): SyncedRow | undefined {
  const synced = trees.synced.get(id);
  const intent = trees.intents.get(id);
  const local = trees.local.get(id);
  if (intent === undefined) return synced;
  if (intent.isMove === true) return afterMove(synced, intent, local);
  if (local === undefined) return intent.content === undefined ? undefined : synced;
  if (local.readState === "unsettled" || local.content !== intent.content) return synced;
  // The mode did not change, or a power failure undid it.
  const isModeDone = local.executable === intent.executable && samePrivacy(local, intent);
  if (synced?.content === intent.content && !isModeDone) return synced;
  const { isPrivate: _before, ...known } = synced ?? { ...blank(local.kind), place: intent.place };
  const { content, executable } = intent;
  return { ...known, content, executable, ...nextBasePrivacy(local, intent, synced) };
}

/** Otherwise it would count as a person's move and restore an item deleted on the server. */
function afterMove(synced: SyncedRow | undefined, intent: Intent, local: LocalRow | undefined): SyncedRow | undefined {
  const isDone = intent.isServersPlace === true && samePlace(local, intent.place);
  return isDone && synced !== undefined ? { ...synced, place: placeOf(intent.place) } : synced;
}

function blank(kind: SyncedRow["kind"]): SyncedRow {
  return { kind, place: undefined, content: undefined, executable: false, versionIds: [] };
}

/** Agrees on the visible result of an offer whose response was lost. */
function take(base: SyncedRow | undefined, remote: RemoteRow, offer: Offer): SyncedRow | undefined {
  if (!isAnswered(remote, offer)) return base;
  const isNamed = [offer.operationId, ...(offer.earlierIds ?? [])].some((id) => id === remote.operationId);
  // It was not executed, so a partial match is somebody else's change.
  if (offer.isRefused === true && offer.baseRevision !== undefined && !isNamed) return base;
  const isContentMine = isNamed && offer.content === remote.content;
  const isPlaceMine = samePlace(offer.place, remote);
  const isBitMine = offer.executable === remote.executable;
  const isPrivacyMine = offer.isPrivate !== undefined && offer.isPrivate === remote.isPrivate;
  const isOfKnown = offer.baseRevision !== undefined;
  // An edit of a node without a base, for example a hidden one, creates no base.
  const isMine = isContentMine || isPlaceMine || isBitMine || isPrivacyMine;
  if (isOfKnown && (base === undefined || !isMine)) return base;
  // Somebody else may bring back a node deleted again. A local recreation is then still an edit.
  const held = remote.trashed ? undefined : offer.held;
  const { isPrivate, ...known } = base ?? { ...blank(remote.kind), place: offer.place, executable: remote.executable };
  return {
    ...known,
    place: isPlaceMine ? placeOf(remote) : known.place,
    // A folder has no content, and a link keeps its first.
    content: isContentMine || remote.kind !== "file" ? remote.content : (known.content ?? held),
    executable: isBitMine ? remote.executable : known.executable,
    ...isPrivateIn(isPrivacyMine ? remote : { isPrivate }),
    versionIds: isContentMine ? withVersion(known.versionIds, remote.versionId) : known.versionIds,
  };
}

function isPrivateIn({ isPrivate }: Pick<SyncedRow, "isPrivate">): Pick<SyncedRow, "isPrivate"> {
  return isPrivate === true ? { isPrivate } : {};
}

function isAnswered(remote: RemoteRow | undefined, { baseRevision }: Offer): boolean {
  return remote !== undefined && remote.revision !== baseRevision;
}

/** @param versionIds newest first */
export function withVersion(versionIds: readonly string[], versionId: string | null): readonly string[] {
  if (versionId === null || versionIds[0] === versionId) return versionIds;
  return [versionId, ...versionIds.filter((other) => other !== versionId)].slice(0, syncedVersionsKept);
}

function sameSynced(one: SyncedRow | undefined, other: SyncedRow | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    samePlace(one.place, other.place) &&
    one.content === other.content &&
    one.executable === other.executable &&
    (one.isPrivate === true) === (other.isPrivate === true) &&
    one.versionIds.length === other.versionIds.length &&
    one.versionIds[0] === other.versionIds[0]
  );
}
