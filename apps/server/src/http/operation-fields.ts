import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { parseTime } from "@holdfast/core/times";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Attributes, OperationBase, Place } from "../metadata/operation.ts";

export function revisionTag(node: NodeJson): { etag: string } {
  return { etag: `"${node.revision}"` };
}

export function baseOf(
  conditions: Pick<OperationBase, "ifMatch" | "ifNoneMatch" | "operationId" | "requestHash">,
  body: { on_conflict?: OperationBase["onConflict"] | undefined },
): OperationBase {
  return { ...conditions, ...(body.on_conflict === undefined ? {} : { onConflict: body.on_conflict }) };
}

export function placeOf(body: {
  parent_id?: string | undefined;
  name?: string | undefined;
  path?: string | undefined;
}): Place {
  if (body.path !== undefined && (body.parent_id !== undefined || body.name !== undefined)) {
    throw new HoldfastError("invalid_field", "Say a path, or a parent_id and a name, not both.", { field: "path" });
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
  metadata?: Record<string, unknown> | undefined;
}): Attributes {
  return {
    ...(body.modified_at === undefined ? {} : { modifiedAtMicros: parseTime(body.modified_at) }),
    ...(body.executable === undefined ? {} : { executable: body.executable }),
    ...(body.metadata === undefined ? {} : { metadata: checkMetadata(body.metadata) }),
  };
}

/** In a query a version is text: digits are a number, anything else is an id. */
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
