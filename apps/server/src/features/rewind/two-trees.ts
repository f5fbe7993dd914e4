import type { NodeId } from "@holdfast/core/ids";
import type { KnownNode } from "./known-nodes.ts";
import type { WhatWas } from "./what-was.ts";

export interface PlaceThen {
  readonly parentId: NodeId | null;
  readonly name: string;
}

/**
 * The current tree and the tree at a moment, as far as loaded. Contains all changed nodes with their ancestors now and
 * then. Each answer is cached.
 */
export class TwoTrees {
  readonly nodes: Map<NodeId, KnownNode>;
  readonly #was: ReadonlyMap<NodeId, WhatWas>;
  readonly #rootId: NodeId;
  readonly #topId: NodeId;
  /** Two bits per question: answered, and the answer. One map of numbers saves memory. */
  readonly #answers = new Map<NodeId, number>();

  /** @param topId node to rewind */
  constructor(
    nodes: Map<NodeId, KnownNode>,
    was: ReadonlyMap<NodeId, WhatWas>,
    { rootId, topId }: { readonly rootId: NodeId; readonly topId: NodeId },
  ) {
    this.nodes = nodes;
    this.#was = was;
    this.#rootId = rootId;
    this.#topId = topId;
  }

  /** @returns true if the node can return: nothing on its path was permanently removed, and its id was not reused */
  isThere(id: NodeId): boolean {
    return this.#once(questions.isThere, id, () => {
      if (id === this.#rootId) return true;
      const node = this.nodes.get(id);
      if (node === undefined || node.parent_id === null || node.purged_at !== null) return false;
      return this.#was.get(id)?.remade !== true && this.isThere(node.parent_id);
    });
  }

  isLive(id: NodeId): boolean {
    return this.#once(questions.isLive, id, () => {
      if (id === this.#rootId) return true;
      const node = this.nodes.get(id);
      return node !== undefined && isKept(node) && node.parent_id !== null && this.isLive(node.parent_id);
    });
  }

  /** undefined if the node did not exist or was in the trash. */
  placeThen(id: NodeId): PlaceThen | undefined {
    const node = this.nodes.get(id);
    const was = this.#was.get(id);
    if (was?.made === true || (was?.trashed ?? (node?.trashed_at ?? null) !== null)) return undefined;
    const parentId = was?.parentId ?? node?.parent_id;
    const name = was?.name ?? node?.name;
    return parentId === undefined || name === undefined ? undefined : { parentId, name };
  }

  wasLive(id: NodeId): boolean {
    return this.#once(questions.wasLive, id, () => {
      if (id === this.#rootId) return true;
      const parentId = this.placeThen(id)?.parentId;
      return parentId !== undefined && parentId !== null && this.wasLive(parentId);
    });
  }

  /** @returns true if it was live, and the top or below it */
  wasInside(id: NodeId): boolean {
    return this.#once(questions.wasInside, id, () => {
      if (id === this.#topId) return this.wasLive(id);
      const parentId = this.placeThen(id)?.parentId;
      return parentId !== undefined && parentId !== null && this.wasInside(parentId);
    });
  }

  /** @returns true if it was outside, but is below a node that was inside */
  comesAlong(id: NodeId): boolean {
    return this.#once(questions.comesAlong, id, () => {
      const node = this.nodes.get(id);
      if (node === undefined || !isKept(node) || node.parent_id === null || this.wasInside(id)) return false;
      const { parent_id: parentId } = node;
      return this.wasInside(parentId) ? this.canBeLive(parentId) : this.comesAlong(parentId);
    });
  }

  /** For nodes inside and their ancestors. @returns true if it can return or is live anyway */
  canBeLive(id: NodeId): boolean {
    return this.#once(questions.canBeLive, id, () => {
      if (!this.isThere(id)) return false;
      if (!this.wasInside(id)) return this.isLive(id) && !this.#isBelowInside(id);
      return this.hasWay(id) || this.isLive(id);
    });
  }

  /** Such a node cannot hold the top. @returns true if it is now below a node that was inside */
  #isBelowInside(id: NodeId): boolean {
    for (let at = this.nodes.get(id)?.parent_id ?? null; at !== null; at = this.nodes.get(at)?.parent_id ?? null) {
      if (this.wasInside(at)) return true;
    }
    return false;
  }

  /** For nodes inside. @returns true if the former folder can be live again, and does not stay below the node */
  hasWay(id: NodeId): boolean {
    return this.#once(questions.hasWay, id, () => {
      if (id === this.#rootId) return true;
      const parentId = this.placeThen(id)?.parentId;
      return parentId !== undefined && parentId !== null && this.canBeLive(parentId) && !this.#holdsItsFolder(id);
    });
  }

  /**
   * A folder without a way back stays, so a node that was in it and is now above it cannot return into it.
   * @returns true if the node is above the nearest folder on its former path that stays
   */
  #holdsItsFolder(id: NodeId): boolean {
    let at = this.placeThen(id)?.parentId ?? null;
    while (at !== null && this.wasInside(at) && this.hasWay(at)) at = this.placeThen(at)?.parentId ?? null;
    if (at === null || !this.wasInside(at)) return false;
    for (
      let above = this.nodes.get(at)?.parent_id ?? null;
      above !== null;
      above = this.nodes.get(above)?.parent_id ?? null
    ) {
      if (above === id) return true;
    }
    return false;
  }

  isWhereItWas(id: NodeId): boolean {
    const node = this.nodes.get(id);
    const then = this.placeThen(id);
    return (
      id === this.#rootId ||
      (node !== undefined && isKept(node) && node.parent_id === then?.parentId && node.name === then.name)
    );
  }

  pathNow(id: NodeId): string {
    return this.#path(id, (each) => {
      const node = this.nodes.get(each);
      return node === undefined ? undefined : { parentId: node.parent_id, name: node.name };
    });
  }

  pathThen(id: NodeId): string {
    return this.#path(id, (each) => this.placeThen(each));
  }

  depthThen(id: NodeId): number {
    let depth = 0;
    for (let at: NodeId | null = id; at !== null && at !== this.#rootId; depth += 1) {
      at = this.placeThen(at)?.parentId ?? null;
    }
    return depth;
  }

  #path(id: NodeId, placeOf: (id: NodeId) => PlaceThen | undefined): string {
    const names: string[] = [];
    for (let at: NodeId | null = id; at !== null && at !== this.#rootId;) {
      const place = placeOf(at);
      if (place === undefined) break;
      names.push(place.name);
      at = place.parentId;
    }
    return `/${names.toReversed().join("/")}`;
  }

  /** Breaks cycles, which only a faulty journal could report. */
  #once(question: number, id: NodeId, answer: () => boolean): boolean {
    const before = this.#answers.get(id) ?? 0;
    if ((before & question) !== 0) return (before & (question << 1)) !== 0;
    this.#answers.set(id, before | question);
    const found = answer();
    // Nested questions may have set other bits of this node.
    if (found) this.#answers.set(id, (this.#answers.get(id) ?? 0) | (question << 1));
    return found;
  }
}

const questions = {
  wasInside: 1,
  wasLive: 4,
  isLive: 16,
  comesAlong: 64,
  canBeLive: 256,
  isThere: 1024,
  hasWay: 4096,
} as const;

/** True if the node itself is not in the trash. Ignores ancestors. */
function isKept({ trashed_at: trashedAt, purged_at: purgedAt }: KnownNode): boolean {
  return trashedAt === null && purgedAt === null;
}
