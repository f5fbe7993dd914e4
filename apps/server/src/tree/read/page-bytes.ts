import { limits } from "@holdfast/core/limits";
import type { PlacedNode } from "./placed-node.ts";

/** Bytes of a node in JSON, excluding names, path and other values that users choose. */
const fixedBytes = 700;

/** The largest metadata would make a page of 20 MiB. */
export class PageBytes {
  #bytes = 0;

  get isFull(): boolean {
    return this.#bytes >= limits.listBytesMax;
  }

  add({ row, path }: PlacedNode): void {
    const { name, target, metadata } = row;
    const chosen = name.length + path.length + (target?.length ?? 0);
    this.#bytes += fixedBytes + chosen + (metadata === null ? 0 : JSON.stringify(metadata).length);
  }
}

/** Returns at least one item. @param nodeOf undefined for an item that adds nothing */
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
