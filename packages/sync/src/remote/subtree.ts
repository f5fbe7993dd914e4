import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { ChangeJson } from "@holdfast/protocol/node-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Server } from "@holdfast/sync-ports/ports";
import type { Shares } from "../model/trees.ts";

export interface SubtreeOptions {
  /** The folder below which all is in view. */
  readonly rootId: NodeId;
  /** Whether the device has a row of that node, live or not. */
  readonly isKnown: (id: NodeId) => boolean;
  /** Whether it is live, as far as the device knows. */
  readonly isLive: (id: NodeId) => boolean;
  /** What the device knows of mounts; they change with what it hears. */
  readonly shares: Shares;
}

/**
 * The server as a device sees it that syncs one folder of it: what lies outside does not exist, what moves out is gone, and
 * what moves in has appeared; mounts below it are in view with what they show. A folder that is gone itself (it or one above it in the trash) is a failure and no deletion: nothing goes on until it is
 * back or the sync is given up.
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
      // The token is older than the listing, so nothing falls between the two.
      const { items: _items, ...page } = await server.snapshot(undefined);
      await requireRoot(server, rootId);
      return { ...page, items: await server.listBelow(rootId), next_cursor: null };
    },
    async queryNodes(ids) {
      const items = await server.queryNodes(ids);
      // What lives may be outside.
      const isAny = items.some(({ state }) => state === "live");
      const inside = new Set(isAny ? (await server.listBelow(rootId)).map(({ id }) => id) : []);
      return items.map(({ id, state }) => ({ id, state: state === "live" && !inside.has(id) ? "gone" : state }));
    },
  };
}

/** One page of the journal, as it looks from inside the folder. */
class View {
  mayHaveLostRoot = false;
  readonly #server: Server;
  readonly #rootId: NodeId;
  readonly #options: SubtreeOptions;
  readonly #entered = new Set<string>();
  /** What the server calls by the folder that a mount shows stands in the mount. */
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
    // What moved out is known still, but not what was in it (`DeadNodes`): it comes back as something new does.
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

  /** Further entries of the page may be about what came in with a folder. */
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
