import { HoldfastError } from "@holdfast/core/errors";
import { bucketOf, isId, type NodeId, type SpaceId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { shown } from "./rights.ts";
import type { Attributes } from "./operation.ts";
import { newId, type Step, type Work } from "./work.ts";
import { record } from "./record.ts";

export interface NewNode {
  readonly id?: NodeId | undefined;
  readonly parent: NodeRow;
  readonly name: string;
  readonly kind: NodeRow["kind"];
  readonly target?: string;
  readonly targetSpace?: SpaceId;
  readonly attributes?: Attributes;
}

export async function newNode(work: Work, step: Step, node: NewNode): Promise<NodeRow> {
  if (node.id !== undefined) await requireFreeId(work, step, node.id);
  const file = node.kind === "file";
  return {
    space_id: work.space.id,
    id: node.id ?? newId<NodeId>(work),
    parent_id: node.parent.id,
    name: node.name,
    name_key: nameKey(node.name),
    kind: node.kind,
    target: node.target ?? null,
    head_version: null,
    version_number: file ? 0 : null,
    content_id: null,
    size: 0,
    ...attributesOf(node.attributes ?? {}, {
      modified_at: work.nowMicros,
      executable: false,
      private: false,
      metadata: null,
      editors_can_share: true,
    }),
    weight: 0,
    names_below: 0,
    bytes_below: 0,
    revision: "",
    seq: 0,
    trashed_at: null,
    purged_at: null,
    device_id: step.caller.deviceId,
    operation_id: step.operation.operationId ?? null,
    created_at: work.nowMicros,
    updated_at: work.nowMicros,
    shared: false,
    target_space: node.targetSpace ?? null,
  };
}

/** The name must be free. */
export async function makeFolder(
  work: Work,
  step: Step,
  parent: NodeRow,
  name: string,
  attributes: Attributes = {},
): Promise<NodeRow> {
  return record(work, step, await newNode(work, step, { parent, name, kind: "folder", attributes }));
}

type AttributeColumns = Pick<NodeRow, "modified_at" | "executable" | "private" | "metadata" | "editors_can_share">;

/** @throws HoldfastError invalid_field */
export function attributesOf(attributes: Attributes, current: AttributeColumns): AttributeColumns {
  const { metadata } = attributes;
  if (metadata !== undefined && !isStorable(metadata)) {
    const message = "Metadata cannot contain a NUL character or invalid Unicode.";
    throw new HoldfastError("invalid_field", message, { field: "metadata" });
  }
  if (metadata !== undefined && Buffer.byteLength(JSON.stringify(metadata)) > limits.metadataBytesMax) {
    const message = `Metadata has at most ${limits.metadataBytesMax} bytes as JSON.`;
    throw new HoldfastError("invalid_field", message, { field: "metadata" });
  }
  return {
    modified_at: attributes.modifiedAtMicros ?? current.modified_at,
    executable: attributes.executable ?? current.executable,
    private: attributes.private ?? current.private,
    metadata: metadata ?? current.metadata,
    editors_can_share: attributes.editorsCanShare ?? current.editors_can_share,
  };
}

export function sameAttributes(left: AttributeColumns, right: AttributeColumns): boolean {
  return (
    left.modified_at === right.modified_at &&
    left.executable === right.executable &&
    left.private === right.private &&
    left.editors_can_share === right.editors_can_share &&
    (left.metadata === right.metadata || JSON.stringify(left.metadata) === JSON.stringify(right.metadata))
  );
}

/** Returns false for the only Unicode that PostgreSQL's text and jsonb cannot store: NUL and lone surrogates. */
export function isStorable(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed() && !value.includes("\0");
  if (Array.isArray(value)) return value.every(isStorable);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, member]) => isStorable(key) && isStorable(member));
}

/** An id with another bucket would be looked up on another shard. */
async function requireFreeId(work: Work, step: Step, id: NodeId): Promise<void> {
  if (!isId(id) || bucketOf(id) !== bucketOf(work.space.id)) {
    const message = "The ID is not in the owner's bucket; docs/format.md describes how to create one.";
    throw new HoldfastError("invalid_field", message, { field: "id" });
  }
  const taken = await work.tree.node(id);
  if (taken === undefined) return;
  const gone = (await work.tree.standing(taken)).state === "gone";
  const node = gone ? undefined : await shown(work, step, taken);
  throw new HoldfastError("exists", "This ID is in use.", {
    field: "id",
    ...(node === undefined ? {} : { body: { node } }),
  });
}
