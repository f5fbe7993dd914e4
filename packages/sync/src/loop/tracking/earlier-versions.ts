import type { NodeId } from "@holdfast/core/ids";
import { forEachBounded } from "@holdfast/core/task-group";
import type { Server } from "@holdfast/sync-ports/ports";
import { makeUserChangesDurable } from "../../execute/user-changes.ts";
import type { ExecutionContext } from "../../execute/execution-context.ts";
import { RecentCache } from "../../general/recent-cache.ts";
import type { Rewrite } from "../../brakes/rewrites.ts";
import type { ContentKey, SyncedRow } from "../../model/trees.ts";
import type { LocalOperation, Plan } from "../../plan/plan-types.ts";

const questionsAtOnce = 8;
const remembered = 10_000;
const sampleMax = 10;

interface Input extends Pick<ExecutionContext, "disk" | "state"> {
  readonly server: Pick<Server, "versionWith">;
}

/**
 * Finds earlier versions among files without a base, because folder or state is new. A disk restored from a backup
 * holds old versions. They are no edits, and a conflicted copy of each would fill the folder.
 */
export class EarlierVersions {
  /** Files without such a version on the server. They may wait for long and are in every plan. */
  readonly #unknown = new RecentCache<string, null>(remembered);

  /**
   * Makes the version with the file's content its base, so that the server's version replaces it.
   * @returns true if the plan changes
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
    const failures = await makeUserChangesDurable({ disk, state }, [...found.keys()]);
    for (const id of failures.keys()) found.delete(id);
    if (found.size > 0) state.commit({ synced: found });
    return found.size > 0;
  }

  /**
   * Asks for a few first, because nearly all files of a restored backup are earlier versions.
   * @returns true if the plan changes
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

/** True for a file that would be copied aside, or quarantined in a read-only folder. */
function isOutvoted(operation: LocalOperation): operation is LocalOperation & { op: "copy_aside" | "delete" } {
  if (operation.op === "delete") return operation.into === "quarantine" && operation.local.kind === "file";
  return operation.op === "copy_aside";
}
