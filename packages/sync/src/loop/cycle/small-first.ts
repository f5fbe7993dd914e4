import { writesContent } from "../../execute/batch.ts";
import type { LocalOperation, Plan, RemoteOperation } from "../../plan/plan-types.ts";

/** A smaller plan finishes soon in any order and is kept folder by folder. */
export const muchBytesMin = 256 * 1024 * 1024;

interface Rank {
  /** Folders first, then edits of known files, then new files. */
  readonly group: 0 | 1 | 2;
  readonly sizeBytes: number;
}

/**
 * Sorts a large plan, such as the first sync, so that current work comes first and small new files next. A plan with
 * moves, deletions or mode changes keeps its order.
 */
export function smallFirst<Some extends Pick<Plan, "local" | "remote">>(plan: Some): Some {
  return { ...plan, local: ranked(plan.local, rankOfLocal), remote: ranked(plan.remote, rankOfRemote) };
}

function ranked<Operation>(
  operations: readonly Operation[],
  rankOf: (operation: Operation) => Rank | undefined,
): readonly Operation[] {
  const ranks = operations.flatMap((operation) => {
    const rank = rankOf(operation);
    return rank === undefined ? [] : [{ operation, ...rank }];
  });
  if (ranks.length < operations.length) return operations;
  return ranks
    .toSorted((one, other) => one.group - other.group || one.sizeBytes - other.sizeBytes)
    .map(({ operation }) => operation);
}

function rankOfLocal(operation: LocalOperation): Rank | undefined {
  if (!writesContent(operation)) return undefined;
  const { kind, sizeBytes } = operation.remote;
  if (kind === "folder") return { group: 0, sizeBytes: 0 };
  return { group: operation.op === "replace" ? 1 : 2, sizeBytes };
}

function rankOfRemote(operation: RemoteOperation): Rank | undefined {
  if (operation.group !== undefined) return undefined;
  switch (operation.op) {
    case "mkdir":
      return { group: 0, sizeBytes: 0 };
    case "symlink":
      return { group: 2, sizeBytes: 0 };
    case "put":
      if (operation.revive !== undefined) return undefined;
      return { group: 1, sizeBytes: operation.local.fingerprint.sizeBytes };
    case "create":
      return { group: 2, sizeBytes: operation.local.fingerprint.sizeBytes };
    default:
      return undefined;
  }
}
