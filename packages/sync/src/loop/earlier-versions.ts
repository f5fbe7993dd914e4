import type { NodeId } from "@holdfast/core/ids";
import { forEachBounded } from "@holdfast/core/task-group";
import type { Server } from "@holdfast/sync-ports/ports";
import { makePersonActsDurable } from "../execute/person-acts.ts";
import type { Hands } from "../execute/hands.ts";
import { Recent } from "../general/recent.ts";
import type { Rewrite } from "../brakes/rewrites.ts";
import type { ContentKey, SyncedRow } from "../model/trees.ts";
import type { LocalOperation, Plan } from "../plan/plan-types.ts";

const questionsAtOnce = 8;
const remembered = 10_000;
const sampleMax = 10;

interface Input extends Pick<Hands, "disk" | "state"> {
  readonly server: Pick<Server, "versionWith">;
}

/**
 * Files that differ from the server's and of which nothing is known, since the folder or its state is new: a disk that was restored from
 * a backup holds what the server had before. Such bytes are no edit, and a conflicted copy of each would fill the folder.
 */
export class EarlierVersions {
  /** Files, with their content, of which the server has no such version: they may wait for long, and are planned each time. */
  readonly #unknown = new Recent<string, null>(remembered);

  /**
   * Makes the version whose content such a file has its base, so that the server's takes its place as after any edit there.
   * @returns whether that changes the plan
   */
  async adopt({ disk, state, server }: Input, { local }: Pick<Plan, "local">): Promise<boolean> {
    const doubtful = local.filter(isOutvoted).filter(({ id }) => state.synced.get(id)?.content === undefined);
    const found = new Map<NodeId, SyncedRow>();
    await forEachBounded(doubtful, questionsAtOnce, async ({ id, local: { kind, content, executable } }) => {
      const versionId = await this.#find(server, id, content);
      if (versionId === undefined) return;
      const base = state.synced.get(id) ?? { kind, place: undefined, executable };
      found.set(id, { ...base, content, versionIds: [versionId] });
    });
    const failures = await makePersonActsDurable({ disk, state }, [...found.keys()]);
    for (const id of failures.keys()) found.delete(id);
    if (found.size > 0) state.commit({ synced: found });
    return found.size > 0;
  }

  /**
   * Remembers which of these files hold the content of an earlier version, as after any edit that this device saw. A few are asked for first:
   * of a restored backup nearly all do.
   * @returns whether that changes the plan
   */
  async recall({ state, server }: Pick<Input, "state" | "server">, rewrites: readonly Rewrite[]): Promise<boolean> {
    const past: (readonly [NodeId, ContentKey])[] = [];
    const ask = (some: readonly Rewrite[]): Promise<void> =>
      forEachBounded(some, questionsAtOnce, async ({ nodeId, base }) => {
        if ((await this.#find(server, nodeId, base)) !== undefined) past.push([nodeId, base]);
      });
    const open = rewrites.filter(({ nodeId, base }) => this.#unknown.get(`${nodeId} ${base}`) === undefined);
    await ask(open.slice(0, sampleMax));
    if (past.length === 0) return false;
    await ask(open.slice(sampleMax));
    state.commit({ past });
    return true;
  }

  async #find(server: Input["server"], id: NodeId, content: ContentKey): Promise<string | undefined> {
    const key = `${id} ${content}`;
    if (this.#unknown.get(key) !== undefined) return undefined;
    const versionId = await server.versionWith(id, content);
    if (versionId === undefined) this.#unknown.set(key, null);
    return versionId;
  }
}

/** A copy would be made of it, or it would be put aside where one may only read. */
function isOutvoted(operation: LocalOperation): operation is LocalOperation & { op: "copy_aside" | "delete" } {
  if (operation.op === "delete") return operation.into === "quarantine" && operation.local.kind === "file";
  return operation.op === "copy_aside";
}
