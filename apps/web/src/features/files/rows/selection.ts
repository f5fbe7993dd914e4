/** Some rows may not have loaded. */
export interface RowOrder {
  readonly total: number;
  /** Undefined if not loaded. */
  readonly idAt: (index: number) => string | undefined;
  /** -1 if absent or not loaded. */
  readonly indexOf: (id: string) => number;
}

/**
 * Identified by id, to survive sorting, a change of view and remote changes. With `all`, `ids` are the exceptions, and
 * rows that have not loaded are included.
 */
export interface Selection {
  readonly all: boolean;
  readonly ids: ReadonlySet<string>;
  /** Start of a Shift range. */
  readonly anchor: string | null;
  readonly focus: string | null;
  /** Last range, if it contained rows that had not loaded. It is selected again when they load. */
  readonly gap: { readonly from: string; readonly to: string } | null;
}

export type SelectionAct =
  | { readonly type: "only" | "toggle" | "focus"; readonly id: string }
  /** In the order of the list. */
  | { readonly type: "these"; readonly ids: readonly [string, ...string[]] }
  | { readonly type: "extend"; readonly id: string; readonly add: boolean; readonly order: RowOrder }
  | { readonly type: "band"; readonly ids: readonly string[]; readonly before: Selection; readonly add: boolean }
  | { readonly type: "loaded"; readonly order: RowOrder }
  | { readonly type: "gone"; readonly ids: ReadonlySet<string>; readonly next: string | null }
  | { readonly type: "all" | "none" | "leave" };

export const nothingSelected: Selection = { all: false, ids: new Set(), anchor: null, focus: null, gap: null };

/** Pure. Returns the same object if nothing changes. */
export function select(selection: Selection, act: SelectionAct): Selection {
  switch (act.type) {
    case "only":
      return { all: false, ids: new Set([act.id]), anchor: act.id, focus: act.id, gap: null };
    case "these":
      return { all: false, ids: new Set(act.ids), anchor: act.ids[0], focus: act.ids[0], gap: null };
    case "toggle":
      return { ...selection, ids: toggled(selection.ids, act.id), anchor: act.id, focus: act.id, gap: null };
    case "focus":
      return selection.focus === act.id ? selection : { ...selection, focus: act.id };
    case "extend":
      return extended(selection, act.id, act.add, act.order);
    case "band":
      return banded(act.before, act.ids, act.add);
    case "loaded":
      return selection.gap === null ? selection : ranged(selection, selection.gap, act.order, true);
    case "gone":
      return without(selection, act.ids, act.next);
    case "all":
      return { ...selection, all: true, ids: new Set(), gap: null };
    case "none":
      return { ...selection, all: false, ids: new Set(), gap: null };
    default:
      return nothingSelected;
  }
}

export function isSelected({ all, ids }: Selection, id: string): boolean {
  return all !== ids.has(id);
}

/** Returns an approximation with `all`, where only the row count could decide. */
export function hasAny({ all, ids }: Selection): boolean {
  return all || ids.size > 0;
}

export function selectedCount({ all, ids }: Selection, total: number): number {
  return all ? Math.max(0, total - ids.size) : ids.size;
}

function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const changed = new Set(ids);
  if (!changed.delete(id)) changed.add(id);
  return changed;
}

function extended(selection: Selection, id: string, add: boolean, order: RowOrder): Selection {
  const anchor = selection.anchor !== null && order.indexOf(selection.anchor) >= 0 ? selection.anchor : id;
  return ranged({ ...selection, anchor }, { from: anchor, to: id }, order, add);
}

/** With Ctrl, removes exceptions of `all`. Without, the range becomes the selection. */
function ranged(selection: Selection, range: { from: string; to: string }, order: RowOrder, add: boolean): Selection {
  const ends = [order.indexOf(range.from), order.indexOf(range.to)];
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  if (first < 0) return { ...selection, gap: null };
  const isAll = add && selection.all;
  const ids = new Set(add ? selection.ids : []);
  let isWhole = true;
  for (let index = first; index <= last; index++) {
    const id = order.idAt(index);
    if (id === undefined) isWhole = false;
    else if (isAll) ids.delete(id);
    else ids.add(id);
  }
  return { ...selection, all: isAll, ids, focus: range.to, gap: isWhole ? null : range };
}

function banded(before: Selection, touched: readonly string[], add: boolean): Selection {
  if (!add) return { ...before, all: false, ids: new Set(touched), gap: null };
  const ids = new Set(before.ids);
  for (const id of touched) {
    if (before.all) ids.delete(id);
    else ids.add(id);
  }
  return { ...before, ids, gap: null };
}

function without(selection: Selection, gone: ReadonlySet<string>, next: string | null): Selection {
  const left = (id: string | null) => (id !== null && gone.has(id) ? next : id);
  const ids = selection.ids.isDisjointFrom(gone) ? selection.ids : selection.ids.difference(gone);
  const [anchor, focus] = [left(selection.anchor), left(selection.focus)];
  const isSame = ids === selection.ids && anchor === selection.anchor && focus === selection.focus;
  return isSame ? selection : { ...selection, ids, anchor, focus };
}
