import { limits } from "@holdfast/core/limits";
import type { PlacedNode } from "./placed-node.ts";

/** Of a node in JSON, names, path and what else a user chooses aside. */
const fixedBytes = 700;

/** Counts nodes into a page, so that a thousand with all that a user may give them are no answer of 20 MiB. */
export class PageBytes {
  #bytes = 0;

  /** The page has as much as it may: end it here. */
  get isFull(): boolean {
    return this.#bytes >= limits.listBytesMax;
  }

  add({ row, path }: PlacedNode): void {
    const { name, target, metadata } = row;
    const chosen = name.length + path.length + (target?.length ?? 0);
    this.#bytes += fixedBytes + chosen + (metadata === null ? 0 : JSON.stringify(metadata).length);
  }
}

/** The first of these, at least one, that a page has room for. @param nodeOf undefined for what adds nothing */
export function fittingPage<Item>(
  items: readonly Item[],
  nodeOf: (item: Item) => PlacedNode | undefined,
): readonly Item[] {
  const bytes = new PageBytes();
  for (const [index, item] of items.entries()) {
    const node = nodeOf(item);
    if (node !== undefined) bytes.add(node);
    if (bytes.isFull) return items.slice(0, index + 1);
  }
  return items;
}
