import type { NodeId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import { isLive, type Intent, type LocalRow, type RemoteRow, samePlace, type SyncedRow, type Trees } from "../trees.ts";

/** The three trees with what stands directly in a folder at hand, in any of them. */
export interface IndexedTrees extends Trees {
  childrenOf(folder: NodeId): Iterable<NodeId>;
}

/** What each tree says of a node. */
export interface AllRows {
  readonly remote: Pick<Trees["remote"], "get">;
  readonly local: Pick<Trees["local"], "get">;
  readonly synced: Pick<Trees["synced"], "get">;
  readonly intents: Pick<Trees["intents"], "has">;
}

/**
 * Whether the three trees say the same of a node: nothing is to be done about it while nothing is about those around it.
 * A state keeps the answers: with another rule it has to ask again (`state/upgrade.ts`).
 */
export function isAtRest({ local, remote, synced, intents }: AllRows, id: NodeId): boolean {
  const [onDisk, onServer, base] = [local.get(id), remote.get(id), synced.get(id)];
  if (intents.has(id)) return false;
  if (onDisk === undefined && base === undefined) return onServer?.trashed !== false;
  if (onDisk === undefined || onServer === undefined || base === undefined) return false;
  return !onServer.trashed && onDisk.sight === "known" && agree(onDisk, onServer, base);
}

/**
 * The part of the trees on which a plan can depend: the nodes that are not at rest, all that stands beside them in any tree, the
 * folders above, and whatever is below a folder that is not whole. A plan of this part is the plan of the whole
 * (affected.test.ts), and costs what changed and not what there is.
 * @param restless every node that is not at rest; one that is does no harm
 */
export function affectedTrees(trees: IndexedTrees, restless: Iterable<NodeId>): Trees {
  const part = new Part(trees);
  part.takeChildren(trees.rootId);
  for (const id of restless) part.takeWhole(id);
  for (const { nodeId } of trees.offers) part.takeWhole(nodeId);
  return part;
}

class Part implements Trees {
  readonly rootId: NodeId;
  readonly remote = new Map<NodeId, RemoteRow>();
  readonly local = new Map<NodeId, LocalRow>();
  readonly synced = new Map<NodeId, SyncedRow>();
  readonly offers: Trees["offers"];
  readonly intents: ReadonlyMap<NodeId, Intent>;
  readonly shares: Trees["shares"];
  readonly #all: IndexedTrees;
  readonly #whole = new Set<NodeId>();
  readonly #listed = new Set<NodeId>();
  readonly #above = new Set<NodeId>();

  constructor(all: IndexedTrees) {
    this.#all = all;
    this.rootId = all.rootId;
    this.offers = all.offers;
    this.intents = all.intents;
    this.shares = all.shares;
  }

  /** With all on which its fate can depend. */
  takeWhole(start: NodeId): void {
    const waiting = [start];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (this.#whole.has(id) || id === this.rootId) continue;
      this.#whole.add(id);
      this.#take(id);
      for (const folder of this.#foldersOf(id)) {
        this.takeChildren(folder);
        waiting.push(...this.#takeAbove(folder));
      }
      // A folder that one side lacks decides what becomes of all that is in it.
      if (!this.#isStanding(id)) waiting.push(...this.#all.childrenOf(id));
      else if (this.#isMerging(id)) this.takeChildren(id);
    }
  }

  takeChildren(folder: NodeId): void {
    if (this.#listed.has(folder)) return;
    this.#listed.add(folder);
    for (const id of this.#all.childrenOf(folder)) this.#take(id);
  }

  /** A folder and those above it in any tree. @returns which of them one side lacks */
  #takeAbove(start: NodeId): NodeId[] {
    const lacking: NodeId[] = [];
    const waiting = [start];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (this.#above.has(id) || id === this.rootId) continue;
      this.#above.add(id);
      this.#take(id);
      if (!this.#isStanding(id)) lacking.push(id);
      waiting.push(...this.#foldersOf(id));
    }
    return lacking;
  }

  #take(id: NodeId): void {
    const [remote, local, synced] = [this.#all.remote.get(id), this.#all.local.get(id), this.#all.synced.get(id)];
    if (remote !== undefined) this.remote.set(id, remote);
    if (local !== undefined) this.local.set(id, local);
    if (synced !== undefined) this.synced.set(id, synced);
  }

  /** In whichever tree. */
  #foldersOf(id: NodeId): Set<NodeId> {
    const rows = [this.#all.local.get(id), this.#all.remote.get(id), this.#all.synced.get(id)?.place];
    const places = [...rows, this.#all.intents.get(id)?.place];
    return new Set(places.flatMap((place) => place?.parent ?? []));
  }

  /** A folder that the server moved to where this disk has one of its own: what is in both meets. */
  #isMerging(id: NodeId): boolean {
    const [onDisk, onServer] = [this.#all.local.get(id), this.#all.remote.get(id)];
    if (onServer?.kind !== "folder" || samePlace(onDisk, onServer)) return false;
    const key = nameKey(onServer.name);
    for (const other of this.#all.childrenOf(onServer.parent)) {
      const row = this.#all.local.get(other);
      const isHere = row?.kind === "folder" && row.parent === onServer.parent && nameKey(row.name) === key;
      if (isHere && other !== id && !this.#all.remote.has(other)) return true;
    }
    return false;
  }

  #isStanding(id: NodeId): boolean {
    return this.#all.local.has(id) && this.#all.synced.has(id) && isLive(this.#all, id);
  }
}

function agree(local: LocalRow, remote: RemoteRow, synced: SyncedRow): boolean {
  return (
    local.kind === remote.kind &&
    local.content === remote.content &&
    synced.content === remote.content &&
    // What has an alias may get its own name whenever something beside it goes.
    local.alias === undefined &&
    samePlace(local, remote) &&
    samePlace(synced.place, remote) &&
    (local.kind !== "file" || (local.executable === remote.executable && synced.executable === remote.executable)) &&
    (remote.versionId === null || synced.versionIds[0] === remote.versionId)
  );
}
