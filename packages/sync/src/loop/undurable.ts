import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { knownPathOf, type LocalTree } from "../model/local-tree.ts";
import type { Plan } from "../plan/plan-types.ts";
import type { Settlement } from "../plan/settle.ts";
import { pathOfNode } from "../model/tree-paths.ts";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { Suspects } from "../scan/scope.ts";
import type { SyncState } from "../state/sync-state.ts";
import type { Trees } from "../model/trees.ts";
import { Interrupted } from "./gate.ts";
import { type Problem, problemOf } from "./problems.ts";

const againMs = 30_000;
/** It is not there any more: the next look tells. */
const moved: ReadonlySet<string> = new Set(["not_found", "conflict"]);

/**
 * What both sides agree on, and of which the disk does not confirm that it has it for good. It does not become the base, since
 * its absence after a power cut would travel then; nothing is done with it until it does, and all else goes on.
 */
export class Undurable {
  #ids: ReadonlySet<NodeId> = new Set();
  /** What was written anew as it was: its row is unsettled, so nothing is done with it. */
  readonly #renewed = new Set<NodeId>();

  /** @throws HoldfastError what is no matter of the disk */
  note(failures: ReadonlyMap<NodeId, HoldfastError>): void {
    for (const failure of failures.values()) {
      if (failure instanceof Interrupted || moved.has(failure.code)) throw failure;
    }
    this.#ids = new Set(failures.keys());
  }

  /** Of what a look saw. @throws Interrupted */
  noteLook(looked: Iterable<NodeId>, failures: ReadonlyMap<NodeId, HoldfastError>): void {
    for (const id of looked) this.#renewed.delete(id);
    for (const [id, failure] of failures) {
      if (failure instanceof Interrupted) throw failure;
      if (!moved.has(failure.code)) this.#renewed.add(id);
    }
  }

  /** What went without a look that told of it: its share ended, or it is hidden from now on. */
  forgetHidden({ local, dormant }: Pick<SyncState, "local" | "dormant">): void {
    for (const id of this.#renewed) {
      if (dormant.has(id) || local.get(id)?.sight !== "unsettled") this.#renewed.delete(id);
    }
  }

  /** Whether it waits for the disk alone: looking at it sooner tells nothing new. */
  isRenewed(id: NodeId): boolean {
    return this.#renewed.has(id);
  }

  /** Where to look when it is tried again. */
  suspects(state: LocalTree): Suspects {
    const folders = [...this.#renewed].map((id) => knownPathOf(state, state.local.get(id)?.parent ?? state.rootId));
    return new Set(folders.flatMap((path) => (path === undefined ? [] : withFoldersAbove(path))));
  }

  /** @returns what may be agreed on */
  without({ synced, answered, seen }: Settlement): Settlement {
    if (this.#ids.size === 0) return { synced, answered, seen };
    return {
      synced: new Map([...synced].filter(([id]) => !this.#ids.has(id))),
      answered: answered.filter(({ nodeId }) => !this.#ids.has(nodeId)),
      seen: seen.filter((id) => !this.#ids.has(id)),
    };
  }

  /** Without its base it would be taken for something new, and get another id. */
  asUnsettled(trees: Trees): Trees {
    if (this.#ids.size === 0) return trees;
    const rows = [...this.#ids].flatMap((id) => {
      const row = trees.local.get(id);
      return row === undefined ? [] : [[id, { ...row, sight: "unsettled" }] as const];
    });
    return { ...trees, local: new Map([...trees.local, ...rows]) };
  }

  /** What is planned for it rests on a base that is not the last. */
  within(plan: Plan): Plan {
    if (this.#ids.size === 0) return plan;
    const groups = new Set(plan.remote.filter(({ id }) => this.#ids.has(id)).flatMap(({ group }) => group ?? []));
    const local = plan.local.filter(({ id }) => !this.#ids.has(id));
    const remote = plan.remote.filter(({ id, group }) => !this.#ids.has(id) && !groups.has(group ?? ""));
    const going = new Set([...local, ...remote].map(({ id }) => id));
    const left = [...plan.local, ...plan.remote].filter(({ id }) => !going.has(id));
    return {
      ...plan,
      local,
      remote,
      waiting: new Map([...plan.waiting, ...left.map(({ id }) => [id, "waits"] as const)]),
    };
  }

  problems(trees: Pick<Trees, "rootId" | "local" | "remote" | "synced">): Problem[] {
    return [...this.#ids.union(this.#renewed)].map((id) => problemOf(pathOfNode(trees, id) ?? id, "not_durable", ""));
  }

  /** When it is tried again; Unix milliseconds. */
  untilMs(nowMs: number): number[] {
    return this.#ids.size + this.#renewed.size === 0 ? [] : [nowMs + againMs];
  }
}
