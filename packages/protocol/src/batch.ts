import { z } from "zod";
import { limits } from "@holdfast/core/limits";
import {
  hashHex,
  idText,
  manifestEntries,
  newId,
  nodeName,
  onConflict,
  operationId,
  pathText,
  seenFields,
  sizeBytes,
  splices,
  timeText,
} from "./values.ts";

/** An operation of POST /sync/delta. A place is `parent_id` and `name`, or `path`. A node is `file_id`, or `path`. */
const every = {
  operation_id: operationId,
  group: z.string().min(1).max(64).optional().describe("operations of one group are committed or fail together"),
  on_conflict: onConflict.optional(),
  revive: z.boolean().optional(),
  approved: z
    .boolean()
    .optional()
    .describe(
      "a person confirmed this on the device, so it does not count toward the device's limits; not part of the operation's identity",
    ),
};
const place = { parent_id: idText.optional(), name: nodeName.optional(), path: pathText.optional() };
const attributes = {
  modified_at: timeText.optional(),
  executable: z.boolean().optional(),
  private: z.boolean().optional(),
};

export const batchOperation = z.discriminatedUnion("op", [
  z.object({ op: z.literal("mkdir"), ...every, ...place, ...attributes, id: newId.optional() }),
  z.object({
    op: z.literal("put"),
    ...every,
    ...place,
    ...attributes,
    id: newId.optional(),
    file_id: idText.optional(),
    ...seenFields,
    size: sizeBytes,
    content_id: hashHex.optional(),
    blocks: manifestEntries.optional(),
    splices: splices.optional(),
    source_version: idText
      .optional()
      .describe("version that the splices refer to, of any file that the caller may read; default base_version"),
  }),
  z.object({
    op: z.literal("symlink"),
    ...every,
    ...place,
    ...attributes,
    id: newId.optional(),
    target: z.string().min(1).max(limits.symlinkTargetBytesMax),
  }),
  z.object({
    op: z.literal("move"),
    ...every,
    ...place,
    file_id: idText,
    ...seenFields,
  }),
  z.object({ op: z.literal("copy"), ...every, ...place, file_id: idText, ...seenFields }),
  z.object({
    op: z.literal("set"),
    ...every,
    ...attributes,
    file_id: idText,
    ...seenFields,
  }),
  z.object({
    op: z.literal("delete"),
    ...every,
    file_id: idText,
    ...seenFields,
    seen: z.int().min(0).optional(),
  }),
  z.object({
    op: z.literal("restore"),
    ...every,
    file_id: idText,
    ...seenFields,
    parent_id: idText.optional(),
    name: nodeName.optional(),
  }),
  z
    .object({ op: z.literal("approve"), ...every, file_id: idText, seen: z.int().min(0).optional() })
    .describe(
      "for an item in the trash, or purged by the journal entry `seen`: a person confirmed the deletion on one device, so that no other device asks again",
    ),
]);
export type BatchOperation = z.output<typeof batchOperation>;
export type BatchOperationInput = z.input<typeof batchOperation>;
