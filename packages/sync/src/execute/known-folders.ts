import type { NodeId } from "@holdfast/core/ids";
import { DiskChanged } from "../model/disk-changed.ts";
import { pathOf } from "../model/tree-paths.ts";
import { type ExecutionContext, isKnownFolder } from "./execution-context.ts";

/** Folders of a batch. Each is checked once, with all folders above, right before its names change. */
export class KnownFolders {
  readonly #context: Pick<ExecutionContext, "state" | "disk" | "filesystem">;
  readonly #paths = new Map<NodeId, Promise<string>>();

  constructor(context: Pick<ExecutionContext, "state" | "disk" | "filesystem">) {
    this.#context = context;
  }

  /** @throws DiskChanged unless it and every folder above are the known ones and no links */
  pathOf(id: NodeId): Promise<string> {
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const path = this.#look(id);
    this.#paths.set(id, path);
    // The caller receives the error.
    path.catch(() => undefined);
    return path;
  }

  add(id: NodeId, path: string): void {
    this.#paths.set(id, Promise.resolve(path));
  }

  async #look(id: NodeId): Promise<string> {
    const { state, disk, filesystem } = this.#context;
    if (id === state.rootId) return "";
    const row = state.local.get(id);
    const path = pathOf(state, id);
    if (row === undefined || path === undefined) throw new DiskChanged(id);
    // A parked item is in no folder. Its recorded folder may have been moved into it.
    if (!state.parked.has(id)) await this.pathOf(row.parent);
    const stat = await disk.stat(path);
    if (isKnownFolder(filesystem, stat, row)) return path;
    throw new DiskChanged(path);
  }
}
