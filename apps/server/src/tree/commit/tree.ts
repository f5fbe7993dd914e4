import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId, SpaceId } from "@holdfast/core/ids";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow, ShardQueries } from "../../base/db/shard-tables.ts";
import { loadNames, loadNodes, type Name } from "./load.ts";

/** State of a node for its owner. A node is live only if nothing above it is trashed. */
export type Standing =
  | { readonly state: "live" }
  /** `by` is the nearest trashed node: the node itself, or a folder above. */
  | { readonly state: "trashed"; readonly by: NodeRow }
  /** Being removed, or not attached yet. Treated as nonexistent. */
  | { readonly state: "gone" };

/**
 * The part of a space's tree that a transaction uses, with its changes. Rows are loaded once, in bulk by `load…` or on
 * demand. They are replaced instead of modified, so that `rollback` can restore them.
 */
export class Tree {
  readonly rootId: NodeId;
  readonly #reader: ShardQueries;
  readonly #spaceId: SpaceId;
  /** null: does not exist. */
  readonly #rows = new Map<NodeId, NodeRow | null>();
  readonly #stored = new Map<NodeId, NodeRow>();
  /** Live nodes by parent and name. No entry: not loaded yet. Two nodes only within a group. */
  readonly #names = new Map<string, readonly NodeId[]>();
  /** Folders created in this transaction, whose names are all known. */
  readonly #fresh = new Set<NodeId>();
  readonly #changed = new Set<NodeId>();
  readonly #undo: (() => void)[] = [];
  readonly #paths = new Map<NodeId, string>();
  /** Keyed by the given list of nodes. Cleared when a node moves. */
  #ways = new WeakMap<readonly NodeId[], Ways>();

  constructor(reader: ShardQueries, spaceId: SpaceId, rootId: NodeId) {
    this.#reader = reader;
    this.#spaceId = spaceId;
    this.rootId = rootId;
  }

  async loadNodes(ids: Iterable<NodeId>): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#rows.has(id));
    if (unknown.length === 0) return;
    for (const row of await loadNodes(this.#reader, this.#spaceId, unknown)) this.#learn(row);
    for (const id of unknown) if (!this.#rows.has(id)) this.#rows.set(id, null);
  }

  async loadNames(names: Iterable<Name>): Promise<void> {
    const unknown = new Map<string, Name>();
    for (const name of names) {
      const key = keyOf(name.parentId, name.key);
      if (!this.#names.has(key) && !this.#fresh.has(name.parentId)) unknown.set(key, name);
    }
    if (unknown.size === 0) return;
    for (const row of await loadNames(this.#reader, this.#spaceId, [...unknown.values()])) this.#learn(row);
    for (const key of unknown.keys()) if (!this.#names.has(key)) this.#names.set(key, []);
  }

  /** Follows many paths together, with one statement per level. */
  async loadPaths(paths: readonly (readonly string[])[]): Promise<void> {
    let walks = paths.map((names) => ({ at: this.rootId, names }));
    while (walks.length > 0) {
      await this.loadNames(walks.flatMap(({ at, names }) => toName(at, names[0])));
      walks = walks.flatMap(({ at, names }) => {
        const next = names[0] === undefined ? undefined : this.#named(at, nameKey(names[0]))[0];
        return next === undefined || names.length < 2 ? [] : [{ at: next, names: names.slice(1) }];
      });
    }
  }

  /** Returns a node in any state, including "gone": see `standing`. */
  async node(id: NodeId): Promise<NodeRow | undefined> {
    if (!this.#rows.has(id)) await this.loadNodes([id]);
    return this.#rows.get(id) ?? undefined;
  }

  async root(): Promise<NodeRow> {
    const root = await this.node(this.rootId);
    if (root === undefined) throw new HoldfastError("internal", "The space has no root folder.");
    return root;
  }

  known(id: NodeId): NodeRow | undefined {
    return this.#rows.get(id) ?? undefined;
  }

  async child(parentId: NodeId, key: string, except?: NodeId): Promise<NodeRow | undefined> {
    await this.loadNames([{ parentId, key }]);
    const id = this.#named(parentId, key).find((claimer) => claimer !== except);
    return id === undefined ? undefined : this.node(id);
  }

  /** From the node to the root; fewer if a row above is missing. */
  async lineage(row: NodeRow): Promise<NodeRow[]> {
    const rows = [row];
    for (let at = row; at.parent_id !== null;) {
      const parent = await this.node(at.parent_id);
      if (parent === undefined) break;
      rows.push(parent);
      at = parent;
    }
    return rows;
  }

  /**
   * Yields the given nodes that are below a folder at any depth and not trashed. Repeated calls with the same list only
   * cost what they find.
   */
  async *liveBelow(folder: NodeRow, ids: readonly NodeId[]): AsyncGenerator<NodeRow, void> {
    const { wanted, inside } = await this.#waysTo(ids);
    const waiting = [...(inside.get(folder.id) ?? [])];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const row = this.known(id);
      if (row === undefined || row.trashed_at !== null) continue;
      if (wanted.has(id)) yield row;
      waiting.push(...(inside.get(id) ?? []));
    }
  }

  async standing(row: NodeRow): Promise<Standing> {
    const lineage = await this.lineage(row);
    if (lineage.at(-1)?.id !== this.rootId || lineage.some((above) => above.purged_at !== null)) {
      return { state: "gone" };
    }
    const by = lineage.find((above) => above.trashed_at !== null);
    return by === undefined ? { state: "live" } : { state: "trashed", by };
  }

  /** Returns the path from the root (`/`). For a trashed node, returns its previous path. */
  async path(row: NodeRow): Promise<string> {
    if (row.parent_id === null) return "/";
    let above = this.#paths.get(row.parent_id);
    if (above === undefined) {
      const names = (await this.lineage(row)).slice(1, -1).map((folder) => folder.name);
      above = names.length === 0 ? "" : `/${names.toReversed().join("/")}`;
      this.#paths.set(row.parent_id, above);
    }
    return `${above}/${row.name}`;
  }

  /** The name must have been looked up with `child`, unless the folder is new. */
  put(row: NodeRow): void {
    const before = this.#rows.get(row.id) ?? undefined;
    const wasChanged = this.#changed.has(row.id);
    const isNewFolder = before === undefined && row.kind === "folder";
    this.#replace(row.id, before, row);
    this.#changed.add(row.id);
    if (isNewFolder) this.#fresh.add(row.id);
    this.#undo.push(() => {
      this.#replace(row.id, row, before);
      if (!wasChanged) this.#changed.delete(row.id);
      if (isNewFolder) this.#fresh.delete(row.id);
    });
  }

  mark(): number {
    return this.#undo.length;
  }

  rollback(mark: number): void {
    while (this.#undo.length > mark) this.#undo.pop()?.();
  }

  isContested(row: NodeRow): boolean {
    return row.parent_id !== null && row.trashed_at === null && this.#named(row.parent_id, row.name_key).length > 1;
  }

  changes(): { readonly before: NodeRow | undefined; readonly after: NodeRow }[] {
    return [...this.#changed].flatMap((id) => {
      const after = this.#rows.get(id);
      return after ? [{ before: this.#stored.get(id), after }] : [];
    });
  }

  async #waysTo(ids: readonly NodeId[]): Promise<Ways> {
    const known = this.#ways.get(ids);
    if (known !== undefined) return known;
    await this.loadNodes(ids);
    const inside = new Map<NodeId, Set<NodeId>>();
    for (const id of ids) {
      for (
        let at = await this.node(id);
        at !== undefined && at.parent_id !== null;
        at = await this.node(at.parent_id)
      ) {
        const siblings = inside.get(at.parent_id);
        if (siblings?.has(at.id) === true) break;
        if (siblings === undefined) inside.set(at.parent_id, new Set([at.id]));
        else siblings.add(at.id);
      }
    }
    const ways = { wanted: new Set(ids), inside };
    this.#ways.set(ids, ways);
    return ways;
  }

  #named(parentId: NodeId, key: string): readonly NodeId[] {
    return this.#names.get(keyOf(parentId, key)) ?? [];
  }

  #learn(row: NodeRow): void {
    if (this.#rows.get(row.id)) return;
    this.#rows.set(row.id, row);
    this.#stored.set(row.id, row);
    if (row.parent_id === null || row.trashed_at !== null) return;
    const key = keyOf(row.parent_id, row.name_key);
    if (!this.#names.has(key)) this.#names.set(key, [row.id]);
  }

  #replace(id: NodeId, from: NodeRow | undefined, to: NodeRow | undefined): void {
    if (to === undefined) this.#rows.set(id, null);
    else this.#rows.set(id, to);
    if (from !== undefined && from.parent_id !== to?.parent_id) this.#ways = new WeakMap();
    if (from?.kind === "folder" && (from.name !== to?.name || from.parent_id !== to.parent_id)) this.#paths.clear();
    const [left, taken] = [nameOf(from), nameOf(to)];
    if (left === taken) return;
    if (left !== undefined) {
      this.#names.set(
        left,
        (this.#names.get(left) ?? []).filter((claimer) => claimer !== id),
      );
    }
    if (taken !== undefined) this.#names.set(taken, [...(this.#names.get(taken) ?? []), id]);
  }
}

/** `inside`: for each folder above the wanted nodes, its children that lead to them. */
interface Ways {
  readonly wanted: ReadonlySet<NodeId>;
  readonly inside: ReadonlyMap<NodeId, ReadonlySet<NodeId>>;
}

function nameOf(row: NodeRow | undefined): string | undefined {
  if (row === undefined || row.parent_id === null || row.trashed_at !== null) return undefined;
  return keyOf(row.parent_id, row.name_key);
}

function keyOf(parentId: NodeId, key: string): string {
  return `${parentId}/${key}`;
}

function toName(parentId: NodeId, name: string | undefined): Name[] {
  return name === undefined ? [] : [{ parentId, key: nameKey(name) }];
}
