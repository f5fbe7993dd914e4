import type { ManifestEntry } from "@holdfast/core/manifest";
import { formatTime, microsOfNanos } from "@holdfast/core/times";
import type { BatchOperationInput } from "@holdfast/protocol/batch";
import { targetOf } from "../model/content.ts";
import type { RemoteOperation } from "../plan/plan-types.ts";
import type { Place, Shares } from "../model/trees.ts";
import { bitOf, privacyOf } from "./responses.ts";
import type { Outgoing, Proposal } from "./proposal.ts";

/** Converts to the batch format of the API. Items in a mount are in the mounted folder on the server. */
export function toWire(
  { operation, operationId, proposal }: Outgoing,
  shares: Shares = new Map(),
): BatchOperationInput {
  const wirePlace = ({ parent, name }: Place): { parent_id: string; name: string } => {
    return { parent_id: shares.get(parent)?.target ?? parent, name };
  };
  const { id, group } = operation;
  const base = { operation_id: operationId, ...(group === undefined ? {} : { group }) };
  switch (operation.op) {
    case "mkdir":
      return { ...base, op: "mkdir", id, ...wirePlace(operation.place), ...wireMode(operation) };
    case "symlink":
      return { ...base, op: "symlink", id, ...wirePlace(operation.place), target: targetOf(operation.content) };
    case "create":
      return { ...base, op: "put", id, ...wirePlace(operation.place), ...wireContent(operation, proposal) };
    case "put": {
      const placed = operation.revive === undefined ? {} : { ...wirePlace(operation.revive), revive: true };
      const version = operation.base.versionId === null ? {} : { base_version: operation.base.versionId };
      return { ...base, op: "put", file_id: id, ...version, ...placed, ...wireContent(operation, proposal) };
    }
    case "move": {
      // A trashed node has another revision since its deletion.
      const revision = operation.revive ? { revive: true } : { base_revision: operation.base.revision };
      return { ...base, op: "move", file_id: id, ...wirePlace(operation.place), ...revision };
    }
    case "set":
      return { ...base, op: "set", file_id: id, ...wireMode(operation), base_revision: operation.base.revision };
    case "delete": {
      const seen = operation.seen === undefined ? {} : { seen: operation.seen };
      return { ...base, op: "delete", file_id: id, base_revision: operation.base.revision, ...seen };
    }
    default:
      return operation satisfies never;
  }
}

function wireContent(operation: RemoteOperation & { op: "create" | "put" }, proposal: Proposal | undefined) {
  const { local } = operation;
  const list =
    proposal?.splices === undefined
      ? { blocks: proposal?.blocks.map(toEntry) ?? [] }
      : {
          splices: proposal.splices.map(({ at, remove, insert }) => ({ at, remove, insert: insert.map(toEntry) })),
          ...(proposal.sourceVersionId === undefined ? {} : { source_version: proposal.sourceVersionId }),
        };
  return {
    size: local.fingerprint.sizeBytes,
    content_id: local.content,
    ...list,
    modified_at: wireTime(local.fingerprint.mtimeNs),
    ...wireMode(operation),
  };
}

/** New files and folders are public by default. */
function wireMode(operation: RemoteOperation): { executable?: boolean; private?: boolean } {
  const [executable, isPrivate] = [bitOf(operation), privacyOf(operation)];
  const isUsual = isPrivate === false && (operation.op === "create" || operation.op === "mkdir");
  return {
    ...(executable === undefined ? {} : { executable }),
    ...(isPrivate === undefined || isUsual ? {} : { private: isPrivate }),
  };
}

function toEntry({ hash, size }: ManifestEntry): { hash: string; size: number } {
  return { hash, size };
}

/** A time that the server cannot store would make it reject the whole request. */
export function wireTime(timeNs: bigint): string {
  return formatTime(microsOfNanos(timeNs));
}
