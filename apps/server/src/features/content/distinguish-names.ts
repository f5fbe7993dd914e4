import { nameKey } from "@holdfast/core/names";
import { numberedName } from "../../tree/commit/free-name.ts";
import type { ZippedNode } from "./zip-nodes.ts";

/** Renames duplicates to the next free name: `name (2).ext`. The first keeps its name. */
export function distinguishNames(nodes: readonly ZippedNode[]): ZippedNode[] {
  const taken = new Set<string>();
  /** Last number by name, so that thousands of equal names do not try each number again. */
  const numbers = new Map<string, number>();
  const wanted = new Set(nodes.map(({ name }) => nameKey(name)));
  return nodes.map(({ node, name }) => {
    const own = nameKey(name);
    let free = name;
    let number = numbers.get(own) ?? 1;
    while (isTaken(free)) {
      number += 1;
      free = numberedName(name, node.row.kind, undefined, number);
    }
    numbers.set(own, number);
    taken.add(nameKey(free));
    return { node, name: free };

    function isTaken(candidate: string): boolean {
      const key = nameKey(candidate);
      // Avoids other nodes' original names.
      return taken.has(key) || (candidate !== name && wanted.has(key));
    }
  });
}
