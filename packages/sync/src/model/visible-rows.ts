import type { NodeId } from "@holdfast/core/ids";

export class VisibleRows<Row> implements ReadonlyMap<NodeId, Row> {
  readonly #rows: ReadonlyMap<NodeId, Row>;
  readonly #isVisible: (id: NodeId) => boolean;

  constructor(rows: ReadonlyMap<NodeId, Row>, isVisible: (id: NodeId) => boolean) {
    this.#rows = rows;
    this.#isVisible = isVisible;
  }

  get size(): number {
    return [...this.keys()].length;
  }

  get(id: NodeId): Row | undefined {
    const row = this.#rows.get(id);
    return row !== undefined && this.#isVisible(id) ? row : undefined;
  }

  has(id: NodeId): boolean {
    return this.get(id) !== undefined;
  }

  *entries(): MapIterator<[NodeId, Row]> {
    for (const [id, row] of this.#rows) if (this.#isVisible(id)) yield [id, row];
  }

  *keys(): MapIterator<NodeId> {
    for (const [id] of this.entries()) yield id;
  }

  *values(): MapIterator<Row> {
    for (const [, row] of this.entries()) yield row;
  }

  forEach(act: (row: Row, id: NodeId, map: ReadonlyMap<NodeId, Row>) => void): void {
    for (const [id, row] of this.entries()) act(row, id, this);
  }

  [Symbol.iterator](): MapIterator<[NodeId, Row]> {
    return this.entries();
  }
}
