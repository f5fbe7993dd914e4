import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { conflictedName } from "../model/conflicted-name.ts";
import type { RemoteRow } from "../model/trees.ts";
import type { NameTable, Step } from "./order.ts";
import type { RemoteOperation } from "./plan-types.ts";

type RemoteStep = Step<RemoteOperation>;

/**
 * Groups operations that free each other's names; the server checks a group after all of it. A group must fit in one
 * request. Otherwise only mutually dependent operations are grouped, and the rest follows its dependencies. If even
 * that is too large, one node first gets another name, so that the next plan can proceed one by one.
 * @param cycle in an order in which the folders exist
 */
export function groupCycle(
  table: NameTable,
  cycle: readonly RemoteStep[],
  operationsMax: number = limits.batchOperationsMax,
): RemoteOperation[] {
  if (cycle.length <= operationsMax) return asGroup(cycle);
  const needs = needsIn(table, cycle);
  const later = new Set<number>();
  const operations: RemoteOperation[] = [];
  for (const component of componentsOf(needs)) {
    const isBlocked = component.some((at) => needs[at]?.some((each) => later.has(each)));
    const isTooLarge = component.length > operationsMax;
    if (isBlocked || isTooLarge) for (const at of component) later.add(at);
    if (isBlocked) continue;
    const steps = component.toSorted((one, other) => one - other).flatMap((at) => cycle[at] ?? []);
    if (isTooLarge) operations.push(...asideOf(table, cycle, steps));
    else operations.push(...(steps.length > 1 ? asGroup(steps) : steps.map(({ operation }) => operation)));
  }
  return operations;
}

function asGroup(steps: readonly RemoteStep[]): RemoteOperation[] {
  const group = steps[0]?.id;
  return steps.map(({ operation }) => (group === undefined ? operation : { ...operation, group }));
}

/** Steps that must precede or accompany each step. */
function needsIn(table: NameTable, cycle: readonly RemoteStep[]): readonly (readonly number[])[] {
  const indices = new Map(cycle.map(({ id }, at) => [id, at]));
  const leaving = Map.groupBy(cycle.keys(), (at) => table.folderOf(cycle[at]?.id));
  return cycle.map(({ id, to }) => {
    if (to === undefined) return leaving.get(id) ?? [];
    const ids = [table.holderOf(to), ...table.selfAndAncestors(to.parent)];
    return ids.flatMap((each) => (each === undefined || each === id ? [] : (indices.get(each) ?? [])));
  });
}

/** Gives one node, whose name is needed, a free name that nobody wants. */
function asideOf(table: NameTable, cycle: readonly RemoteStep[], component: readonly RemoteStep[]): RemoteOperation[] {
  const wanted = new Set(component.map(({ to }) => to && table.holderOf(to)));
  const base = component.flatMap(({ id, operation }) => (wanted.has(id) ? leavingRowOf(operation) : []))[0];
  if (base === undefined) return [];
  const { parent, name } = base;
  const isWanted = (each: string): boolean => cycle.some(({ to }) => to?.parent === parent && to.name === each);
  const isFree = (each: string): boolean => table.holderOf({ parent, name: each }) === undefined && !isWanted(each);
  const place = { parent, name: conflictedName(name, "aside", isFree) };
  return [{ op: "move", id: base.id, place, base, revive: false }];
}

function leavingRowOf(operation: RemoteOperation): (RemoteRow & { readonly id: NodeId })[] {
  const leaves = operation.op === "delete" || (operation.op === "move" && !operation.revive);
  return leaves ? [{ ...operation.base, id: operation.id }] : [];
}

interface Visit {
  readonly at: number;
  next: number;
}

/** Strongly connected components by Tarjan's algorithm, without recursion. Each group follows its dependencies. */
function componentsOf(needs: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const components: number[][] = [];
  const order: number[] = needs.map(() => -1);
  const lowest: number[] = needs.map(() => -1);
  const open: number[] = [];
  const isOpen = new Set<number>();
  let count = 0;
  const lower = (at: number, to: number): void => void (lowest[at] = Math.min(lowest[at] ?? to, to));
  for (const start of needs.keys()) {
    if (order[start] !== -1) continue;
    const way: Visit[] = [{ at: start, next: 0 }];
    for (let visit = way.at(-1); visit !== undefined; visit = way.at(-1)) {
      const { at } = visit;
      if (visit.next === 0) {
        [order[at], lowest[at]] = [count, count];
        count += 1;
        open.push(at);
        isOpen.add(at);
      }
      const needed = needs[at]?.[visit.next];
      visit.next += 1;
      if (needed !== undefined) {
        if (order[needed] === -1) way.push({ at: needed, next: 0 });
        else if (isOpen.has(needed)) lower(at, order[needed] ?? at);
        continue;
      }
      way.pop();
      const above = way.at(-1);
      if (above !== undefined) lower(above.at, lowest[at] ?? at);
      if (lowest[at] !== order[at]) continue;
      const component = open.splice(open.lastIndexOf(at));
      for (const each of component) isOpen.delete(each);
      components.push(component);
    }
  }
  return components;
}
