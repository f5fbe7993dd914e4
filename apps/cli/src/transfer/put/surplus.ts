import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { isWhole, mayDelete } from "../may-delete.ts";
import type { Mirroring } from "../may-delete.ts";
import { commit } from "./commit.ts";
import type { RemoteState } from "./put-plan.ts";
import type { PutWork } from "./put-work.ts";
import type { RemoteTree } from "./remote-tree.ts";

/** A node that only the server has. `put --delete` moves it to the trash. */
interface Deletion {
  readonly state: RemoteState;
  readonly path: string;
  readonly nodes: number;
  readonly bytes: number;
}

export class Surplus {
  readonly #work: PutWork;
  readonly #remote: RemoteTree;
  /** Seq of the journal before the tree was listed; undefined: unknown. */
  readonly #seen: number | undefined;
  readonly #deletions: Deletion[] = [];

  constructor(work: PutWork, remote: RemoteTree, seen: number | undefined) {
    this.#work = work;
    this.#remote = remote;
    this.#seen = seen;
  }

  /** @param names includes names that cannot be uploaded */
  visit(
    folder: { readonly id: string; readonly below: string; readonly path: string },
    names: readonly string[],
  ): void {
    const here = new Set(names.map(nameKey));
    for (const [name, state] of this.#remote.children(folder.id)) {
      if (!here.has(nameKey(name))) this.#deletions.push(...this.#deletable(childOf(folder, name, state), state));
    }
  }

  /** @throws HoldfastError for an error that every other deletion would meet too */
  async delete(mirroring: Mirroring): Promise<void> {
    const { report, ids } = this.#work;
    const count = this.#deletions.reduce((sum, { nodes }) => sum + nodes, 0);
    if (count === 0 || !isWhole(report)) return;
    if (!(await mayDelete(report, mirroring, { count, known: this.#remote.size }))) return;
    if (report.isDry) return this.#show();
    for (let start = 0; start < this.#deletions.length; start += operationsMax) {
      const items = this.#deletions.slice(start, start + operationsMax).map(({ path, state, nodes }) => ({
        path,
        operations: [
          {
            op: "delete" as const,
            operation_id: ids.operation(),
            file_id: state.id,
            ...(state.kind === "folder" ? this.#seenFields() : versionFields(state)),
          },
        ],
        onCommitted: () => void (report.deleted += nodes),
      }));
      await commit(this.#work, items);
    }
  }

  #show(): void {
    const { report } = this.#work;
    for (const { path, nodes, bytes } of this.#deletions) {
      report.deleted += nodes;
      report.change("delete", path, bytes);
    }
  }

  #seenFields() {
    return this.#seen === undefined ? {} : { seen: this.#seen };
  }

  /** Returns the node, or its deletable parts if something in it is excluded or belongs to another account. */
  #deletable(
    folder: { readonly id: string; readonly below: string; readonly path: string },
    state: RemoteState,
  ): Deletion[] {
    const { patterns } = this.#work;
    if (state.kind === "mount" || patterns?.names(folder.below, state.kind === "folder") === true) return [];
    const children = [...this.#remote.children(folder.id)];
    const below = children.map(([name, child]) => this.#deletable(childOf(folder, name, child), child));
    const allGo = below.every((parts, index) => parts.length === 1 && parts[0]?.state === children[index]?.[1]);
    if (!allGo) return below.flat();
    const parts = below.flat();
    const nodes = parts.reduce((sum, each) => sum + each.nodes, 1);
    return [{ state, path: folder.path, nodes, bytes: parts.reduce((sum, each) => sum + each.bytes, state.size) }];
  }
}

const operationsMax = 500;

function childOf(folder: { readonly below: string; readonly path: string }, name: string, { id }: RemoteState) {
  const below = folder.below === "" ? name : `${folder.below}/${name}`;
  return { id, below, path: `${folder.path === "/" ? "" : folder.path}/${name}` };
}

function versionFields({ version_id }: RemoteState) {
  return version_id === null ? {} : { base_version: version_id };
}

/** @returns the seq of the account's own journal; undefined for another account's space */
export async function seenIn(client: ApiClient, { role }: NodeJson): Promise<number | undefined> {
  if (role !== "owner") return undefined;
  try {
    const { token } = await client.call("getStartToken");
    return (await client.call("listChanges", { query: { since_token: token, limit: 1 } })).seq;
  } catch (thrown) {
    // Links and some tokens may not ask. A wrong deletion can be restored from the trash.
    if (thrown instanceof HoldfastError && thrown.code === "forbidden") return undefined;
    throw thrown;
  }
}
