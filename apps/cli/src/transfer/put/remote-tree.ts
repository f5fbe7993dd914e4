import type { ApiClient } from "@holdfast/api-client/api-client";
import type { NodeJson } from "@holdfast/protocol/values";
import { allPages, pageItemsMax } from "../../remote/pages.ts";
import type { RemoteState } from "./put-plan.ts";

export class RemoteTree {
  readonly #children = new Map<string, Map<string, RemoteState>>();

  /** @param onCount receives the number of nodes so far */
  static async load(client: ApiClient, folderId: string, onCount: (nodes: number) => void): Promise<RemoteTree> {
    const tree = new RemoteTree();
    const pages = allPages((cursor) =>
      client.call("listFolder", {
        params: { id: folderId },
        query: { recursive: "true", limit: pageItemsMax, cursor },
      }),
    );
    for await (const nodes of pages) {
      for (const node of nodes) tree.#add(node);
      onCount(tree.size);
    }
    return tree;
  }

  size = 0;

  children(parentId: string): Iterable<[string, RemoteState]> {
    return this.#children.get(parentId) ?? [];
  }

  child(parentId: string, name: string): RemoteState | undefined {
    return this.#children.get(parentId)?.get(name);
  }

  /** Keeps only compared fields, because a tree may have a million nodes. */
  #add({
    id,
    kind,
    size,
    version_id,
    content_id,
    modified_at,
    executable,
    role,
    target,
    parent_id,
    name,
    ...node
  }: NodeJson): void {
    const siblings = this.#children.get(parent_id ?? "") ?? new Map<string, RemoteState>();
    this.#children.set(parent_id ?? "", siblings);
    const state = { id, kind, size, version_id, content_id, modified_at, executable, role, private: node.private };
    this.size += 1;
    siblings.set(name, target === undefined ? state : { ...state, target });
  }
}
