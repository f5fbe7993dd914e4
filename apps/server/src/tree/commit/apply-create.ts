import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { nameKey } from "@holdfast/core/names";
import { claimName } from "./claim-name.ts";
import { isStorable, newNode } from "./new-node.ts";
import type { OperationOf } from "./operation-of.ts";
import { findPlace } from "./place.ts";
import { answered, placed, requireLinkMaker } from "./rights.ts";
import { checkPath } from "./reach.ts";
import type { Applied, Scope, Step, Work } from "./work.ts";
import { record } from "./record.ts";

/** With `on_conflict=replace` an existing folder is returned unchanged. */
export async function applyMkdir(work: Work, step: Step<OperationOf<"mkdir">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  requireExisting(operation);
  const target = await findPlace(work, step, scope, operation.place);
  if (operation.onConflict === "replace" && operation.ifNoneMatch !== true) {
    const existing = await work.tree.child(target.parent.id, nameKey(target.name));
    const isSeen = existing !== undefined && (await placed(work, step, existing)) !== undefined;
    if (isSeen && existing.kind === "folder") return { nodeId: existing.id, created: false };
  }
  const name = await claimName(work, step, scope, target, { kind: "folder" });
  await checkPath(work, { parent: target.parent, name });
  const node = { id: operation.id, parent: target.parent, name, kind: "folder" as const, attributes: operation };
  const row = record(work, step, await newNode(work, step, node));
  return { nodeId: row.id, created: true, ...(await answered(work, step, target)) };
}

export async function applySymlink(work: Work, step: Step<OperationOf<"symlink">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  requireExisting(operation);
  checkTarget(operation.target);
  const place = await findPlace(work, step, scope, operation.place);
  await requireLinkMaker(work, step, place.parent);
  const name = await claimName(work, step, scope, place, { kind: "symlink" });
  await checkPath(work, { parent: place.parent, name });
  const { id, target } = operation;
  const node = { id, parent: place.parent, name, kind: "symlink" as const, target, attributes: operation };
  const row = record(work, step, await newNode(work, step, node));
  return { nodeId: row.id, created: true, ...(await answered(work, step, place)) };
}

/** @throws HoldfastError precondition, because If-Match requires an existing node */
export function requireExisting({ ifMatch }: { readonly ifMatch?: unknown }): void {
  if (ifMatch === undefined) return;
  throw new HoldfastError("precondition", "If-Match requires an existing node, but there is none.");
}

function checkTarget(target: string): void {
  const bytes = Buffer.byteLength(target);
  if (bytes > 0 && bytes <= limits.symlinkTargetBytesMax && isStorable(target)) return;
  const message = `The target of a symbolic link has 1 to ${limits.symlinkTargetBytesMax} bytes of valid text.`;
  throw new HoldfastError("invalid_field", message, { field: "target" });
}
