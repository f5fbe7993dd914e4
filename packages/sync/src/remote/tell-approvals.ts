import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Hands } from "../execute/hands.ts";
import { isOfElement } from "./in-halves.ts";

/**
 * Tells the server what of its trash a person approved on this device, so that no other device of the account asks again. What the server refuses
 * has another fate by now, and one that knows nothing of approvals leaves each device to ask for itself.
 */
export async function tellApprovals({
  server,
  state,
  random,
}: Pick<Hands, "server" | "state" | "random">): Promise<void> {
  const ids = [...state.approvals.keys()].slice(0, limits.batchOperationsMax);
  if (ids.length === 0 || state.cursor === undefined) return;
  const operations = ids.map((file_id) => {
    return { op: "approve", operation_id: Buffer.from(random(16)).toString("hex"), file_id } as const;
  });
  try {
    await server.commit(state.cursor.epoch, operations, []);
  } catch (error) {
    const isForbidden = error instanceof HoldfastError && error.code === "forbidden";
    if (!isForbidden && !isOfElement(error)) throw error;
  }
  state.commit({ approvals: ids.map((id) => [id, undefined] as const) });
}
