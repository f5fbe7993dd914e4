import type { NodeId } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { pathOf } from "../model/tree-paths.ts";
import { type Hands, isKnownFolder } from "./hands.ts";

/** The folders in which a batch works: each is looked at once, with all above it, right before the names in it change. */
export class KnownFolders {
  readonly #hands: Pick<Hands, "state" | "disk" | "filesystem">;
  readonly #paths = new Map<NodeId, Promise<string>>();

  constructor(hands: Pick<Hands, "state" | "disk" | "filesystem">) {
    this.#hands = hands;
  }

  /** @throws DiskChanged unless it and every folder above is the one that is known, and no link */
  pathOf(id: NodeId): Promise<string> {
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const path = this.#look(id);
    this.#paths.set(id, path);
    // Whoever asks hears of it.
    path.catch(() => undefined);
    return path;
  }

  /** It was just made. */
  add(id: NodeId, path: string): void {
    this.#paths.set(id, Promise.resolve(path));
  }

  async #look(id: NodeId): Promise<string> {
    const { state, disk, filesystem } = this.#hands;
    if (id === state.rootId) return "";
    const row = state.local.get(id);
    const path = pathOf(state, id);
    if (row === undefined || path === undefined) throw new DiskChanged(id);
    // What waits aside stands in no folder; what its row calls so may even have been moved into it, and wait for itself.
    if (!state.parked.has(id)) await this.pathOf(row.parent);
    const stat = await disk.stat(path);
    if (isKnownFolder(filesystem, stat, row)) return path;
    throw new DiskChanged(path);
  }
}
