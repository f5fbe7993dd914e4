import type { ManifestEntry } from "@holdfast/core/manifest";
import type { ChangeJson } from "@holdfast/protocol/change-routes";

/** Limit of versions. A list of one block takes about 300 bytes. */
const listsMax = 20_000;

/** Block lists received with changes, until requested once. Most small files then need no request. */
export class HeardLists {
  readonly #lists = new Map<string, readonly ManifestEntry[]>();

  /** If full, no more lists are requested, because earlier ones are needed first. */
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

  /** Called when polling starts. A full cache is cleared, because the remaining lists were not needed. */
  rest(): void {
    if (!this.hasRoom) this.#lists.clear();
  }
}
