import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { Shards } from "../../db/shards.ts";
import type { Actor } from "../actor.ts";
import { findNodes } from "../read/look-up.ts";
import { nodeJson } from "../read/node-json.ts";
import type { Committer } from "./commit-queue.ts";
import type { Operation, OperationResult } from "./operation.ts";
import { type Settled, settleSpaces } from "./settle-spaces.ts";

/**
 * A committer for callers who see more than their own space: each operation is done in the space of what it names, in order. `seq` and
 * `epoch` are always those of the caller's own space.
 */
export function openViewCommitter(shards: Shards, committer: Committer): Committer {
  return {
    async commit(caller, operations, options = {}) {
      const settled = await settleSpaces(shards, caller, operations);
      if (settled.every(({ actor, refused }) => actor === caller && refused === undefined)) {
        const outcome = await committer.commit(caller, operations, options);
        return { ...outcome, results: await withMountRoles(shards, caller, outcome.results) };
      }
      // The epoch is wrong before anything is done, or not at all.
      let { seq, epoch } = await committer.commit(caller, [], options);
      const results: OperationResult[] = [];
      for (const run of runsOf(settled)) {
        const [{ actor, refused }] = run;
        if (refused !== undefined) {
          results.push(...run.map((): OperationResult => ({ status: "error", error: refused })));
          continue;
        }
        const outcome = await committer.commit(
          actor,
          run.map(({ what }) => what),
        );
        results.push(...outcome.results);
        if (actor === caller) ({ seq, epoch } = outcome);
      }
      return { results: await withMountRoles(shards, caller, results), seq, epoch };
    },
  };
}

/** A commit knows a mount and not what it shows, whose role is the mount's. */
async function withMountRoles(
  shards: Shards,
  caller: Actor,
  results: readonly OperationResult[],
): Promise<readonly OperationResult[]> {
  const ids = results.flatMap((result) =>
    result.status === "committed" && result.node?.kind === "mount" ? [result.node.id as NodeId] : [],
  );
  if (ids.length === 0) return results;
  // The place of a mount that has just moved is another one than a look before the commit has found.
  const mounts = await findNodes(shards, { ...caller }, ids);
  return results.map((result) => {
    const mount = result.status === "committed" ? mounts.get(result.node?.id as NodeId) : undefined;
    if (mount === undefined || result.status !== "committed" || result.node === undefined) return result;
    const { role, waits } = nodeJson(mount);
    const node = { ...result.node, role, ...(waits === undefined ? {} : { waits }) };
    return { status: result.status, created: result.created, node };
  });
}

type Run = readonly [Settled<Operation>, ...Settled<Operation>[]];

/** Neighbours of one space. A group lies in one space: of one that does not, nothing is done. */
function runsOf(settled: readonly Settled<Operation>[]): Run[] {
  const runs: [Settled<Operation>, ...Settled<Operation>[]][] = [];
  for (const each of withWholeGroups(settled)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0].actor === each.actor && last[0].refused === each.refused) last.push(each);
    else runs.push([each]);
  }
  return runs;
}

function withWholeGroups(settled: readonly Settled<Operation>[]): readonly Settled<Operation>[] {
  const byGroup = Map.groupBy(settled, ({ what }) => what.group);
  const error = new HoldfastError("invalid_field", "A group lies in one space.", { field: "group" });
  const cut = new Set(
    byGroup.entries().flatMap(([group, members]) => {
      const isWhole = members.every(({ actor, refused }) => actor === members[0]?.actor && refused === undefined);
      return group === undefined || isWhole ? [] : [group];
    }),
  );
  if (cut.size === 0) return settled;
  return settled.map((each) => (cut.has(each.what.group ?? "") ? { ...each, refused: error } : each));
}
