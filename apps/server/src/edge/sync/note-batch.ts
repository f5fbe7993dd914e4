import type { BatchOperation } from "@holdfast/protocol/batch";
import type { AuditNote } from "../exchange/describe-request.ts";

interface Result {
  readonly status: string;
  readonly code?: string | undefined;
  readonly node?: { readonly id: string } | undefined;
}

/** One audit entry for a batch: operations by kind, nodes and errors. */
export function noteOfBatch(operations: readonly BatchOperation[], results: readonly Result[] = []): AuditNote {
  const named = operations.flatMap((operation) => ("file_id" in operation ? (operation.file_id ?? []) : []));
  const made = results.flatMap(({ node }) => node?.id ?? []);
  const refused = results.flatMap(({ status, code }) => (status === "committed" ? [] : [code ?? status]));
  return {
    count: operations.length,
    nodeIds: [...new Set([...named, ...made])],
    detail: {
      ...counted(operations.map(({ op }) => op)),
      ...(refused.length === 0 ? {} : { refused: counted(refused) }),
    },
  };
}

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
