import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/change-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";
import type { Shares } from "../model/trees.ts";

export interface SubtreeOptions {
  readonly rootId: NodeId;
  /** True if the device has a row of the node, live or not. */
  readonly isKnown: (id: NodeId) => boolean;
  /** True if the node is live, as far as the device knows. */
  readonly isLive: (id: NodeId) => boolean;
  /** Known mounts, updated as reports arrive. */
  readonly shares: Shares;
}

/**
 * Narrows a server to one synced folder. Items that move out are gone, and items that move in appear. Mounts below are
 * visible with their content. If the folder or one above is in the trash, requests fail instead of reporting deletions,
 * until it returns or the sync is removed.
 */
export function narrowToSubtree(server: Server, options: SubtreeOptions): Server {
  const { rootId } = options;
  return {
    ...server,
    async listChanges(sinceToken) {
      const page = await server.listChanges(sinceToken);
      const view = new View(server, options);
      const changes: ChangeJson[] = [];
      for (const change of page.changes) {
        const seen = await view.see(change);
        if (seen !== undefined) changes.push(seen);
      }
      if (view.mayHaveLostRoot) await requireRoot(server, rootId);
      return { ...page, changes };
    },
    async snapshot() {
      // The token precedes the listing, so no change is lost.
      const { items: _items, ...page } = await server.snapshot(undefined);
      await requireRoot(server, rootId);
      return { ...page, items: await server.listBelow(rootId), next_cursor: null };
    },
    async queryNodes(ids) {
      const items = await server.queryNodes(ids);
      // A live node may be outside.
      const isAny = items.some(({ state }) => state === "live");
      const inside = new Set(isAny ? (await server.listBelow(rootId)).map(({ id }) => id) : []);
      return items.map(({ id, state }) => ({ id, state: state === "live" && !inside.has(id) ? "gone" : state }));
    },
  };
}

class View {
  mayHaveLostRoot = false;
  readonly #server: Server;
  readonly #rootId: NodeId;
  readonly #options: SubtreeOptions;
  readonly #entered = new Set<string>();
  /** Mounted folder -> mount. */
  readonly #mounts = new Map<string, string>();

  constructor(server: Server, options: SubtreeOptions) {
    for (const [mount, { target }] of options.shares) this.#mounts.set(target, mount);
    this.#server = server;
    this.#rootId = options.rootId;
    this.#options = options;
  }

  async see(change: ChangeJson): Promise<ChangeJson | undefined> {
    const { id, seq, node } = change;
    const wasInside = this.#has(id);
    if (id === this.#rootId || (node === undefined && !wasInside)) {
      this.mayHaveLostRoot ||= node === undefined;
      return undefined;
    }
    if (node === undefined) return change;
    if (node.kind === "mount" && node.target !== undefined) this.#mounts.set(node.target, id);
    if (!this.#has(node.parent_id ?? "")) return wasInside ? { seq, id, kind: "gone" } : undefined;
    // A node that moved out is still known, but its content is not (`DeadNodes`). It returns as a new one.
    const wasThere = this.#entered.has(id) || this.#options.isLive(id as NodeId);
    this.#entered.add(id);
    if (wasThere && change.kind !== "appeared") return change;
    if (node.kind === "folder" || node.kind === "mount") await this.#enterBelow(node);
    return { ...change, kind: "appeared" };
  }

  #has(place: string): boolean {
    const id = this.#mounts.get(place) ?? place;
    return id === this.#rootId || this.#entered.has(id) || this.#options.isKnown(id as NodeId);
  }

  /** Later entries of the page may concern the folder's content. */
  async #enterBelow({ id }: NodeJson): Promise<void> {
    try {
      for (const below of await this.#server.listBelow(id as NodeId)) {
        this.#entered.add(below.id);
        if (below.kind === "mount" && below.target !== undefined) this.#mounts.set(below.target, below.id);
      }
    } catch (error) {
      const isGone = error instanceof HoldfastError && (error.code === "not_found" || error.code === "trashed");
      if (!isGone) throw error;
    }
  }
}

async function requireRoot(server: Server, rootId: NodeId): Promise<void> {
  const [root] = await server.queryNodes([rootId]);
  if (root?.state === "live") return;
  const message =
    "The synced folder on the server is in the trash or deleted. No files were changed here. Restore it on the server, and the sync continues.";
  throw new HoldfastError("failed", message);
}
