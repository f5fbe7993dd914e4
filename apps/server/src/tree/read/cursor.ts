import { HoldfastError } from "@holdfast/core/errors";
import type { z } from "zod";

/** Values stay correct when rows change, unlike a count. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @throws HoldfastError bad_request if the cursor is not from this list */
export function decodeCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string,
  field = "cursor",
): z.output<Schema> {
  const refused = (cause?: unknown) =>
    new HoldfastError("bad_request", "The cursor is not from this list. Start without it.", { field, cause });
  let position: unknown;
  try {
    position = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (cause) {
    throw refused(cause);
  }
  const parsed = schema.safeParse(position);
  if (!parsed.success) throw refused(parsed.error);
  return parsed.data;
}
