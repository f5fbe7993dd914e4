import type { NodeId } from "@holdfast/core/ids";
import { splitName, withSuffix } from "@holdfast/core/name-suffix";
import { nameKey } from "@holdfast/core/names";
import { eachInTurns } from "./in-turns.ts";
import type { NodeState, RewindStep } from "./node-state.ts";
import type { TwoTrees } from "./two-trees.ts";

export interface Changes {
  /** Steps of nodes that get a place, with their other changes. */
  readonly placed: readonly RewindStep[];
  readonly trashed: readonly RewindStep[];
  /** Steps of nodes that stay in place or return with a folder. */
  readonly changed: readonly RewindStep[];
}

/**
 * Orders steps so that each is possible. A folder is placed before its content, so that its path is live and no cycle
 * arises. It goes to the trash after all remaining content left it. The holder of a taken name goes first, or, if it
 * must wait as in a rotation, gets a temporary name.
 */
export function orderSteps(trees: TwoTrees, changes: Changes): Promise<RewindStep[]> {
  return new Ordering(trees, changes).run();
}

class Ordering {
  readonly #trees: TwoTrees;
  readonly #changes: Changes;
  readonly #ordered: RewindStep[] = [];
  readonly #waiting = new Map<NodeId, RewindStep>();
  /** Holders of names after the steps so far. */
  readonly #holders = new Map<string, NodeId>();
  /** Nodes that must still leave a folder before it goes to the trash. */
  readonly #inside = new Map<NodeId, number>();
  readonly #trashedAbove = new Map<NodeId, NodeId>();
  readonly #states = new Map<NodeId, NodeState>();

  constructor(trees: TwoTrees, changes: Changes) {
    this.#trees = trees;
    this.#changes = changes;
    for (const { id, parent_id: parentId, name_key: key, trashed_at: trashedAt } of trees.nodes.values()) {
      if (parentId !== null && trashedAt === null) this.#holders.set(`${parentId}/${key}`, id);
    }
    for (const step of changes.trashed) this.#inside.set(step.nodeId, 0);
    for (const step of [...changes.placed, ...changes.trashed]) this.#waiting.set(step.nodeId, step);
    for (const { nodeId } of changes.placed) this.#countInside(nodeId);
  }

  async run(): Promise<RewindStep[]> {
    const { placed, trashed, changed } = this.#changes;
    for (const step of trashed) if (this.#isReady(step)) this.#emit(step.nodeId);
    const byDepth = placed.map((step) => ({ step, depth: this.#trees.depthThen(step.nodeId) }));
    byDepth.sort((left, right) => left.depth - right.depth);
    await eachInTurns(byDepth, ({ step }) => this.#place(step.nodeId));
    for (const step of trashed) this.#emit(step.nodeId);
    return [...this.#ordered, ...changed];
  }

  #countInside(id: NodeId): void {
    for (let at = this.#parentNow(id); at !== null; at = this.#parentNow(at)) {
      const count = this.#inside.get(at);
      if (count === undefined) continue;
      this.#inside.set(at, count + 1);
      this.#trashedAbove.set(id, at);
      return;
    }
  }

  /** Blockers go first, after their own blockers. */
  #place(id: NodeId): void {
    const way = [id];
    for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
      const step = this.#waiting.get(last);
      const holder = step === undefined ? undefined : this.#holderOf(step);
      const next = holder === undefined ? undefined : this.#waiting.get(holder);
      if (next === undefined) {
        this.#emit(last);
        way.pop();
      } else if (way.includes(next.nodeId) || !this.#isReady(next)) {
        this.#stepAside(next);
      } else {
        way.push(next.nodeId);
      }
    }
  }

  #holderOf({ nodeId, after }: RewindStep): NodeId | undefined {
    if (!after.live) return undefined;
    const holder = this.#holders.get(nameOf(after));
    return holder === nodeId ? undefined : holder;
  }

  /** @returns true if only a taken name can prevent the step */
  #isReady({ nodeId, after }: RewindStep): boolean {
    if (!after.live && (this.#inside.get(nodeId) ?? 0) > 0) return false;
    if (!after.live && this.#trees.isLive(nodeId)) return true;
    for (let at: NodeId | null = after.parentId; at !== null;) {
      if (this.#waiting.has(at)) return false;
      at = this.#trees.wasInside(at) ? (this.#trees.placeThen(at)?.parentId ?? null) : this.#parentNow(at);
    }
    return true;
  }

  #stepAside(step: RewindStep): void {
    const suffix = ` (rewind ${step.nodeId.slice(-8)})`;
    const parts = step.folder ? { stem: step.before.name, extension: "" } : splitName(step.before.name);
    const aside = { ...step.before, live: true, name: withSuffix(parts, suffix) };
    this.#take(step.nodeId, step.before, aside);
    this.#ordered.push({ ...step, before: { ...step.before, live: true }, after: aside, aside: true });
    const after = step.after.live ? step.after : { ...aside, live: false };
    this.#waiting.set(step.nodeId, { ...step, before: aside, after });
  }

  #emit(id: NodeId): void {
    const step = this.#waiting.get(id);
    if (step === undefined) return;
    this.#waiting.delete(id);
    // An ancestor may have returned by then.
    const before = { ...step.before, live: this.#isLiveBy(id) };
    this.#take(id, before, step.after);
    this.#ordered.push({ ...step, before });
    const above = this.#trashedAbove.get(id);
    if (above !== undefined) this.#inside.set(above, (this.#inside.get(above) ?? 1) - 1);
  }

  #take(id: NodeId, before: NodeState, after: NodeState): void {
    this.#states.set(id, after);
    if (this.#holders.get(nameOf(before)) === id) this.#holders.delete(nameOf(before));
    if (after.live) this.#holders.set(nameOf(after), id);
  }

  /** True if the node is live after the steps so far. */
  #isLiveBy(id: NodeId): boolean {
    let at: NodeId | null = id;
    for (let steps = 0; at !== null && steps <= this.#trees.nodes.size; steps += 1) {
      const state: NodeState | undefined = this.#states.get(at);
      const node = this.#trees.nodes.get(at);
      if (node === undefined || (state === undefined ? node.trashed_at !== null : !state.live)) return false;
      if (node.parent_id === null) return true;
      at = state?.parentId ?? node.parent_id;
    }
    return false;
  }

  #parentNow(id: NodeId): NodeId | null {
    return this.#trees.nodes.get(id)?.parent_id ?? null;
  }
}

function nameOf({ parentId, name }: NodeState): string {
  return `${parentId}/${nameKey(name)}`;
}
