import { createHash } from "node:crypto";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { parseTime } from "@holdfast/core/times";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Actor } from "../../tree/actor.ts";
import type { Attributes, OperationBase, Place, Seen } from "../../tree/commit/operation.ts";

/**
 * Returns the entity tag of a node that is read: its revision and a hash of the caller's view. Role and parent differ
 * by caller, and a path changes with each folder above. The revision alone suffices for an owner's unshared node
 * without a star if nothing above changed since.
 * @param placedSeq latest change of the node and its ancestors, if known
 */
export function viewTag({ userId }: Pick<Actor, "userId">, node: NodeJson, placedSeq?: number): { etag: string } {
  const isPlain = node.role === "owner" && !node.shared && node.starred !== true;
  if (isPlain && placedSeq === node.seq) return revisionTag(node);
  const view = createHash("sha256")
    .update(`${userId}\0${JSON.stringify(node)}`)
    .digest("hex");
  return { etag: `"${node.revision}-${view.slice(0, 16)}"` };
}

/** For the response to a change, which no cache keeps. */
export function revisionTag(node: NodeJson): { etag: string } {
  return { etag: `"${node.revision}"` };
}

export function baseOf(
  conditions: Pick<OperationBase, "ifMatch" | "ifNoneMatch" | "operationId" | "requestHash">,
  body: { on_conflict?: OperationBase["onConflict"] | undefined },
): OperationBase {
  return { ...conditions, ...(body.on_conflict === undefined ? {} : { onConflict: body.on_conflict }) };
}

export function seenOf(fields: {
  base_version?: number | string | undefined;
  base_revision?: string | undefined;
}): Seen {
  const { base_version: version, base_revision: revision } = fields;
  return {
    ...(version === undefined ? {} : { baseVersion: typeof version === "string" ? versionOf(version) : version }),
    ...(revision === undefined ? {} : { baseRevision: revision }),
  };
}

/** A call for several nodes would ignore these conditions. @throws HoldfastError bad_request */
export function refuseConditions({ ifMatch, ifNoneMatch }: Pick<OperationBase, "ifMatch" | "ifNoneMatch">): void {
  if (ifMatch === undefined && ifNoneMatch === undefined) return;
  const field = ifMatch === undefined ? "If-None-Match" : "If-Match";
  const message = `${field} is for a single node, and this request has many. In a batch each operation has its own base_revision.`;
  throw new HoldfastError("bad_request", message, { field });
}

export function placeOf(body: {
  parent_id?: string | undefined;
  name?: string | undefined;
  path?: string | undefined;
}): Place {
  if (body.path !== undefined && (body.parent_id !== undefined || body.name !== undefined)) {
    throw new HoldfastError("invalid_field", "Specify a path, or a parent_id and a name, not both.", { field: "path" });
  }
  return {
    ...(body.parent_id === undefined ? {} : { parentId: body.parent_id }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.path === undefined ? {} : { path: body.path }),
  };
}

export function attributesOf(body: {
  modified_at?: string | undefined;
  executable?: boolean | undefined;
  private?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
}): Attributes {
  return {
    ...(body.modified_at === undefined ? {} : { modifiedAtMicros: parseTime(body.modified_at) }),
    ...(body.executable === undefined ? {} : { executable: body.executable }),
    ...(body.private === undefined ? {} : { private: body.private }),
    ...(body.metadata === undefined ? {} : { metadata: checkMetadata(body.metadata) }),
  };
}

/** Digits are a number, other text is an id. */
export function versionOf(text: string): number | string {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function checkMetadata(metadata: Record<string, unknown>): Record<string, unknown> {
  const sizeBytes = Buffer.byteLength(JSON.stringify(metadata));
  if (sizeBytes <= limits.metadataBytesMax) return metadata;
  throw new HoldfastError("invalid_field", `The metadata has more than ${limits.metadataBytesMax} bytes.`, {
    field: "metadata",
  });
}
