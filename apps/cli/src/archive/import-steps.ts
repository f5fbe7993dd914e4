import { HoldfastError, isErrorCode } from "@holdfast/core/errors";
import type { BatchResult } from "@holdfast/api-client/block-transfer";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import type { NodeJson } from "@holdfast/protocol/values";
import { eachApart } from "../transfer/each-apart.ts";
import { type BlocksAlong, sendOperations } from "../transfer/put/commit.ts";
import type { ReadFile } from "../transfer/read-files.ts";
import type { ImportWork } from "./import-work.ts";

export interface Step {
  readonly operation: BatchOperationInput & { readonly id?: string; readonly parent_id?: string };
  readonly done: (node: NodeJson) => void;
  readonly failed: (failure: HoldfastError) => void;
}

export interface ReadStep extends Step {
  readonly read: ReadFile;
}

type Work = Pick<ImportWork, "client" | "pace" | "ids">;

/** Errors that every operation would meet. They end the import. */
export const fatal: ReadonlySet<string> = new Set([
  "unauthenticated",
  "forbidden",
  "quota",
  "store_full",
  "unreachable",
  "unavailable",
  "rate_limited",
  "device_suspended",
]);

/**
 * A node gets a new id if the id derived from the archive is in use, as after an earlier import if the node was moved
 * or deleted.
 * @param blocks sent with the operations
 * @returns steps of which the server lacks blocks; their operations are not committed
 * @throws HoldfastError for an error that the next batch would meet too
 */
export async function commitSteps<Each extends Step>(
  work: Work,
  steps: readonly Each[],
  blocks?: BlocksAlong<Each>,
): Promise<Each[]> {
  const lacking: Each[] = [];
  const again: Each[] = [];
  // New ids are not replaced again.
  const own = new Set<string | undefined>([undefined]);
  const settle = (step: Each, result: BatchResult | undefined): void => {
    if (result?.status === "committed" && result.node !== undefined) step.done(result.node);
    else if (result?.status === "missing") lacking.push(step);
    else if (result?.code === "exists" && result.field === "id" && !own.has(step.operation.id)) again.push(step);
    else refuse(step, failureOf(result));
  };
  await act(work, steps, blocks, settle);
  const renewed = again.map((step) => withNewId(work, step));
  for (const { operation } of renewed) own.add(operation.id);
  await act(work, renewed, blocks, settle);
  return lacking;
}

async function act<Each extends Step>(
  work: Work,
  steps: readonly Each[],
  blocks: BlocksAlong<Each> | undefined,
  settle: (step: Each, result: BatchResult | undefined) => void,
): Promise<void> {
  await eachApart(steps, {
    act: (some) => {
      const operations = some.map(({ operation }) => operation);
      return sendOperations(work, operations, { into: blocks?.into ?? "root", frames: blocks?.framesOf(some) ?? [] });
    },
    done: (some, answer) => {
      const results = new Map(answer.results.map((result) => [result.operation_id, result]));
      for (const step of some) settle(step, results.get(step.operation.operation_id));
    },
    hopeless: fatal,
    refuse,
  });
}

function refuse(step: Step, failure: HoldfastError): void {
  if (fatal.has(failure.code)) throw failure;
  step.failed(failure);
}

function withNewId<Each extends Step>({ ids }: Work, step: Each): Each {
  const { operation } = step;
  const id = ids.node(operation.parent_id ?? operation.id ?? "");
  return { ...step, operation: { ...operation, operation_id: ids.operation(), id } };
}

function failureOf(result: BatchResult | undefined): HoldfastError {
  const code = result?.code;
  return new HoldfastError(
    isErrorCode(code) ? code : "failed",
    result?.message ?? `the server returned ${code ?? "no result"} for it.`,
  );
}
