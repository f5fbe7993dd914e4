import type { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { knownPathOf, type LocalTree } from "../../model/local-tree.ts";
import type { Plan } from "../../plan/plan-types.ts";
import type { Settlement } from "../../plan/settle.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import { withFoldersAbove } from "@holdfast/sync-ports/paths";
import type { DirtyPaths } from "../../scan/scope.ts";
import type { SyncState } from "../../state/sync-state.ts";
import type { Trees } from "../../model/trees.ts";
import { Interrupted } from "../access/abortable.ts";
import { type Problem, problemOf } from "../reports/problems.ts";

const againMs = 30_000;
/** The item is gone; the next scan reports it. */
const moved: ReadonlySet<string> = new Set(["not_found", "conflict"]);

/**
 * Agreed items whose durability the disk does not confirm. They do not become the base, because their loss in a power
 * failure would then be uploaded. Nothing happens to them until it is confirmed; all else continues.
 */
export class NonDurableItems {
  #ids: ReadonlySet<NodeId> = new Set();
  /** Recreated items. Their rows are unsettled, so nothing happens to them. */
  readonly #recreated = new Set<NodeId>();

  /** @throws HoldfastError an error that does not concern the disk */
  note(failures: ReadonlyMap<NodeId, HoldfastError>): void {
    for (const failure of failures.values()) {
      if (failure instanceof Interrupted || moved.has(failure.code)) throw failure;
    }
    this.#ids = new Set(failures.keys());
  }

  /** @throws Interrupted */
  noteScan(scanned: Iterable<NodeId>, failures: ReadonlyMap<NodeId, HoldfastError>): void {
    for (const id of scanned) this.#recreated.delete(id);
    for (const [id, failure] of failures) {
      if (failure instanceof Interrupted) throw failure;
      if (!moved.has(failure.code)) this.#recreated.add(id);
    }
  }

  /** Items disappear without a scan if their share ended or they became hidden. */
  forgetHidden({ local, dormant }: Pick<SyncState, "local" | "dormant">): void {
    for (const id of this.#recreated) {
      if (dormant.has(id) || local.get(id)?.readState !== "unsettled") this.#recreated.delete(id);
    }
  }

  /** True if the item waits for the disk only, so that an earlier scan is useless. */
  isRecreated(id: NodeId): boolean {
    return this.#recreated.has(id);
  }

  dirtyPaths(state: LocalTree): DirtyPaths {
    const folders = [...this.#recreated].map((id) => knownPathOf(state, state.local.get(id)?.parent ?? state.rootId));
    return new Set(folders.flatMap((path) => (path === undefined ? [] : withFoldersAbove(path))));
  }

  /** @returns the part that may be agreed */
  without({ synced, answered, seen }: Settlement): Settlement {
    if (this.#ids.size === 0) return { synced, answered, seen };
    return {
      synced: new Map([...synced].filter(([id]) => !this.#ids.has(id))),
      answered: answered.filter(({ nodeId }) => !this.#ids.has(nodeId)),
      seen: seen.filter((id) => !this.#ids.has(id)),
    };
  }

  /** Without their base, these rows would get other ids. */
  asUnsettled(trees: Trees): Trees {
    if (this.#ids.size === 0) return trees;
    const rows = [...this.#ids].flatMap((id) => {
      const row = trees.local.get(id);
      return row === undefined ? [] : [[id, { ...row, readState: "unsettled" }] as const];
    });
    return { ...trees, local: new Map([...trees.local, ...rows]) };
  }

  /** Removes operations whose base is outdated. */
  filter(plan: Plan): Plan {
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
    return [...this.#ids.union(this.#recreated)].map((id) => problemOf(pathOfNode(trees, id) ?? id, "not_durable", ""));
  }

  /** Next attempt in Unix milliseconds. */
  untilMs(nowMs: number): number[] {
    return this.#ids.size + this.#recreated.size === 0 ? [] : [nowMs + againMs];
  }
}
