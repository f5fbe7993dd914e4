import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { RewindAct, RewindAnswer } from "@holdfast/protocol/rewind-routes";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import {
  type KeptVersion,
  type KnownNode,
  readChildren,
  readHeadsAt,
  readNamed,
  readWithAbove,
} from "./known-nodes.ts";
import { type Moment, seqAt } from "./moments.ts";
import { type NodeState, type RewindStep, sameAttributes, samePlace, versionLost } from "./node-state.ts";
import { orderSteps } from "./order-steps.ts";
import { eachInTurns } from "./in-turns.ts";
import { Tally } from "./tally.ts";
import { TwoTrees } from "./two-trees.ts";
import { readWhatWas, type WhatWas } from "./what-was.ts";

export interface RewindWanted extends Moment {
  readonly spaceId: SpaceId;
  readonly rootId: NodeId;
  readonly topId: NodeId;
}

export interface RewindPlan {
  /** Steps in a possible order; computed on demand, because a dry run needs none. */
  readonly steps: () => Promise<readonly RewindStep[]>;
  readonly answer: RewindAnswer;
  readonly undoAnswer: RewindAnswer;
}

/**
 * Changes that restore a folder or file to an earlier state. Reads a single state in one transaction.
 * @throws HoldfastError invalid_field for a moment without history or without the node, too_large
 */
export async function planRewind(reader: ShardQueries, wanted: RewindWanted): Promise<RewindPlan> {
  const { spaceId, rootId, topId, momentMicros } = wanted;
  const was = await readWhatWas(reader, spaceId, await seqAt(reader, spaceId, wanted));
  const parents = [...was.values()].flatMap(({ parentId }) => parentId ?? []);
  const nodes = await readWithAbove(reader, spaceId, [topId, ...was.keys(), ...parents]);
  const trees = new TwoTrees(nodes, was, { rootId, topId });
  if (!trees.wasInside(topId)) {
    throw new HoldfastError("invalid_field", "The item did not exist at that time, or was in the trash.", {
      field: "to",
    });
  }
  const ids = await findAll(reader, spaceId, trees, [...was.keys()]);
  const changed = ids
    .filter((id) => was.has(id) && trees.wasInside(id))
    .flatMap((id) => nodes.get(id) ?? [])
    .filter(({ kind }) => kind === "file");
  const heads = await readHeadsAt(reader, spaceId, changed, momentMicros);
  const taken = await holderOfTop(reader, spaceId, trees, topId);
  return new Planner(trees, was, heads, { topId, taken }).plan(ids);
}

/** Adds the subtree of each node that returns or goes, because unchanged descendants have no entries. */
async function findAll(
  reader: ShardQueries,
  spaceId: SpaceId,
  trees: TwoTrees,
  changed: readonly NodeId[],
): Promise<NodeId[]> {
  const all = new Set(changed);
  const crosses = (id: NodeId) =>
    trees.nodes.get(id)?.kind === "folder" && ((trees.wasInside(id) && !trees.isLive(id)) || trees.comesAlong(id));
  let folders = changed.filter(crosses);
  const seen = new Set(folders);
  while (folders.length > 0) {
    const children = await readChildren(reader, spaceId, folders);
    for (const child of children) if (!trees.nodes.has(child.id)) trees.nodes.set(child.id, child);
    for (const { id } of children) all.add(id);
    folders = children.map(({ id }) => id).filter((id) => !seen.has(id) && crosses(id));
    for (const id of folders) seen.add(id);
  }
  return [...all];
}

/** A new node beside the top may hold its name. It is outside, so it stays. */
async function holderOfTop(reader: ShardQueries, spaceId: SpaceId, trees: TwoTrees, topId: NodeId): Promise<boolean> {
  const then = trees.placeThen(topId);
  if (then === undefined || then.parentId === null || trees.isWhereItWas(topId)) return false;
  const holder = await readNamed(reader, spaceId, then.parentId, nameKey(then.name));
  return holder !== undefined && holder.id !== topId && !trees.wasInside(holder.id) && !trees.comesAlong(holder.id);
}

/** undefined: no change, or only a move. */
function actOn(differs: { content: boolean; moved: boolean; attributes: boolean }): RewindAct | undefined {
  if (differs.content) return "reverted";
  return differs.attributes && !differs.moved ? "changed" : undefined;
}

class Planner {
  readonly #trees: TwoTrees;
  readonly #was: ReadonlyMap<NodeId, WhatWas>;
  readonly #heads: ReadonlyMap<NodeId, KeptVersion>;
  readonly #top: { readonly topId: NodeId; readonly taken: boolean };
  readonly #tally = new Tally();
  readonly #placed: RewindStep[] = [];
  readonly #trashed: RewindStep[] = [];
  readonly #changed: RewindStep[] = [];
  /** Folders that would go, but still hold remaining nodes. */
  readonly #kept = new Set<NodeId>();

  constructor(
    trees: TwoTrees,
    was: ReadonlyMap<NodeId, WhatWas>,
    heads: ReadonlyMap<NodeId, KeptVersion>,
    top: { readonly topId: NodeId; readonly taken: boolean },
  ) {
    this.#trees = trees;
    this.#was = was;
    this.#heads = heads;
    this.#top = top;
  }

  async plan(ids: readonly NodeId[]): Promise<RewindPlan> {
    await eachInTurns(ids, (id) => this.#bringBack(id));
    await eachInTurns(ids, (id) => this.#keepAbove(id));
    await eachInTurns(ids, (id) => this.#takeAway(id));
    const changes = { placed: this.#placed, trashed: this.#trashed, changed: this.#changed };
    return { steps: () => orderSteps(this.#trees, changes), ...this.#tally.answers() };
  }

  #bringBack(id: NodeId): void {
    const trees = this.#trees;
    const node = trees.nodes.get(id);
    if (!trees.wasInside(id) || node?.kind === "mount") return;
    if (node === undefined || !trees.isThere(id)) {
      this.#tally.add("purged", { path: trees.pathThen(id) });
      return;
    }
    if (!trees.canBeLive(id)) {
      this.#leave(node, "its folder was permanently deleted");
      return;
    }
    const { before, after, reason } = this.#statesOf(node);
    const isLive = trees.isLive(id);
    const placed = !samePlace(before, after) || !before.live;
    const content = before.version !== after.version;
    const sizeBytes = this.#heads.get(id)?.size ?? node.size;
    const reverted = content ? { done: sizeBytes, undone: node.size } : undefined;
    const bytes = isLive ? reverted : { done: sizeBytes, undone: 0 };
    const step: RewindStep = {
      nodeId: id,
      folder: node.kind === "folder",
      before,
      after,
      revision: node.revision,
      path: isLive ? trees.pathNow(id) : trees.pathThen(id),
      ...(bytes === undefined ? {} : { bytes }),
    };
    this.#count(step, { isLive, content, reason });
    if (placed) this.#placed.push(step);
    else if (content || !sameAttributes(before, after)) this.#changed.push(step);
  }

  /** @param reason why part of the state is not restored; goes to the sample with the act, or else as `left` */
  #count(
    step: RewindStep,
    { isLive, content, reason }: { isLive: boolean; content: boolean; reason: string | undefined },
  ): void {
    const { before, after, path, bytes } = step;
    const moved = !samePlace(before, after);
    const act = isLive ? actOn({ content, moved, attributes: !sameAttributes(before, after) }) : "restored";
    const because = reason === undefined ? {} : { reason };
    if (act !== undefined) this.#tally.add(act, { path, ...because });
    if (bytes !== undefined) this.#tally.addBytes(bytes);
    const to = this.#trees.pathThen(step.nodeId);
    if (moved) this.#tally.add("moved", { path, to, ...(act === undefined ? because : {}) });
    else if (act === undefined && reason !== undefined) this.#tally.add("left", { path, reason });
  }

  #statesOf(node: KnownNode): { before: NodeState; after: NodeState; reason: string | undefined } {
    const { id } = node;
    const was = this.#was.get(id);
    const then = this.#trees.placeThen(id);
    const hasWay = this.#trees.hasWay(id) && !(id === this.#top.topId && this.#top.taken);
    const placed = !this.#trees.isWhereItWas(id) && hasWay;
    const misplaced =
      hasWay || this.#trees.isWhereItWas(id) ? undefined : "its previous location is taken or does not exist";
    const before: NodeState = {
      parentId: node.parent_id as NodeId,
      name: node.name,
      live: placed ? this.#trees.isLive(id) : true,
      version: node.head_version,
      modifiedAt: node.modified_at,
      executable: node.executable,
      private: node.private,
    };
    const place = placed && then !== undefined ? { parentId: then.parentId as NodeId, name: then.name } : {};
    const after = { ...before, ...place, live: true };
    const head = this.#heads.get(id);
    // Newer bytes keep their date and permissions.
    if (node.kind === "file" && was !== undefined && head === undefined) {
      return { before, after, reason: misplaced ?? versionLost };
    }
    return {
      before,
      after: {
        ...after,
        // A file with the same bytes, as after an earlier rewind, needs no new version.
        version: head === undefined || head.isNow ? node.head_version : head.id,
        modifiedAt: was?.modifiedAt ?? node.modified_at,
        executable: was?.executable ?? node.executable,
        private: was?.private ?? node.private,
      },
      reason: misplaced,
    };
  }

  /** Mounts and nodes without a way back stay, and so do their ancestors. */
  #keepAbove(id: NodeId): void {
    const trees = this.#trees;
    const node = trees.nodes.get(id);
    const isMount = node?.kind === "mount" && trees.comesAlong(id);
    const stays = trees.wasInside(id) && trees.isLive(id) && !trees.hasWay(id);
    if (!isMount && !stays) return;
    for (let at = node?.parent_id ?? null; at !== null && trees.comesAlong(at) && !this.#kept.has(at);) {
      this.#kept.add(at);
      at = trees.nodes.get(at)?.parent_id ?? null;
    }
  }

  #takeAway(id: NodeId): void {
    const trees = this.#trees;
    const node = trees.nodes.get(id);
    if (node === undefined || node.kind === "mount" || node.parent_id === null || !trees.comesAlong(id)) return;
    if (this.#kept.has(id)) {
      this.#leave(node, "an item in it stays");
      return;
    }
    const path = trees.pathNow(id);
    const bytes = { done: 0, undone: node.size };
    if (trees.isLive(id)) {
      this.#tally.add("trashed", { path });
      this.#tally.addBytes(bytes);
    }
    if (trees.comesAlong(node.parent_id) && !this.#kept.has(node.parent_id)) return;
    const before: NodeState = {
      parentId: node.parent_id,
      name: node.name,
      live: true,
      version: node.head_version,
      modifiedAt: node.modified_at,
      executable: node.executable,
      private: node.private,
    };
    const { revision, kind } = node;
    this.#trashed.push({
      nodeId: id,
      folder: kind === "folder",
      before,
      after: { ...before, live: false },
      revision,
      path,
      bytes,
    });
  }

  #leave(node: KnownNode, reason: string): void {
    this.#tally.add("left", { path: this.#trees.pathNow(node.id), reason });
  }
}
