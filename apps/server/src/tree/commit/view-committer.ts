import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import type { Shards } from "../../base/db/shards.ts";
import type { Actor } from "../actor.ts";
import { findNodes } from "../read/look-up.ts";
import { nodeJson } from "../read/node-json.ts";
import { acrossRefusal } from "./across.ts";
import type { Committer } from "./commit-queue.ts";
import { type ForeignPorts, openForeignSource } from "./foreign-source.ts";
import type { Operation, OperationResult } from "./operation.ts";
import { type Settled, settleSpaces } from "./settle-spaces.ts";

/**
 * Operations run in the space of their nodes, copies in that of their target. `seq` and `epoch` are those of the
 * caller's own space.
 */
export function openViewCommitter(ports: ForeignPorts, committer: Committer): Committer {
  const { shards } = ports;
  return {
    async commit(caller, operations, options = {}) {
      const settled = await settleSpaces(shards, caller, operations);
      if (settled.every(({ actor, isAcross }) => actor === caller && !isAcross)) {
        const outcome = await committer.commit(
          caller,
          settled.map(({ what }) => what),
          options,
        );
        return { ...outcome, results: await withMountRoles(shards, caller, outcome.results) };
      }
      // Checks the epoch before anything is done.
      let { seq, epoch } = await committer.commit(caller, [], options);
      const results: OperationResult[] = [];
      for (const { actor, members } of runsOf(settled)) {
        if (actor === undefined) {
          results.push(...(await refusals(shards, caller, members)));
          continue;
        }
        const whats: Operation[] = [];
        for (const member of members) whats.push(await withSource(ports, caller, member));
        const outcome = await committer.commit(actor, whats);
        results.push(...outcome.results);
        if (actor === caller) ({ seq, epoch } = outcome);
      }
      return { results: await withMountRoles(shards, caller, results), seq, epoch };
    },
  };
}

/**
 * Looks up the source of a copy from another space after all earlier operations. An error becomes the copy's result.
 */
async function withSource(ports: ForeignPorts, caller: Actor, { actor, what, isAcross }: Placed): Promise<Operation> {
  if (what.op !== "copy" || !isAcross) return what;
  try {
    const { reader = { now: () => Promise.resolve(caller), begin: () => Promise.resolve() } } = what;
    return { ...what, from: await openForeignSource(ports, { reader, target: actor }, what) };
  } catch (thrown) {
    const error = toHoldfastError(thrown);
    if (error.retryable || error.code === "internal") throw error;
    return { ...what, from: error };
  }
}

async function refusals(shards: Shards, caller: Actor, members: readonly Placed[]): Promise<OperationResult[]> {
  const results: OperationResult[] = [];
  for (const { what, cut } of members) {
    results.push({ status: "error", error: cut ?? (await acrossRefusal(shards, caller, what)) });
  }
  return results;
}

async function withMountRoles(
  shards: Shards,
  caller: Actor,
  results: readonly OperationResult[],
): Promise<readonly OperationResult[]> {
  const ids = results.flatMap((result) =>
    result.status === "committed" && result.node?.kind === "mount" ? [result.node.id as NodeId] : [],
  );
  if (ids.length === 0) return results;
  // A copy of the caller avoids cached mounts, which may just have moved.
  const mounts = await findNodes(shards, { ...caller }, ids);
  return results.map((result) => {
    const mount = result.status === "committed" ? mounts.get(result.node?.id as NodeId) : undefined;
    if (mount === undefined || result.status !== "committed" || result.node === undefined) return result;
    const { role, waits } = nodeJson(mount);
    const node = { ...result.node, role, ...(waits === undefined ? {} : { waits }) };
    return { status: result.status, created: result.created, node };
  });
}

interface Placed extends Settled<Operation> {
  readonly cut?: HoldfastError;
}

/** Consecutive operations in one space. Without an actor: rejected operations. */
interface Run {
  readonly actor: Actor | undefined;
  readonly members: Placed[];
}

function runsOf(settled: readonly Settled<Operation>[]): Run[] {
  const runs: Run[] = [];
  for (const each of withWholeGroups(settled)) {
    const isRefused = each.cut !== undefined || (each.isAcross && each.what.op !== "copy");
    const actor = isRefused ? undefined : each.actor;
    const last = runs.at(-1);
    if (last !== undefined && last.actor === actor) last.members.push(each);
    else runs.push({ actor, members: [each] });
  }
  return runs;
}

function withWholeGroups(settled: readonly Settled<Operation>[]): readonly Placed[] {
  const byGroup = Map.groupBy(settled, ({ what }) => what.group);
  const error = new HoldfastError("invalid_field", "All operations of a group must be in one space.", {
    field: "group",
  });
  const cut = new Set(
    byGroup.entries().flatMap(([group, members]) => {
      const isWhole = members.every(({ actor, isAcross }) => actor === members[0]?.actor && !isAcross);
      return group === undefined || isWhole ? [] : [group];
    }),
  );
  if (cut.size === 0) return settled;
  return settled.map((each) => (cut.has(each.what.group ?? "") ? { ...each, cut: error } : each));
}
