import { HoldfastError } from "@holdfast/core/errors";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { baseRefusal } from "../../tree/commit/base.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import type { RightsChange } from "./change-rights.ts";

/** If-Match of a request: revisions of the node whose rights change. */
export type IfMatch = readonly string[] | "*" | undefined;

/**
 * Checks under the lock, because the node may have changed since the lookup. Index: primary key.
 * @throws HoldfastError precondition
 */
export async function assertUnchanged(
  { transaction }: Pick<RightsChange, "transaction">,
  { row, ...place }: PlacedNode,
  ifMatch: IfMatch,
): Promise<void> {
  if (ifMatch === undefined) return;
  const { rows } = await sql<NodeRow>`
    select * from shard.nodes where space_id = ${row.space_id} and id = ${row.id}`.execute(transaction);
  assertMatches({ ...place, row: { ...row, ...rows[0] } }, ifMatch);
}

/** @throws HoldfastError precondition, with the node */
export function assertMatches(node: PlacedNode, ifMatch: IfMatch): void {
  const refusal = baseRefusal(node.row, ifMatch === undefined ? {} : { ifMatch });
  if (refusal === undefined) return;
  throw new HoldfastError(refusal.code, refusal.message, { body: { node: nodeJson(node) } });
}
