import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { Operation, OperationResult } from "../../tree/commit/operation.ts";

/** A failure of the operation becomes the route's error. */
export async function commitOperation(
  committer: Committer,
  caller: Caller,
  operation: Operation,
  options: { readonly epoch?: string | undefined } = {},
): Promise<Extract<OperationResult, { status: "committed" }>> {
  const { results } = await committer.commit(caller, [operation], options);
  const result = results[0];
  if (result === undefined) throw new HoldfastError("internal", "A commit returned nothing.");
  if (result.status === "missing") {
    throw new HoldfastError("missing_blocks", "Some of the content is not on the server. Send it again.", {
      body: { missing_blocks: result.missingBlocks },
    });
  }
  if (result.status !== "committed") throw result.error;
  return result;
}

export async function commitNode(
  committer: Committer,
  caller: Caller,
  operation: Operation,
  options: { readonly epoch?: string | undefined } = {},
): Promise<{ node: NodeJson; created: boolean }> {
  const { node, created } = await commitOperation(committer, caller, operation, options);
  if (node === undefined) throw new HoldfastError("internal", "A commit returned no node.");
  return { node, created };
}
