import { hash as digestOf } from "node:crypto";
import type { CodecPool } from "@holdfast/codec/pool";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex, NodeId } from "@holdfast/core/ids";
import { applySplices, type ManifestEntry, sizeOf } from "@holdfast/core/manifest";
import type { BatchOperation } from "@holdfast/protocol/batch";
import { batchContentType, readBatchBody } from "@holdfast/protocol/frames";
import { routes } from "@holdfast/protocol/routes";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { LeaveOut } from "../../packs/write/parcel.ts";
import { passingSlices } from "../../packs/format/freed-bytes.ts";
import type { NodeRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { Actor } from "../../tree/actor.ts";
import { type Settled, settleSpaces } from "../../tree/commit/settle-spaces.ts";
import { assertBatchRoom } from "../../tree/commit/batch-room.ts";
import { blockSizes } from "../../tree/content/block-sizes.ts";
import { findKnownBlocks } from "../../tree/read/known-blocks.ts";
import { actIn, findNode } from "../../tree/read/look-up.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { findVersion, readManifest } from "../../tree/content/manifests.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import type { Content, Operation, OperationResult } from "../../tree/commit/operation.ts";
import { quotaExplainer } from "../../tree/read/explain-quota.ts";
import type { Handlers } from "../exchange/handler.ts";
import { validate } from "../exchange/json-body.ts";
import { attributesOf, baseOf, placeOf, refuseConditions, seenOf } from "../files/operation-fields.ts";
import { storeFrames } from "../blocks/store-frames.ts";
import { noteOfBatch } from "./note-batch.ts";

interface SyncParts {
  readonly shards: Shards;
  readonly committer: Committer;
  readonly blocks: BlockService;
  readonly codec: CodecPool;
}

export function syncHandlers({ shards, committer, blocks, codec }: SyncParts) {
  return {
    syncDelta: async (context) => {
      const { caller, headers, contentLengthBytes, readJson, conditions } = context;
      const { admitJson, releaseJson, charge, note } = context;
      refuseConditions(conditions());
      const schema = routes.syncDelta.body;
      const refused = new Map<HashHex, HoldfastError>();
      let body;
      let operations;
      if (isBatch(headers["content-type"])) {
        const room = blocks.room(contentLengthBytes);
        const { json, frames } = await readBatchBody(passingSlices(context.stream), { place: room.place, admitJson });
        body = validate(schema, json, "body");
        // The client may send frames slowly, while other bodies wait for this memory.
        releaseJson();
        await charge("operations", body.operations.length);
        const leaveOut: LeaveOut = (hash, refusal) => void refused.set(hash, refusal);
        operations = body.operations.map(toOperation);
        // Settled only for the blocks. Rights and mounts may change while frames arrive, so the commit resolves them
        // again.
        const settled = await settleSpaces(shards, caller, operations);
        await assertBatchRoom(shards, settled);
        const target = framesTarget(caller, body.operations, settled);
        await storeFrames({ blocks, codec }, { ...target, room, leaveOut }, frames);
      } else {
        body = await readJson(schema);
        await charge("operations", body.operations.length);
        operations = body.operations.map(toOperation);
      }
      note(noteOfBatch(body.operations));
      const { epoch } = body;
      const outcome = await committer.commit(caller, operations, epoch === undefined ? {} : { epoch });
      const explain = quotaExplainer(shards, caller);
      const results = [];
      for (const [index, each] of outcome.results.entries()) {
        const result = refusedResult(each, refused);
        const explained = "error" in result ? { ...result, error: await explain(result.error) } : result;
        results.push(resultJson(body.operations[index]?.operation_id ?? "", explained));
      }
      note(noteOfBatch(body.operations, results));
      return { status: 200, json: { results, seq: outcome.seq, epoch: outcome.epoch } };
    },
    syncFile: async ({ caller, params, body, conditions, charge }) => {
      const file = await findNode(shards, caller, params.id);
      const base = await namedVersion(file.row, String(body.current_version));
      const asked = baseOf(conditions(), {});
      const isHead = base !== undefined && base.id === file.row.head_version;
      // A repeated request finds the version that it created itself. Only the commit can find out.
      if (base === undefined || (!isHead && asked.operationId === undefined)) throw moved(file);
      const content = await offeredContent(await actIn(shards, caller, file), base, body);
      if ("missing" in content) {
        if (!isHead) throw moved(file);
        return { status: 200, json: { status: "ok", missing_blocks: content.missing } };
      }
      await charge("uploads", 1);
      const { results } = await committer.commit(caller, [
        { ...asked, ...attributesOf(body), op: "put", fileId: file.row.id, baseVersion: base.id, content },
      ]);
      const result = results[0];
      if (result?.status === "missing")
        return { status: 200, json: { status: "ok", missing_blocks: [...result.missingBlocks] } };
      if (result?.status !== "committed")
        throw result?.error ?? new HoldfastError("internal", "A commit returned nothing.");
      const { node } = result;
      return {
        status: 200,
        json: { status: "ok", missing_blocks: [], ...(node?.version == null ? {} : { version: node.version, node }) },
      };
    },
  } satisfies Handlers;

  /**
   * A block goes to the space of the first operation that names it. Operations in other spaces report it as missing,
   * and the client sends it again.
   */
  function framesTarget(caller: Caller, operations: readonly BatchOperation[], settled: readonly Settled<Operation>[]) {
    const actors = new Map<string, Actor>();
    const named = new Map<Actor, string[]>();
    for (const [index, { actor }] of settled.entries()) {
      const operation = operations[index];
      if (operation?.op !== "put") continue;
      for (const hash of hashesOf(operation)) if (!actors.has(hash)) actors.set(hash, actor);
      const versions = [operation.base_version, operation.source_version].filter((id) => typeof id === "string");
      named.set(actor, [...(named.get(actor) ?? []), ...versions]);
    }
    return {
      actorOf: (hash: HashHex) => actors.get(hash) ?? caller,
      mayUse: async (actor: Actor, base: HashHex) =>
        (await findKnownBlocks(shards, actor, [base], named.get(actor))).has(base),
    };
  }

  /** @throws HoldfastError invalid_field if the node is not a file */
  async function namedVersion(row: NodeRow, version: string): Promise<VersionRow | undefined> {
    try {
      return await findVersion(shards, row, version);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "not_found") return undefined;
      throw error;
    }
  }

  /** Bytes of the base after the splices. */
  async function splicedSize(base: VersionRow, splices: NonNullable<Content["splices"]>): Promise<number> {
    return sizeOf(applySplices(await readManifest(shards.ofId(base.space_id), base), splices));
  }

  /** Looks up the sizes of bare hashes in the space. Unknown hashes are missing. */
  async function offeredContent(
    actor: Actor,
    base: VersionRow,
    body: {
      new_block_hashes?: (ManifestEntry | HashHex)[] | undefined;
      splices?: Content["splices"] | undefined;
      size?: number | undefined;
      content_id?: HashHex | undefined;
    },
  ): Promise<Content | { missing: HashHex[] }> {
    const contentId = body.content_id === undefined ? {} : { contentId: body.content_id };
    if (body.splices !== undefined) {
      const sizeBytes = body.size ?? (await splicedSize(base, body.splices));
      return { sizeBytes, splices: body.splices, ...contentId };
    }
    if (body.new_block_hashes === undefined) {
      throw new HoldfastError("invalid_field", "Specify the new version's blocks: new_block_hashes or splices.", {
        field: "new_block_hashes",
      });
    }
    const bare = body.new_block_hashes.filter((entry) => typeof entry === "string");
    const known = await findKnownBlocks(shards, actor, bare, [base.id]);
    const sizes = await blockSizes(shards, base.space_id, [...known]);
    const missing = [...new Set(bare.filter((hash) => !sizes.has(hash)))];
    if (missing.length > 0) return { missing };
    const entries = body.new_block_hashes.map((entry) =>
      typeof entry === "string" ? { hash: entry, size: sizes.get(entry) ?? 0 } : entry,
    );
    const sizeBytes = entries.reduce((sum, entry) => sum + entry.size, 0);
    if (body.size !== undefined && body.size !== sizeBytes) {
      throw new HoldfastError("invalid_field", `The blocks have ${sizeBytes} bytes, not ${body.size}.`, {
        field: "size",
      });
    }
    return { sizeBytes, blocks: entries, ...contentId };
  }
}

function moved(node: PlacedNode): HoldfastError {
  return new HoldfastError("conflict", "The file has changed since. Read the current node, then decide.", {
    body: { node: nodeJson(node) },
  });
}

function isBatch(contentType: string | undefined): boolean {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() === batchContentType;
}

function hashesOf({ blocks = [], splices = [] }: Extract<BatchOperation, { op: "put" }>): string[] {
  return [...blocks, ...splices.flatMap(({ insert }) => insert)].map(({ hash }) => hash);
}

/** The schema's output has the schema's key order, so equal requests have equal text. */
function toOperation(operation: BatchOperation): Operation {
  // A repeated operation has the same hash, even without the earlier approval.
  const { operation_id, approved, ...asked } = operation;
  const base = {
    operationId: Buffer.from(operation_id, "hex"),
    requestHash: digestOf("sha256", JSON.stringify(asked), "buffer"),
    ...(operation.group === undefined ? {} : { group: operation.group }),
    ...(operation.revive === undefined ? {} : { revive: operation.revive }),
    ...(approved === undefined ? {} : { approved }),
    ...baseOf({}, operation),
  };
  switch (operation.op) {
    case "mkdir":
      return { ...base, ...attributesOf(operation), ...idOf(operation), op: "mkdir", place: placeOf(operation) };
    case "symlink":
      return {
        ...base,
        ...attributesOf(operation),
        ...idOf(operation),
        op: "symlink",
        place: placeOf(operation),
        target: operation.target,
      };
    case "put": {
      const place = placeOf(operation);
      return {
        ...base,
        ...attributesOf(operation),
        ...idOf(operation),
        op: "put",
        ...(operation.file_id === undefined ? {} : { fileId: operation.file_id }),
        ...(Object.keys(place).length === 0 ? {} : { place }),
        ...seenOf(operation),
        content: contentOf(operation),
      };
    }
    case "move":
      return { ...base, ...seenOf(operation), op: "move", fileId: operation.file_id, place: placeOf(operation) };
    case "copy":
      return { ...base, ...seenOf(operation), op: "copy", fileId: operation.file_id, place: placeOf(operation) };
    case "set":
      return { ...base, ...attributesOf(operation), ...seenOf(operation), op: "set", fileId: operation.file_id };
    case "delete":
      return {
        ...base,
        ...seenOf(operation),
        op: "delete",
        fileId: operation.file_id,
        ...(operation.seen === undefined ? {} : { seen: operation.seen }),
      };
    case "approve":
      return {
        ...base,
        op: "approve",
        fileId: operation.file_id,
        ...(operation.seen === undefined ? {} : { seen: operation.seen }),
      };
    case "restore": {
      const place = placeOf(operation);
      return {
        ...base,
        ...seenOf(operation),
        op: "restore",
        fileId: operation.file_id,
        ...(Object.keys(place).length === 0 ? {} : { place }),
      };
    }
    default:
      return operation satisfies never;
  }
}

function contentOf(operation: Extract<BatchOperation, { op: "put" }>): Content {
  const { size: sizeBytes, content_id, blocks, splices, source_version } = operation;
  const contentId = content_id === undefined ? {} : { contentId: content_id };
  const sourceVersion = source_version === undefined ? {} : { sourceVersion: source_version };
  if (splices !== undefined) return { sizeBytes, splices, ...sourceVersion, ...contentId };
  return { sizeBytes, blocks: blocks ?? [], ...sourceVersion, ...contentId };
}

function idOf({ id }: { id?: string | undefined }): { id?: NodeId } {
  return id === undefined ? {} : { id: id as NodeId };
}

/** A rejected block would be rejected again, so an operation that misses it has failed. */
function refusedResult(result: OperationResult, refused: ReadonlyMap<HashHex, HoldfastError>): OperationResult {
  if (result.status !== "missing") return result;
  const error = result.missingBlocks.map((hash) => refused.get(hash)).find((each) => each !== undefined);
  return error === undefined ? result : { status: "error", error };
}

function resultJson(operationId: string, result: OperationResult) {
  if (result.status === "committed") {
    return {
      operation_id: operationId,
      status: result.status,
      ...(result.node === undefined ? {} : { node: result.node }),
    };
  }
  if (result.status === "missing") {
    return { operation_id: operationId, status: result.status, missing_blocks: [...result.missingBlocks] };
  }
  const { code, message, field, body } = result.error;
  return {
    operation_id: operationId,
    status: result.status,
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...("node" in body
      ? { node: body["node"] as NonNullable<Extract<OperationResult, { status: "committed" }>["node"]> }
      : {}),
  };
}
