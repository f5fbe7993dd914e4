import type { RemoteOperation } from "./plan-types.ts";

/** Another base, place or content makes another operation. */
export function digestOf(operation: RemoteOperation): string {
  const place = "place" in operation ? [operation.place.parent, operation.place.name] : [];
  const base = "base" in operation ? operation.base.revision : "";
  const content = "local" in operation ? operation.local.content : "";
  const seen = operation.op === "delete" ? operation.seen : undefined;
  return JSON.stringify([operation.op, ...place, base, content, operation.group === undefined ? "" : "group", seen]);
}
