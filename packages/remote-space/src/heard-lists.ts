import type { ManifestEntry } from "@holdfast/core/manifest";
import type { ChangeJson } from "@holdfast/protocol/node-routes";

/** Of versions; a list of one block takes some 300 bytes. */
const listsMax = 20_000;

/**
 * Block lists that came with the changes, until they are asked for, which is once: whoever fetches a file keeps its list. Most small
 * files need no question of their own then.
 */
export class HeardLists {
  readonly #lists = new Map<string, readonly ManifestEntry[]>();

  /** While there is none, lists are not asked for: those that came first are needed first. */
  get hasRoom(): boolean {
    return this.#lists.size < listsMax;
  }

  hear(changes: readonly ChangeJson[]): void {
    for (const { node } of changes) {
      if (node?.blocks === undefined || typeof node.version_id !== "string" || !this.hasRoom) continue;
      this.#lists.set(node.version_id, node.blocks);
    }
  }

  take(versionId: string): readonly ManifestEntry[] | undefined {
    const list = this.#lists.get(versionId);
    this.#lists.delete(versionId);
    return list;
  }

  /** Whoever waits for changes has done what there was to do: what is left of much was not needed. */
  rest(): void {
    if (!this.hasRoom) this.#lists.clear();
  }
}
