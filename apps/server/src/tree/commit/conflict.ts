import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { shown } from "./rights.ts";
import type { Standing } from "./tree.ts";
import type { Step, Work } from "./work.ts";

interface Conflict {
  readonly code: ErrorCode;
  readonly message: string;
  readonly row: NodeRow;
}

/** Returns an error with the conflicting node as it is now, as far as the caller may see it. */
export async function conflictWith(work: Work, step: Step, { code, message, row }: Conflict): Promise<HoldfastError> {
  const field = code === "exists" ? { field: "name" } : {};
  const node = await shown(work, step, row);
  return new HoldfastError(code, message, { ...field, ...(node === undefined ? {} : { body: { node } }) });
}

/** @throws HoldfastError trashed, with the node that is in the trash */
export async function requireLive(
  work: Work,
  step: Step,
  { standing }: { readonly standing: Exclude<Standing, { state: "gone" }> },
): Promise<void> {
  if (standing.state === "live") return;
  throw await conflictWith(work, step, {
    code: "trashed",
    message: `${JSON.stringify(standing.by.name)} is in the trash.`,
    row: standing.by,
  });
}
