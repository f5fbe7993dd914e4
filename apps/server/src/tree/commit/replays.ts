import { HoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import type { VersionFacts } from "../read/version-json.ts";
import type { StepOutcome } from "./apply-steps.ts";
import { loadOperations } from "./load.ts";
import type { ShardQueries } from "../../base/db/shard-tables.ts";
import type { OperationResult } from "./operation.ts";
import type { Step } from "./work.ts";
import type { OperationRow } from "./write.ts";

interface StoredResult {
  readonly node?: NodeJson;
  readonly created: boolean;
  readonly version?: VersionFacts;
}

/**
 * Results of earlier operations. Only successes are stored: a rejected operation changed nothing and is tried again. An
 * operation with missing blocks may be repeated under the same id when they are uploaded.
 */
export class Replays {
  readonly added: OperationRow[] = [];
  readonly #known: Map<string, { requestHash: Buffer; result: StoredResult }>;

  private constructor(known: Map<string, { requestHash: Buffer; result: StoredResult }>) {
    this.#known = known;
  }

  static async load(transaction: ShardQueries, spaceId: SpaceId, steps: readonly Step[]): Promise<Replays> {
    const wanted = steps.flatMap(({ caller, operation }) =>
      operation.operationId === undefined ? [] : [{ userId: caller.userId, operationId: operation.operationId }],
    );
    const rows = await loadOperations(transaction, spaceId, wanted);
    const entries = rows.map((row) => {
      const stored = { requestHash: row.request_hash, result: JSON.parse(row.result) as StoredResult };
      return [keyOf(row.user_id, row.op_id), stored] as const;
    });
    return new Replays(new Map(entries));
  }

  /** Returns the first result, `operation_reused` for another request, or undefined for a new operation. */
  resultOf({ caller, operation }: Step): OperationResult | undefined {
    if (operation.operationId === undefined) return undefined;
    const known = this.#known.get(keyOf(caller.userId, operation.operationId));
    if (known === undefined) return undefined;
    if (operation.requestHash?.equals(known.requestHash) !== true) {
      const error = new HoldfastError("operation_reused", "This operation ID was used for another request.");
      return { status: "error", error };
    }
    return { status: "committed", node: undefined, ...known.result };
  }

  add(step: Step | undefined, outcome: StepOutcome): void {
    if (outcome.status !== "committed" || step?.operation.operationId === undefined) return;
    const { caller, operation } = step;
    const { operationId, requestHash } = operation;
    if (operationId === undefined || requestHash === undefined) return;
    const { node, created, version } = outcome;
    const result: StoredResult = {
      ...(node === undefined ? {} : { node }),
      created,
      ...(version === undefined ? {} : { version }),
    };
    this.#known.set(keyOf(caller.userId, operationId), { requestHash, result });
    this.added.push({ userId: caller.userId, operationId, requestHash, result });
  }
}

function keyOf(userId: string, operationId: Buffer): string {
  return `${userId}/${operationId.toString("hex")}`;
}
