import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { sql } from "kysely";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { checkPath } from "./reach.ts";
import { claimName } from "./claim-name.ts";
import { newNode } from "./new-node.ts";
import type { OperationOf } from "./operation-of.ts";
import { findNode, findPlace } from "./place.ts";
import type { Applied, Scope, Step, Work } from "./work.ts";
import { record } from "./record.ts";

/** @throws HoldfastError conflict if another mount shows the folder already */
export async function applyMount(work: Work, step: Step<OperationOf<"mount">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  await requireOnce(work, operation);
  const place = await findPlace(work, step, scope, operation.place);
  const name = await claimName(work, step, scope, place, { kind: "mount" });
  await checkPath(work, { parent: place.parent, name });
  const { target, targetSpace } = operation;
  const node = { parent: place.parent, name, kind: "mount" as const, target, targetSpace };
  const row = record(work, step, await newNode(work, step, node), { kind: "appeared" });
  return { nodeId: row.id, created: true };
}

/** Index: nodes_mounts. */
async function requireOnce({ reader, space, tree }: Work, operation: OperationOf<"mount">): Promise<void> {
  const { rows } = await sql<Pick<NodeRow, "id" | "target">>`
    select id, target from shard.nodes where space_id = ${space.id} and kind = 'mount'`.execute(reader);
  const same = rows.find(({ id, target }) => target === operation.target && tree.known(id)?.purged_at == null);
  if (same !== undefined) {
    throw new HoldfastError("conflict", "This folder is already mounted.", { field: "node_id" });
  }
  if (rows.length < limits.mountsMax) return;
  throw new HoldfastError("invalid_field", `An account has at most ${limits.mountsMax} mounts.`, { field: "node_id" });
}

export async function applyTouch(work: Work, step: Step<OperationOf<"touch">>, scope: Scope): Promise<Applied> {
  const { row } = await findNode(work, step, scope, step.operation.fileId, "file_id");
  const kind = step.operation.appeared === true ? "appeared" : "changed";
  return { nodeId: record(work, step, row, { kind }).id, created: false };
}
